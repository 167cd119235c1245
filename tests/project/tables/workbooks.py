"""Workbooks as people and attackers make them."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, time
from io import BytesIO
from typing import TypeAlias
from zipfile import ZIP_DEFLATED, ZipFile

from openpyxl import Workbook

Cell: TypeAlias = str | int | float | bool | date | datetime | time | None

ROWS: Sequence[Sequence[Cell]] = [["row", "when x", "then route"], ["R1", "a", "p"], ["R2", "-", "q"]]


def workbook(**sheets: Sequence[Sequence[Cell]]) -> bytes:
    book = Workbook()
    book.remove(book[book.sheetnames[0]])
    for title, rows in sheets.items():
        sheet = book.create_sheet(title)
        for row in rows:
            sheet.append(row)
    content = BytesIO()
    book.save(content)
    return content.getvalue()


def parts_of(content: bytes) -> dict[str, bytes]:
    with ZipFile(BytesIO(content)) as package:
        return {name: package.read(name) for name in package.namelist()}


def packed(parts: Mapping[str, bytes]) -> bytes:
    content = BytesIO()
    with ZipFile(content, "w", ZIP_DEFLATED) as package:
        for name, part in parts.items():
            package.writestr(name, part)
    return content.getvalue()


def with_part(name: str, part: bytes, *, of: bytes | None = None) -> bytes:
    return packed({**parts_of(of or workbook(Rows=ROWS)), name: part})


def with_rows(xml: str) -> bytes:
    """A workbook whose sheet of rows holds this XML."""
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    sheet = f'<worksheet xmlns="{main}"><sheetData>{xml}</sheetData></worksheet>'
    return with_part("xl/worksheets/sheet1.xml", sheet.encode())
