"""Decision tables as workbooks that people can edit: locked headers with help, lists to choose from, real dates."""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from io import BytesIO

from openpyxl import Workbook
from openpyxl.cell.cell import Cell
from openpyxl.comments import Comment
from openpyxl.styles import Alignment, Font, Protection
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.cell_range import MultiCellRange
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.dimensions import ColumnDimension
from openpyxl.worksheet.worksheet import Worksheet

from xconnector.domain.decision.table import DecisionTable
from xconnector.project.tables.limits import MOST_ROWS
from xconnector.project.tables.writing import write_table
from xconnector.project.tables.written import Grid
from xconnector.project.tables.xlsx import ABOUT, CHOICES, SETTINGS_HEADER, SHEETS, TABLE
from xconnector.project.tables.xlsx_columns import HIT_POLICIES, SETTING_NAMES, Column, columns_of

_TEXT = "@"
_DAY = "yyyy-mm-dd"
_LAST_COLUMN = 16_384
_WIDEST = 60
_NARROWEST = 8
_LONGEST_PROSE = 15_000
# Spreadsheets know no day before, and count those of the year's first months wrongly.
_FIRST_DAY = date(1901, 1, 1)
_ISO_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
# Spreadsheets read _x000A_ as the sign of that number; an underscore before such text is escaped itself.
_LIKE_ESCAPED = re.compile(r"_(?=x[0-9A-Fa-f]{4}_)")


def write_xlsx(table: DecisionTable) -> bytes:
    """Return the workbook's content; `read_xlsx` reads it as the same table."""
    written = write_table(table, says_all=True)
    book = _Book()
    for part, title in SHEETS.items():
        if part in written.grids:
            book.add(title, written.grids[part], columns_of(part, table))
    settings = {"hit": str(table.hit), **{name: setting.text for name, setting in written.settings.items()}}
    book.add_settings([*settings.items(), *((ABOUT, prose) for prose in _pieces(written.about))])
    return book.content()


def _pieces(prose: str) -> Iterator[str]:
    """Yield a text line by line, as many lines at once as a cell can keep."""
    piece: list[str] = []
    for line in prose.split("\n") if prose else ():
        if piece and sum(len(one) + 1 for one in piece) + len(line) > _LONGEST_PROSE:
            yield "\n".join(piece)
            piece = []
        piece.append(line)
    if piece:
        yield "\n".join(piece)


class _Book:
    def __init__(self) -> None:
        self._book = Workbook()
        self._book.remove(self._book[self._book.sheetnames[0]])
        self._book.properties.creator = "xConnector"
        self._choices: list[Sequence[str]] = []

    def add(self, title: str, grid: Grid, columns: Mapping[str, Column]) -> None:
        """Add a sheet of a part."""
        sheet = self._sheet(title)
        for at, header in enumerate(grid.header.cells, start=1):
            column = columns[header]
            cells = [line.cells[at - 1] for line in grid.lines]
            self._head(sheet, at, header, column.help)
            for row, text in enumerate(cells, start=2):
                _fill(sheet, row, at, text, is_day=column.is_day)
            letter = get_column_letter(at)
            self._offer(sheet, f"{letter}2:{letter}{MOST_ROWS + 1}", column)
            widest = max(len(line) for text in (header, *cells) for line in text.split("\n"))
            _shape_column(sheet, at, at, width=widest + 2, is_day=column.is_day)
        # What stands right of the table is free too: a row with a locked cell cannot be deleted.
        _shape_column(sheet, len(grid.header.cells) + 1, _LAST_COLUMN)

    def add_settings(self, settings: Sequence[tuple[str, str]]) -> None:
        """Add the sheet of what is said of the table as a whole; the first setting is the hit policy."""
        sheet = self._sheet(TABLE)
        for at, (header, column) in enumerate(
            zip(SETTINGS_HEADER, (SETTING_NAMES, HIT_POLICIES), strict=True), start=1
        ):
            self._head(sheet, at, header, column.help)
            for row, setting in enumerate(settings, start=2):
                _fill(sheet, row, at, setting[at - 1])
        self._offer(sheet, f"A2:A{MOST_ROWS + 1}", SETTING_NAMES)
        self._offer(sheet, "B2", HIT_POLICIES)
        _shape_column(sheet, 1, 1, width=12)
        _shape_column(sheet, 2, 2, width=_WIDEST)
        _shape_column(sheet, 3, _LAST_COLUMN)

    def content(self) -> bytes:
        sheet = self._book.create_sheet(CHOICES)
        for column, choices in enumerate(self._choices, start=1):
            for row, choice in enumerate(choices, start=1):
                _fill(sheet, row, column, choice)
        sheet.sheet_state = "hidden"
        sheet.protection.enable()
        content = BytesIO()
        self._book.save(content)
        return content.getvalue()

    def _sheet(self, title: str) -> Worksheet:
        sheet = self._book.create_sheet(title)
        sheet.freeze_panes = "B2"
        # Without a password: it guards against slips, and whoever wants to may lift it.
        sheet.protection.enable()
        for allowed in ("formatCells", "formatColumns", "formatRows", "insertRows", "deleteRows"):
            setattr(sheet.protection, allowed, False)
        return sheet

    def _head(self, sheet: Worksheet, at: int, header: str, text: str) -> None:
        cell = _fill(sheet, 1, at, header)
        cell.font = Font(bold=True)
        cell.protection = Protection(locked=True)
        cell.comment = Comment(text, "xConnector", width=320, height=120)

    def _offer(self, sheet: Worksheet, cells: str, column: Column) -> None:
        """Let people choose, or be warned of what is no day."""
        if column.choices:
            if column.choices not in self._choices:
                self._choices.append(column.choices)
            letter = get_column_letter(self._choices.index(column.choices) + 1)
            offered = DataValidation(type="list", formula1=f"{CHOICES}!${letter}$1:${letter}${len(column.choices)}")
            offered.showErrorMessage = not column.takes_others
            offered.error = "Choose one of the list."
        elif column.is_day:
            offered = DataValidation(
                type="date", operator="greaterThanOrEqual", formula1=f"DATE({_FIRST_DAY.year},1,1)"
            )
            offered.errorStyle = "warning"
            offered.showErrorMessage = True
            offered.error = "Write a day, such as 2026-12-31."
        else:
            return
        offered.allow_blank = True
        offered.sqref = MultiCellRange(cells)
        sheet.add_data_validation(offered)


def _fill(sheet: Worksheet, row: int, column: int, text: str, *, is_day: bool = False) -> Cell:
    cell = sheet.cell(row=row, column=column)
    assert isinstance(cell, Cell)
    if is_day and _ISO_DAY.fullmatch(text) and date.fromisoformat(text) >= _FIRST_DAY:
        cell.value = date.fromisoformat(text)
    elif text:
        cell.value = _LIKE_ESCAPED.sub("_x005F_", text)
        # Text that begins with = is no formula.
        cell.data_type = "s"
    cell.number_format = _DAY if is_day else _TEXT
    cell.alignment = Alignment(wrap_text=True, vertical="top")
    cell.protection = Protection(locked=False)
    return cell


def _shape_column(sheet: Worksheet, first: int, last: int, *, width: int = 0, is_day: bool = False) -> None:
    """Give columns their width, and free the cells that nobody has written yet."""
    letter = get_column_letter(first)
    shaped = ColumnDimension(sheet, index=letter, min=first, max=last)
    if width:
        shaped.width = min(_WIDEST, max(_NARROWEST, width))
    shaped.number_format = _DAY if is_day else _TEXT
    shaped.alignment = Alignment(wrap_text=True, vertical="top")
    shaped.protection = Protection(locked=False)
    sheet.column_dimensions[letter] = shaped
