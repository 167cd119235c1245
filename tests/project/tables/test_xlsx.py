from collections.abc import Sequence
from datetime import UTC, date, datetime, time
from decimal import Decimal

import pytest

from tests.domain.decision.made import one_of
from tests.project.tables.workbooks import ROWS, Cell, with_rows, workbook
from xconnector.project.tables.files import understood
from xconnector.project.tables.xlsx import read_xlsx

TABLE: Sequence[Cell] = ["setting", "value"]


def told(**sheets: Sequence[Sequence[Cell]]) -> list[str]:
    return [str(finding) for finding in understood("t", "t.xlsx", workbook(**sheets), form=".xlsx")[1]]


def test_real_dates_numbers_and_yes_or_no_are_read_as_people_would_write_them() -> None:
    rows: Sequence[Sequence[Cell]] = [
        [],
        ["row", "when x", "when y", "when z", "from", "to", "then route"],
        ["R1", 5, True, date(2026, 1, 1), datetime(2026, 1, 1), "2026-12-31", "p"],  # noqa: DTZ001 - as sheets say it
        ["R2", 0.1, "no", "-", None, None, " q "],
        [],
        ["R3", "> 5.50", False, "none", None, None, 7],
    ]

    found, wrong = understood("t", "t", workbook(Rows=rows), form=".xlsx")

    assert wrong == []
    assert found is not None
    first, second, third = found.table.rows
    assert first.when == (one_of(Decimal(5)), one_of(True), one_of(date(2026, 1, 1)))
    assert (first.valid_from, first.valid_to) == (date(2026, 1, 1), date(2026, 12, 31))
    assert second.when[:2] == (one_of(Decimal("0.1")), one_of(False))
    assert (second.then["route"], third.then["route"]) == ("q", "7")
    assert found.rows == {"R1": 3, "R2": 4, "R3": 6}


def test_prose_of_several_cells_is_one_text() -> None:
    content = workbook(Rows=ROWS, Table=[TABLE, ["about", "# Title\n"], ["about", "  words"], ["hit", "first"]])
    found, wrong = read_xlsx("t", "t", content)

    assert wrong == []
    assert found is not None
    assert found.about == "# Title\n\n  words"


@pytest.mark.parametrize(
    "sheets, said",
    [
        ({"Rows": ROWS, "Row": ROWS}, "t.xlsx:1: the sheet 'Row' is unknown → did you mean 'Rows'?"),
        ({"Sheet1": ROWS}, "t.xlsx:1: there is no sheet `Rows` with a header"),
        ({"Rows": []}, "t.xlsx:1: there is no sheet `Rows` with a header"),
        (
            {"Rows": ROWS, "Table": [["name", "value"], ["hit", "first"]]},
            "t.xlsx:1: the header of the sheet `Table` is unknown → write setting and value into its first two cells",
        ),
        (
            {"Rows": ROWS, "Table": [TABLE, ["hit", "first"], ["hit", "first"]]},
            "t.xlsx:3: the setting 'hit' is given twice, in line 2 too → leave one out",
        ),
        (
            {"Rows": ROWS, "Table": [TABLE, ["gaps", None]]},
            "t.xlsx:2: sheet Table: the setting 'gaps' says nothing → write why",
        ),
        (
            {"Rows": ROWS, "Table": [TABLE, ["gap", "x"]]},
            "t.xlsx:2: sheet Table: the setting 'gap' is unknown → did you mean 'gaps'?",
        ),
        (
            {"Rows": ROWS, "Table": [TABLE, [None, "x"]]},
            "t.xlsx:2: sheet Table: the setting '' is unknown → use one of",
        ),
        (
            {"Rows": ROWS, "Table": [TABLE, ["hit", "first", "x"]]},
            "t.xlsx:2: row 2 of the sheet `Table` has more than two",
        ),
        ({"Rows": [*ROWS, ["R3", "=1+1", "p"]]}, "t.xlsx:4: cell Rows!B4 is a formula → write the value itself"),
        ({"Rows": [*ROWS, ["R3", time(5), "p"]]}, "t.xlsx:4: cell Rows!B4 holds a time, an error or no number"),
        (
            {"Rows": [*ROWS, ["R3", datetime(2026, 1, 1, 5, tzinfo=UTC).replace(tzinfo=None), "p"]]},
            "t.xlsx:4: cell Rows!B4 holds a time, an error or no number",
        ),
        (
            {"Rows": [*ROWS, ["R3", "a", "p", "more"]]},
            "t.xlsx:4: sheet Rows: the row has 4 cells where the header has 3",
        ),
        (
            {"Rows": [*ROWS, ["R3", None, "p"]]},
            "t.xlsx:4: sheet Rows: row R3, column 2 (when x): cell '' is not understood",
        ),
    ],
)
def test_what_is_wrong_with_a_workbook_is_told_with_its_row(
    sheets: dict[str, Sequence[Sequence[Cell]]], said: str
) -> None:
    assert [one for one in told(**sheets) if one.startswith(said)], told(**sheets)


@pytest.mark.parametrize("cell", ['<c t="e"><v>#N/A</v></c>', "<c><v>1e999</v></c>", "<c><v>-1e999</v></c>"])
def test_errors_and_numbers_without_end_are_told(cell: str) -> None:
    found, wrong = understood("t", "t", with_rows(f"<row>{cell}</row>"), form=".xlsx")

    assert found is None
    assert wrong[0].message == "cell Rows!A1 holds a time, an error or no number"


def test_a_text_that_is_repeated_everywhere_is_no_way_to_fill_the_memory() -> None:
    cells = f'<c t="str"><v>{"x" * 30_000}</v></c>' * 200
    found, wrong = understood("t", "t", with_rows(f"<row>{cells}</row>"), form=".xlsx")

    assert found is None
    assert "the workbook holds more than 4000000 signs" in [finding.message for finding in wrong]


def test_what_is_wrong_names_its_sheet() -> None:
    rows: Sequence[Sequence[Cell]] = [["row", "when x", "then route"], ["R1", "> >", "p"]]
    cases: Sequence[Sequence[Cell]] = [["test", "given x", "row"], ["t", "b", "R2"]]

    assert told(Rows=rows)[0].startswith("t.xlsx:2: sheet Rows: row R1, column 2 (when x): ")
    assert told(Rows=ROWS[:2], Tests=cases)[0].startswith("t.xlsx:2: sheet Tests: there is no row 'R2'")
    assert told(Rows=ROWS, Table=[TABLE, ["hit", "fist"]])[0].startswith("t.xlsx:2: sheet Table: ")
