from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given

from tests.domain.decision.made import asked, one_of, table, within
from xconnector.domain.decision.cells import ANY
from xconnector.domain.decision.deciding import (
    DecisionError,
    MissingDayError,
    NoRowFitsError,
    SeveralRowsFitError,
    decide_all,
)
from xconnector.domain.decision.explaining import Miss, Standing, explain, nearest_misses, record_of
from xconnector.domain.decision.table import DecisionTable, HitPolicy, Output
from xconnector.domain.decision.values import Kind

TABLE = table(
    (one_of("email"), within(Decimal(1000), includes_low=False)),
    (one_of("print"), within(Decimal(1000), includes_low=False)),
    (one_of("email"), ANY),
    (ANY, ANY),
    kinds={"preference": Kind.TEXT, "premium": Kind.NUMBER},
)


def test_every_row_says_why_it_does_not_answer() -> None:
    accounts = explain(TABLE, {"preference": "email", "premium": 5})

    assert [str(account) for account in accounts] == [
        "row R1 does not fit: premium is 5, it takes > 1000",
        "row R2 does not fit: preference is email, it takes print; premium is 5, it takes > 1000",
        "row R3 answers",
        "row R4 fits as well; row R3 comes first",
    ]


def test_the_nearest_miss_comes_first() -> None:
    accounts = explain(TABLE, {"preference": "email", "premium": 5})

    assert [account.row for account in nearest_misses(accounts)] == ["R1", "R2"]


def test_an_input_that_is_missing_is_told_where_a_row_looks_at_it() -> None:
    accounts = explain(TABLE, {"preference": "email"})

    missing = "input premium is needed and this communication has none of this name"
    assert [str(account) for account in accounts] == [
        f"row R1 cannot be decided: {missing}",
        "row R2 does not fit: preference is email, it takes print",
        "row R3 fits; there is no answer because of row R1",
        "row R4 fits; there is no answer because of row R1",
    ]


def test_rows_of_a_unique_table_that_fit_together_name_one_another() -> None:
    accounts = explain(replace(TABLE, hit=HitPolicy.UNIQUE), {"preference": "email", "premium": 5})

    assert [str(account) for account in accounts[2:]] == [
        "row R3 fits; there is no answer because of row R4",
        "row R4 fits; there is no answer because of row R3",
    ]


def test_all_rows_that_are_collected_answer() -> None:
    accounts = explain(replace(TABLE, hit=HitPolicy.COLLECT), {"preference": "email", "premium": 2000})

    assert [str(account) for account in accounts] == [
        "row R1 answers",
        "row R2 does not fit: preference is email, it takes print",
        "row R3 answers",
        "row R4 answers",
    ]


def test_the_row_of_higher_rank_comes_first_wherever_it_stands() -> None:
    ranked = replace(
        TABLE, hit=HitPolicy.PRIORITY, outputs=(Output(name="route", values=("way4", "way3", "way2", "way1")),)
    )

    accounts = explain(ranked, {"preference": "email", "premium": 5})

    assert [str(account) for account in accounts[2:]] == ["row R3 fits as well; row R4 comes first", "row R4 answers"]


def test_where_nobody_said_the_day_the_rows_that_have_days_are_undecided() -> None:
    dated = replace(TABLE, rows=(replace(TABLE.rows[2], valid_to=date(2026, 6, 30)), TABLE.rows[3]))

    assert [str(account) for account in explain(dated, {"preference": "email", "premium": 5})] == [
        "row R3 cannot be decided: nobody said as of which day",
        "row R4 fits; there is no answer because of row R3",
    ]


def test_a_row_that_does_not_count_on_that_day_says_so() -> None:
    ended = replace(TABLE, rows=(*TABLE.rows[:3], replace(TABLE.rows[3], valid_to=date(2026, 6, 30))))

    accounts = explain(ended, {"preference": "fax", "premium": 5}, on=date(2026, 7, 1))

    assert str(accounts[3]) == "row R4 does not fit: day is 2026-07-01, it takes <= 2026-06-30"


@given(asked())
def test_the_accounts_agree_with_the_decision(
    question: tuple[DecisionTable, Mapping[str, Any], date | None],
) -> None:
    made, inputs, day = question
    try:
        answers = {match.row.id for match in decide_all(made, inputs, on=day)}
        refused = None
    except DecisionError as error:
        answers, refused = set[str](), type(error)

    accounts = explain(made, inputs, on=day)

    assert [account.row for account in accounts] == [row.id for row in made.rows]
    assert {account.row for account in accounts if account.answers} == answers
    standings = {account.standing for account in accounts}
    if refused is None:
        assert Standing.FITS not in standings
    elif refused is NoRowFitsError:
        assert standings <= {Standing.MISSES}
    elif refused is SeveralRowsFitError:
        assert [account.standing for account in accounts].count(Standing.FITS) > 1
    elif refused is not MissingDayError:
        assert Standing.UNDECIDED in standings
    for account in accounts:
        assert str(account).startswith(f"row {account.row} ")
        assert not str(account).endswith((": ", " "))


@pytest.mark.parametrize(
    "inputs, is_same",
    [
        ({"preference": "email", "premium": "5.00"}, True),
        ({"preference": "email", "premium": Decimal(5), "other": 1}, True),
        ({"preference": "email", "premium": 6}, False),
        ({"preference": "email", "premium": None}, False),
        ({"preference": None, "premium": 5}, False),
    ],
)
def test_a_record_has_the_digest_of_what_the_table_sees(inputs: dict[str, object], is_same: bool) -> None:
    first = record_of(
        TABLE, {"preference": "email", "premium": 5}, decide_all(TABLE, {"preference": "email", "premium": 5})
    )

    other = record_of(TABLE, inputs, decide_all(TABLE, inputs))

    assert first.table_sha256 == TABLE.sha256
    assert first.rows == ("R3",)
    assert (first.inputs_sha256 == other.inputs_sha256) is is_same


@pytest.mark.parametrize(
    "cell, told",
    [
        ("a, b", "a, b"),
        (", ".join(["notice"] * 12), f"{', '.join(['notice'] * 8)}, … and 4 more"),
        (", ".join(f"w{at:02}" for at in range(38)), "w00, w01, w02, w03, w04, w05, w06, w07, … and 30 more"),
        (
            "not " + ", ".join(f"w{at:02}" for at in range(38)),
            "not (w00, w01, w02, w03, w04, w05, w06, w07, … and 30 more)",
        ),
    ],
)
def test_of_a_long_list_the_first_words_are_told(cell: str, told: str) -> None:
    assert str(Miss(input="way", cell=cell, given="z")) == f"way is z, it takes {told}"
