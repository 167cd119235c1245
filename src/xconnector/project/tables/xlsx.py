"""Decision tables in XLSX: one sheet a part, with the same headers and cells as in Markdown.

Settings and prose stand on the sheet `Table`; several lines `about` are read as one text. On the sheet `Choices` stands
what the lists of other sheets offer: it says nothing. Real dates and yes/no values are taken, formulas are not.
"""

import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import datetime, time
from decimal import Decimal
from io import BytesIO
from typing import Any
from zipfile import ZipFile

from openpyxl import Workbook, load_workbook
from openpyxl.utils import get_column_letter
from openpyxl.utils.escape import unescape

from xconnector.domain.decision.values import spelled_number
from xconnector.project.findings import Finding, named_like
from xconnector.project.tables.written import Grid, Line, Part, Setting, WrittenTable, gathered
from xconnector.project.tables.xlsx_hidden import Hidden, hidden_in
from xconnector.project.tables.xlsx_package import LAST_COLUMN, LAST_ROW, WorkbookError, proven_package

SHEETS: Mapping[Part, str] = {
    Part.ROWS: "Rows",
    Part.INPUTS: "Inputs",
    Part.OUTPUTS: "Outputs",
    Part.TESTS: "Tests",
}
"""Name of the sheet of each part."""
TABLE = "Table"
"""The sheet of what is said of the table as a whole."""
CHOICES = "Choices"
"""The sheet of what may be chosen on other sheets."""
SETTINGS_HEADER = ("setting", "value")
ABOUT = "about"
"""The setting that is the prose about the table."""

_READ = (*SHEETS.values(), TABLE)
_MOST_SIGNS = 4_000_000
_MIDNIGHT = time()
_SHOW = "show it, or delete it: what nobody sees does not decide"


def read_xlsx(name: str, file: str, content: bytes) -> tuple[WrittenTable | None, list[Finding]]:
    """Return what the workbook says, or None with everything that is wrong with its layout."""
    try:
        sheets = _sheets(content)
    except WorkbookError as wrong:
        return None, [Finding(file=file, line=1, message=str(wrong), remedy=wrong.remedy)]
    return _Reading(file, sheets).table(name)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sheet:
    """One sheet: its cells, row by row, and what of it nobody sees."""

    rows: Sequence[Sequence[Any]] = ()
    hidden: Hidden = field(default_factory=Hidden)
    is_hidden: bool = False


def _sheets(content: bytes) -> Mapping[str, _Sheet]:
    """Return each sheet by its title.

    Raises WorkbookError.
    """
    package = proven_package(content)
    try:
        with warnings.catch_warnings():
            # What it cannot keep for writing again is of no interest here.
            warnings.simplefilter("ignore")
            with closing(load_workbook(BytesIO(package), read_only=True, keep_links=False)) as book:
                return {title: _sheet(book, title, package) for title in book.sheetnames}
    except Exception as wrong:
        # Parts that do not fit together lead the reader anywhere.
        raise WorkbookError("the workbook's parts do not fit together") from wrong


def _sheet(book: Workbook, title: str, package: bytes) -> _Sheet:
    if title not in _READ:
        return _Sheet()
    sheet: Any = book[title]
    with ZipFile(BytesIO(package)) as parts:
        # Read row by row, a sheet has its cells only; what is hidden stands around them.
        hidden = hidden_in(parts.read(sheet._worksheet_path.lstrip("/")))  # noqa: SLF001 - openpyxl tells it nowhere else
    rows = [*sheet.iter_rows(min_row=1, max_row=LAST_ROW, min_col=1, max_col=LAST_COLUMN)]
    return _Sheet(rows=rows, hidden=hidden, is_hidden=sheet.sheet_state != "visible")


class _Reading:
    def __init__(self, file: str, sheets: Mapping[str, _Sheet]) -> None:
        self._file = file
        self._sheets = sheets
        self._findings: list[Finding] = []
        self._signs = 0

    def table(self, name: str) -> tuple[WrittenTable | None, list[Finding]]:
        for title in self._sheets:
            if title not in {*_READ, CHOICES}:
                self._find(1, f"the sheet {title!r} is unknown", named_like(title, _READ))
        lines = {title: [*self._lines(title)] for title in _READ if title in self._sheets}
        if self._signs > _MOST_SIGNS:
            self._find(1, f"the workbook holds more than {_MOST_SIGNS} signs", "divide it")
        grids = {part: _grid(lines[title]) for part, title in SHEETS.items() if lines.get(title)}
        if Part.ROWS not in grids:
            self._find(1, f"there is no sheet `{SHEETS[Part.ROWS]}` with a header", "name the sheet with the rows so")
        settings, about = self._settings(lines.get(TABLE, []))
        if self._findings:
            return None, self._findings
        return WrittenTable(name=name, file=self._file, about=about, settings=settings, grids=grids), []

    def _find(self, line: int, message: str, remedy: str) -> None:
        self._findings.append(Finding(file=self._file, line=line, message=message, remedy=remedy))

    def _lines(self, title: str) -> Iterator[Line]:
        """Yield the rows of a sheet that say something; those of the prose keep the space around it."""
        sheet = self._sheets[title]
        seen = 0
        for number, row in enumerate(sheet.rows, start=1):
            cells = ["" if cell.value is None else self._said(cell, title) for cell in row]
            said = [cell if title == TABLE else cell.strip() for cell in cells]
            end = max((at for at, cell in enumerate(said, start=1) if cell), default=0)
            seen = max(seen, end)
            if end and number in sheet.hidden.rows:
                self._find(number, f"row {number} of the sheet `{title}` is hidden and decides", _SHOW)
            if end:
                yield Line(number=number, cells=said[:end], sheet=title)
            if self._signs > _MOST_SIGNS:
                return
        for column in range(1, seen + 1):
            if sheet.hidden.has_column(column):
                letter = get_column_letter(column)
                self._find(1, f"column {letter} of the sheet `{title}` is hidden and decides", _SHOW)
        if seen and sheet.is_hidden:
            self._find(1, f"the sheet `{title}` is hidden and decides", _SHOW)

    def _said(self, cell: Any, title: str) -> str:  # noqa: ANN401 - openpyxl's cells have no common type
        """Return a cell's value in the words of the grammar; what has none there is a finding."""
        place = f"cell {title}!{cell.coordinate}"
        if cell.data_type == "f":
            self._find(cell.row, f"{place} is a formula", "write the value itself")
            return ""
        said = None if cell.data_type == "e" else _words_for(cell.value)
        if said is None:
            self._find(cell.row, f"{place} holds a time, an error or no number", "write text, a number or a day")
            return ""
        if cell.font is not None and cell.font.strike:
            self._find(cell.row, f"{place} is struck through and decides", "clear it, or take the line out of its font")
        self._signs += len(said)
        return said

    def _settings(self, lines: Sequence[Line]) -> tuple[Mapping[str, Setting], str]:
        """Return the settings, and the prose."""
        if not lines:
            return {}, ""
        header, *rest = lines
        if tuple(map(str.strip, header.cells)) != SETTINGS_HEADER:
            remedy = f"write {' and '.join(SETTINGS_HEADER)} into its first two cells"
            self._find(header.number, f"the header of the sheet `{TABLE}` is unknown", remedy)
            return {}, ""
        said: list[tuple[str, Setting]] = []
        prose: list[str] = []
        for line in rest:
            name, text, *more = [*line.cells, ""]
            name = name.strip()
            if more[:-1]:
                self._find(
                    line.number, f"row {line.number} of the sheet `{TABLE}` has more than two cells", "clear them"
                )
            elif name == ABOUT:
                prose.append(text)
            else:
                said.append((name, Setting(number=line.number, text=text.strip(), sheet=TABLE)))
        settings, repeated = gathered(self._file, said)
        self._findings += repeated
        return settings, "\n".join(prose).strip()


def _words_for(value: Any) -> str | None:  # noqa: ANN401 - whatever a sheet holds
    match value:
        case bool():
            return "yes" if value else "no"
        case datetime() if value.time() == _MIDNIGHT:
            return value.date().isoformat()
        case int() | float() if abs(value) != float("inf"):
            return spelled_number(Decimal(str(value)))
        case str():
            return unescape(value).replace("\r\n", "\n")
        case _:
            return None


def _grid(lines: Sequence[Line]) -> Grid:
    """Return a part; what stands right of its header stays, so that it is found to be too much."""
    header, *rows = lines
    width = len(header.cells)
    return Grid(
        header=header,
        lines=[replace(row, cells=[*row.cells, *[""] * (width - len(row.cells))]) for row in rows],
    )
