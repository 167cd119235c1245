"""What nobody sees in a workbook does not decide."""

from collections.abc import Callable
from io import BytesIO

import pytest
from openpyxl import Workbook, load_workbook
from openpyxl.cell.rich_text import CellRichText, TextBlock
from openpyxl.cell.text import InlineFont
from openpyxl.styles import Font

from tests.project.tables.workbooks import ROWS, workbook
from xconnector.project.tables.files import understood
from xconnector.project.tables.xlsx_hidden import hidden_in


def told(change: Callable[[Workbook], object]) -> list[str]:
    book = load_workbook(BytesIO(workbook(Rows=ROWS, Table=[["setting", "value"], ["hit", "first"]])))
    change(book)
    content = BytesIO()
    book.save(content)
    return [str(one) for one in understood("t", "t.xlsx", content.getvalue(), form=".xlsx")[1]]


def hide_row(book: Workbook) -> None:
    book["Rows"].row_dimensions[2].hidden = True


def hide_column(book: Workbook) -> None:
    book["Rows"].column_dimensions["B"].hidden = True


def hide_sheet(book: Workbook) -> None:
    book["Table"].sheet_state = "veryHidden"


def strike(book: Workbook) -> None:
    book["Rows"]["B2"].font = Font(strike=True)


def strike_in_part(book: Workbook) -> None:
    book["Rows"]["B2"] = CellRichText("a", TextBlock(InlineFont(strike=True), "b"))


@pytest.mark.parametrize(
    "change, said",
    [
        (hide_row, "t.xlsx:2: row 2 of the sheet `Rows` is hidden and decides"),
        (hide_column, "t.xlsx:1: column B of the sheet `Rows` is hidden and decides"),
        (hide_sheet, "t.xlsx:1: the sheet `Table` is hidden and decides"),
        (strike, "t.xlsx:2: cell Rows!B2 is struck through and decides"),
        (strike_in_part, "t.xlsx:1: a part of a cell's text is struck through"),
    ],
)
def test_what_nobody_sees_is_refused(change: Callable[[Workbook], object], said: str) -> None:
    (only,) = told(change)

    assert only.startswith(said)


def hide_what_is_empty(book: Workbook) -> None:
    book["Rows"].row_dimensions[9].hidden = True
    book["Rows"].column_dimensions["Z"].hidden = True


def test_what_is_hidden_and_says_nothing_does_not_matter() -> None:
    assert told(hide_what_is_empty) == []


def test_rows_and_columns_without_size_are_hidden_too() -> None:
    found = hidden_in(
        b'<worksheet xmlns="x"><cols><col min="2" max="3" width="0"/><col min="4" max="4" width="8"/></cols>'
        b'<sheetData><row r="3" ht="0"/><row/><row hidden="true"/><row hidden="0"/></sheetData></worksheet>'
    )

    assert found.rows == {3, 5}
    assert [found.has_column(at) for at in (1, 2, 3, 4)] == [False, True, True, False]
