from contextlib import suppress
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given

from tests.domain.decision.made import every_case, one_of, table, tables, within
from xconnector.domain.decision.cells import ANY
from xconnector.domain.decision.deciding import DecisionError, decide_all
from xconnector.domain.decision.explaining import explain, nearest_misses, record_of
from xconnector.domain.decision.table import DecisionTable
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
    accounts = explain(TABLE, {"preference": "fax"})

    assert "premium is no answer: input premium is needed" in str(accounts[0])


def test_a_row_that_does_not_count_on_that_day_says_so() -> None:
    ended = replace(TABLE, rows=(*TABLE.rows[:3], replace(TABLE.rows[3], valid_to=date(2026, 6, 30))))

    accounts = explain(ended, {"preference": "fax", "premium": 5}, on=date(2026, 7, 1))

    assert str(accounts[3]) == "row R4 does not fit: day is 2026-07-01, it takes <= 2026-06-30"


@given(tables())
def test_the_rows_that_answer_are_those_of_the_decision(made: DecisionTable) -> None:
    for case, day in [*every_case(made)][:20]:
        answers: set[str] = set()
        with suppress(DecisionError):
            answers = {match.row.id for match in decide_all(made, case, on=day)}
        assert {account.row for account in explain(made, case, on=day) if account.answers} == answers


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
