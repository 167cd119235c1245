"""Decision tables in XLSX: one sheet a part, the same headers and cells as in Markdown, lists to choose from."""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from io import BytesIO
from typing import Any
from zipfile import BadZipFile, ZipFile

from openpyxl import Workbook, load_workbook
from openpyxl.cell.cell import Cell
from openpyxl.styles import Alignment, Font
from openpyxl.utils import get_column_letter
from openpyxl.utils.escape import unescape
from openpyxl.worksheet.worksheet import Worksheet

from xconnector.domain.decision.values import spelled_number
from xconnector.project.findings import Finding
from xconnector.project.tables.written import Grid, Line, Part, Setting, WrittenTable

_SHEETS: Mapping[Part, str] = {
    Part.ROWS: "Rows",
    Part.INPUTS: "Inputs",
    Part.OUTPUTS: "Outputs",
    Part.TESTS: "Tests",
}
_SETTINGS = "Table"
_ABOUT = "about"
_MOST_UNPACKED = 20_000_000
_WIDEST = 60
_TEXT = "@"
# Spreadsheets read _x000A_ as the sign of that number; an underscore before such text is escaped itself.
_LIKE_ESCAPED = re.compile(r"_(?=x[0-9A-Fa-f]{4}_)")


def read_xlsx(name: str, file: str, content: bytes) -> tuple[WrittenTable | None, list[Finding]]:
    """Return what the workbook says, or None with everything that is wrong with its layout."""
    try:
        _refuse_bomb(content)
        book = load_workbook(BytesIO(content))
    except (BadZipFile, KeyError, ValueError, OSError) as wrong:
        return None, [_finding(file, f"this is no workbook: {type(wrong).__name__}", "save it as .xlsx")]
    findings = [_finding(file, f"cell {place} is a formula", "write the value itself") for place in _formulas(book)]
    grids = {part: _grid(book[title]) for part, title in _SHEETS.items() if title in book.sheetnames}
    if Part.ROWS not in grids:
        findings.append(_finding(file, "there is no sheet `Rows`", "name the sheet with the rows so"))
    if findings:
        return None, findings
    said = {line.cells[0]: line for line in _grid(book[_SETTINGS]).lines} if _SETTINGS in book.sheetnames else {}
    settings = {key: Setting(number=line.number, text=line.cells[1]) for key, line in said.items() if key != _ABOUT}
    about = said[_ABOUT].cells[1] if _ABOUT in said else ""
    return WrittenTable(name=name, file=file, about=about, settings=settings, grids=grids), []


def write_xlsx(written: WrittenTable) -> bytes:
    """Return the workbook's content; `read_xlsx` reads it as the same table."""
    book = Workbook()
    book.remove(book[book.sheetnames[0]])
    for part, title in _SHEETS.items():
        if part in written.grids:
            grid = written.grids[part]
            _fill(book.create_sheet(title), [grid.header.cells, *(line.cells for line in grid.lines)])
    settings = [[name, setting.text] for name, setting in written.settings.items()]
    if written.about:
        settings.append([_ABOUT, written.about])
    if settings:
        _fill(book.create_sheet(_SETTINGS), [["setting", "value"], *settings])
    content = BytesIO()
    book.save(content)
    return content.getvalue()


def _refuse_bomb(content: bytes) -> None:
    with ZipFile(BytesIO(content)) as packed:
        if sum(one.file_size for one in packed.infolist()) > _MOST_UNPACKED:
            raise ValueError("the workbook is too large")


def _formulas(book: Workbook) -> Iterator[str]:
    for sheet in book.worksheets:
        for row in sheet.iter_rows():
            yield from (f"{sheet.title}!{cell.coordinate}" for cell in row if cell.data_type == "f")


def _grid(sheet: Worksheet) -> Grid:
    lines = [
        Line(number=number, cells=[_said(value) for value in values])
        for number, values in enumerate(sheet.iter_rows(values_only=True), start=1)
    ]
    width = max((at for line in lines[:1] for at, cell in enumerate(line.cells, start=1) if cell), default=0)
    told = [line for line in lines if any(line.cells)]
    if not told:
        return Grid(header=Line(number=1, cells=()), lines=())
    header, *rows = [Line(number=line.number, cells=_cut(line.cells, width)) for line in told]
    return Grid(header=header, lines=rows)


def _cut(cells: Sequence[str], width: int) -> Sequence[str]:
    """Return the cells below the header; what stands to their right stays, so that it is found to be too much."""
    end = max((at for at, cell in enumerate(cells, start=1) if cell), default=0)
    return cells[: max(width, end)]


def _said(value: Any) -> str:  # noqa: ANN401 - whatever a spreadsheet holds
    """Return a cell's value in the words of the grammar."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime):
        return value.date().isoformat()
    if isinstance(value, (int, float)):
        return spelled_number(Decimal(str(value)))
    return unescape(str(value)).replace("\r\n", "\n").strip()


def _fill(sheet: Worksheet, lines: Sequence[Sequence[str]]) -> None:
    for row, line in enumerate(lines, start=1):
        for column, text in enumerate(line, start=1):
            cell = sheet.cell(row=row, column=column)
            assert isinstance(cell, Cell)
            if text:
                cell.value = _LIKE_ESCAPED.sub("_x005F_", text)
                # Text that begins with = is no formula.
                cell.data_type = "s"
            cell.number_format = _TEXT
            cell.alignment = Alignment(wrap_text=True, vertical="top")
            if row == 1:
                cell.font = Font(bold=True)
    sheet.freeze_panes = "B2"
    for column, cells in enumerate(zip(*lines, strict=True), start=1):
        sheet.column_dimensions[get_column_letter(column)].width = min(_WIDEST, max(map(len, cells)) + 2)


def _finding(file: str, message: str, remedy: str) -> Finding:
    return Finding(file=file, line=1, message=message, remedy=remedy)
