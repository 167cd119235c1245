from datetime import date
from io import BytesIO
from typing import Any, cast

import pytest
from openpyxl import Workbook, load_workbook

from xconnector.domain.decision.table import DecisionTable
from xconnector.project.tables.files import table_bytes, understood

TABLE = """\
---
hit: unique
owner: Compliance
---
| input  | type    | domain             |
|--------|---------|--------------------|
| way    | text    | "a, b", email, "5" |
| open   | yes/no  | not none           |
| amount | integer | >= 0               |

| output | type   | values                |
|--------|--------|-----------------------|
| route  | text   | "email, print", print |
| due    | date   | -                     |

| row | when way   | when open | when amount | then route   | then due   | from       | to         |
|-----|------------|-----------|-------------|--------------|------------|------------|------------|
| R1  | email      | yes       | > 5         | email, print | 2026-12-31 | 1890-01-01 | 1899-12-31 |
| R2  | email      | yes       | > 5         | print        | none       | 2026-07-01 |            |

| test | on         | given way | expect route |
|------|------------|-----------|--------------|
| T    | 2026-07-02 | "5"       | print        |
"""


@pytest.fixture(name="table")
def the_table() -> DecisionTable:
    found, wrong = understood("ways", "ways.md", TABLE.encode(), form=".md")
    assert found is not None, wrong
    return found.table


@pytest.fixture
def book(table: DecisionTable) -> Workbook:
    return load_workbook(BytesIO(table_bytes(table, form=".xlsx")))


def sheet_of(book: Workbook, title: str) -> Any:  # noqa: ANN401 - openpyxl's cells carry half of their types
    return book[title]


def offered(book: Workbook, title: str) -> dict[str, tuple[list[str], bool]]:
    """Return by header what a column offers, and whether it takes something else."""
    sheet = sheet_of(book, title)
    found: dict[str, tuple[list[str], bool]] = {}
    for one in sheet.data_validations.dataValidation:
        if one.type == "list":
            span = str(one.formula1).replace("$", "").removeprefix("Choices!")
            choices = [cast("str", cell.value) for (cell,) in cast("Any", book["Choices"])[span]]
            column = str(one.sqref).rstrip("0123456789:").split("2")[0]
            found[str(sheet[f"{column}1"].value)] = (choices, not one.showErrorMessage)
    return found


def test_nothing_is_lost(table: DecisionTable) -> None:
    found, wrong = understood("ways", "t", table_bytes(table, form=".xlsx"), form=".xlsx")

    assert wrong == []
    assert found is not None
    assert found.table == table


def test_lists_offer_what_a_column_can_say(book: Workbook) -> None:
    assert offered(book, "Rows") == {
        "when way": (["-", '"5"', '"a, b"', "email"], True),
        "when open": (["-", "yes", "no"], True),
        "then route": (["email, print", "print"], False),
    }
    assert offered(book, "Tests") == {
        "given way": (['"5"', '"a, b"', "email"], True),
        "given open": (["yes", "no"], True),
        "expect route": (["email, print", "print"], False),
    }
    assert offered(book, "Table") == {
        "setting": (["hit", "owner", "gaps", "about"], False),
        "value": (["first", "unique", "collect", "priority"], False),
    }
    assert offered(book, "Inputs")["type"][0][:2] == ["text", "number"]
    assert sheet_of(book, "Choices").sheet_state == "hidden"


def test_headers_are_locked_and_rows_are_free(book: Workbook) -> None:
    for title in ("Rows", "Inputs", "Outputs", "Tests", "Table"):
        sheet = sheet_of(book, title)
        assert sheet.protection.sheet
        assert not sheet.protection.password
        assert not sheet.protection.insertRows
        assert not sheet.protection.deleteRows
        assert sheet.freeze_panes == "B2"
        assert all(cell.protection.locked for cell in sheet[1])
        assert not any(cell.protection.locked for row in sheet.iter_rows(min_row=2) for cell in row)
        dimensions = sorted(sheet.column_dimensions.values(), key=lambda one: one.min or 0)
        assert not any(one.protection.locked for one in dimensions)
        assert dimensions[-1].max == 16_384


def test_days_are_real_where_spreadsheets_know_them(book: Workbook) -> None:
    sheet = sheet_of(book, "Rows")
    by_header = {str(cell.value): cell.column_letter for cell in sheet[1]}

    first, then = sheet[f"{by_header['from']}2"], sheet[f"{by_header['then due']}2"]
    assert (first.value, then.is_date, then.number_format) == ("1890-01-01", True, "yyyy-mm-dd")
    assert sheet[f"{by_header['from']}3"].value.date() == date(2026, 7, 1)
    assert sheet_of(book, "Tests")["B2"].value.date() == date(2026, 7, 2)


def test_every_header_says_what_its_column_takes(book: Workbook) -> None:
    notes = {
        str(cell.value): cell.comment.text
        for title in ("Rows", "Inputs", "Outputs", "Tests", "Table")
        for cell in sheet_of(book, title)[1]
        if cell.comment is not None
    }
    assert notes["when way"].startswith('Type: text. Domain: "5", "a, b", email. Write one value')
    assert notes["when amount"].startswith("Type: integer. Domain: >= 0. Write a number, > 5")
    assert notes["then route"] == "What follows. Type: text. Values: email, print; print."
    for title in ("Rows", "Inputs", "Outputs", "Tests", "Table"):
        assert all(cell.comment is not None for cell in sheet_of(book, title)[1])


def test_a_row_that_is_added_by_hand_is_read(table: DecisionTable) -> None:
    book = load_workbook(BytesIO(table_bytes(table, form=".xlsx")))
    sheet_of(book, "Rows").append(["R3", "-", True, "<= 5", "print", date(2026, 1, 1)])
    content = BytesIO()
    book.save(content)

    found, wrong = understood("ways", "t", content.getvalue(), form=".xlsx")

    assert wrong == []
    assert found is not None
    assert found.table.rows[:2] == table.rows
    assert found.table.rows[2].then == {"route": "print", "due": date(2026, 1, 1)}
