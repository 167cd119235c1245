from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xconnector.project.data_contract import ContractError, ContractSpellingError, Money, parse_contract, read_number

SPELLED: dict[str, Any] = {
    "number": "text",
    "premium": "money",
    "starts_on": "date",
    "share": "number",
    "pieces": "integer",
    "urgent": "bool",
    "note": "text?",
    "tags": ["text"],
    "covers": [{"name": "text", "limit": "money?", "steps": [{"at": "integer"}]}],
}
DATA: dict[str, Any] = {
    "number": "P-1",
    "premium": "1234.50",
    "starts_on": "2026-12-01",
    "share": 0.1,
    "pieces": "3",
    "urgent": "true",
    "tags": ["a"],
    "covers": [
        {"name": "x", "limit": {"amount": 5, "currency": "CHF"}, "steps": [{"at": 1}]},
        {"name": "y", "steps": []},
    ],
    "unknown": "is no matter here",
}


def test_data_is_read_into_exact_types() -> None:
    assert parse_contract(SPELLED).read(DATA) == {
        "number": "P-1",
        "premium": Money(Decimal("1234.50")),
        "starts_on": date(2026, 12, 1),
        "share": Decimal("0.1"),
        "pieces": 3,
        "urgent": True,
        "note": None,
        "tags": ["a"],
        "covers": [
            {"name": "x", "limit": Money(Decimal(5), "CHF"), "steps": [{"at": 1}]},
            {"name": "y", "limit": None, "steps": []},
        ],
    }


def test_every_field_that_breaks_the_contract_is_named_by_its_path() -> None:
    broken: dict[str, Any] = {
        **DATA,
        "number": "",
        "premium": "Sämann",
        "starts_on": "31.12.2026",
        "pieces": 1.5,
        "tags": ["a", None],
        "covers": [DATA["covers"][0], {"name": "y", "limit": "x", "steps": [{}]}, "z"],
    }

    with pytest.raises(ContractError) as refused:
        parse_contract(SPELLED).read(broken)

    assert refused.value.problems == (
        "data.number is missing",
        "data.premium is not an amount such as 1234.50",
        "data.starts_on is not a date such as 2026-12-31",
        "data.pieces is not a whole number",
        "data.tags[1] is missing",
        "data.covers[1].limit is not an amount such as 1234.50",
        "data.covers[1].steps[0].at is missing",
        "data.covers[2] is no record",
    )
    assert "Sämann" not in str(refused.value)


def test_many_problems_are_summed_up() -> None:
    contract = parse_contract({f"f{at}": "text" for at in range(50)})

    with pytest.raises(ContractError, match="and 30 more"):
        contract.read({})


@pytest.mark.parametrize("given_value", ["NaN", "1e99999", "1e-99999", True, "", "1,5", [], float("inf"), "9" * 30])
def test_what_is_no_amount_of_this_world_is_no_number(given_value: object) -> None:
    assert read_number(given_value) is None


@pytest.mark.parametrize("given_value", ["20261231", "2026-W01-1", "2026-02-30", 20261231, None])
def test_only_plain_dates_are_dates(given_value: object) -> None:
    with pytest.raises(ContractError):
        parse_contract({"day": "date"}).read({"day": given_value})


@given(st.decimals(allow_nan=False, allow_infinity=False, places=4, min_value=-(10**12), max_value=10**12))
def test_amounts_stay_exact(amount: Decimal) -> None:
    assert parse_contract({"x": "money"}).read({"x": str(amount)}) == {"x": Money(amount)}


WRONG: list[tuple[Any, str]] = [
    ({}, "write the fields"),
    ({"Name": "text"}, "small letters"),
    ({"x": "txt"}, "'txt' is no type"),
    ({"x": 5}, "write one of text"),
    ({"x": ["text", "money"]}, "one type of item"),
    ({"x": [[]]}, "write the fields"),
    ({"x": [{"y": [{"y": [{"y": [{"y": [{"y": [{"y": "text"}]}]}]}]}]}]}, "nested deeper"),
]


@pytest.mark.parametrize("spelled, told", WRONG)
def test_a_contract_that_is_wrongly_written_is_told(spelled: object, told: str) -> None:
    with pytest.raises(ContractSpellingError, match=told):
        parse_contract(spelled)
