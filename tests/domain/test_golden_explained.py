"""Why a golden value is what it is."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given

from tests.domain.test_survivorship import NOW, records, tables
from xconnector.domain.customer import POSTAL_FIELDS, CustomerRecord
from xconnector.domain.golden import MOST_RECENT, Survivorship
from xconnector.domain.golden_explained import ExplainedValue, explain
from xconnector.domain.override import OverrideEvent
from xconnector.domain.survivorship import Rule, SurvivorshipRow

START = datetime(2026, 1, 1, tzinfo=UTC)
AT = START + timedelta(days=400)


def _said(source: str, day: int, *verified: str, key: str = "K1", row: str = "", **fields: object) -> CustomerRecord:
    return CustomerRecord(
        customer_key=key,
        source=source,
        as_of=START + timedelta(days=day),
        fields=fields,
        verified=frozenset(verified),
        replaces_all=not fields,
        source_row=row,
    )


def _explained(row: Mapping[str, Any], *said: CustomerRecord, name: str = "email") -> ExplainedValue:
    rules = Survivorship([SurvivorshipRow(row="email", fields=("email",), **row)]) if row else MOST_RECENT
    return explain(rules, name, said, at=AT)


BILLING = _said("billing", 2, email="B@x.test")
CRM = _said("crm", 9, "email", email="crm@x.test")
CRM_BY_RULE = "crm said so on 2026-01-10, and vouches for it; row 'email' of the table chooses by the rule"
PORTAL = _said("portal", 30, email="b@x.test")


@pytest.mark.parametrize(
    "row, reason, losers",
    [
        (
            {},
            "portal said so on 2026-01-31; no row of the table speaks of it, so the most recent value counts",
            ["says the same; older: 2026-01-03 of billing", "older: 2026-01-10 of crm"],
        ),
        (
            {"rule": Rule.SOURCE_ORDER, "sources": ("crm", "billing")},
            f"{CRM_BY_RULE} 'source order'",
            ["source comes later in the order", "portal is not among the sources of this field"],
        ),
        (
            {"rule": Rule.MOST_RECENT_VERIFIED, "max_age": timedelta(days=395)},
            f"{CRM_BY_RULE} 'most recent verified'",
            ["stale: older than 395 days", "not verified"],
        ),
        (
            {"rule": Rule.AGREED},
            "portal said so on 2026-01-31; row 'email' of the table chooses by the rule 'agreed by most'",
            [
                "says the same; older: 2026-01-03 of billing",
                "sources that say so: 1, of the golden value 2",
            ],
        ),
        (
            {"rule": Rule.MOST_COMPLETE, "must_be_verified": True},
            f"{CRM_BY_RULE} 'most complete'",
            ["not verified", "not verified"],
        ),
        (
            {"max_age": timedelta(days=1)},
            "no value that is given may count by row 'email'",
            ["stale: older than 1 day"] * 3,
        ),
    ],
)
def test_the_winner_and_every_loser_have_a_reason(row: Mapping[str, Any], reason: str, losers: list[str]) -> None:
    explained = _explained(row, BILLING, CRM, PORTAL)

    assert explained.reason == reason
    assert [one.reason for one in explained.losers] == losers


def test_who_speaks_alone_and_who_says_nothing_is_told() -> None:
    assert (
        _explained({}, CRM).reason
        == "crm said so on 2026-01-10, and vouches for it; no other source says anything of it"
    )
    assert _explained({}, CRM, name="mobile").reason == "no source says anything of it"


def test_what_was_taken_back_is_told() -> None:
    explained = _explained({}, CRM, BILLING, _said("billing", 4, email=None), PORTAL, _said("portal", 31))

    assert [(one.source, one.value, one.reason) for one in explained.losers] == [
        ("billing", None, "the source took it back on 2026-01-05"),
        ("portal", None, "the source deleted the customer on 2026-02-01"),
    ]


def test_rows_of_one_source_are_told_apart() -> None:
    rows = [
        _said("web", 1, row="7", email="a@x.test"),
        _said("web", 1, row="8", email="b@x.test"),
        _said("web", 2, row="9", email="c@x.test"),
        _said("web", 3, row="9"),
    ]

    explained = _explained({}, *rows)

    assert explained.value == "a@x.test"
    assert explained.reason.startswith("web, in its row 7, said so on 2026-01-02")
    assert [(one.source_row, one.reason) for one in explained.losers] == [
        ("8", "of the same moment, and row 7 of web comes first by name"),
        ("9", "its row is gone, or another customer's, since 2026-01-04"),
    ]


def test_what_is_of_the_same_moment_and_of_the_same_day_is_told_apart() -> None:
    same = _explained({}, CRM, _said("web", 9, email="web@x.test"), _said("crm", 9, email="other@x.test", key="K2"))
    later = CustomerRecord(
        customer_key="K1", source="web", as_of=CRM.as_of + timedelta(hours=2), fields={"email": "later@x.test"}
    )

    assert {one.reason for one in same.losers} == {"of the same moment, and crm of K1 comes first by name"}
    assert _explained({}, CRM, later).losers[0].reason == "older: 2026-01-10 00:00:00 of crm"


def test_an_override_is_told_with_its_end_and_what_it_beats() -> None:
    event = OverrideEvent(
        customer_key="K1", name="email", value="new@x.test", reason="called us", by="ann", since=START,
        until=START + timedelta(days=500),
    )  # fmt: skip
    explained = explain(MOST_RECENT, "email", [BILLING, CRM], [event], at=AT)

    assert explained.value == "new@x.test"
    assert explained.reason == "ann said otherwise on 2026-01-01 until 2027-05-15: called us"
    assert [one.reason for one in explained.losers] == [
        "older: 2026-01-03 of billing", "overridden: ann said otherwise on 2026-01-01 until 2027-05-15",
    ]  # fmt: skip


def test_an_address_is_explained_as_a_whole_and_by_its_parts() -> None:
    records = [_said("crm", 1, city="Bonn", country="DE"), _said("billing", 2, address_lines=["Hof 1"], city="Ulm")]

    whole = explain(MOST_RECENT, "address", records, at=AT)
    assert whole.value == {"address_lines": ["Hof 1"], "city": "Ulm"}
    assert whole.losers[0].value == {"city": "Bonn", "country": "DE"}
    country = explain(MOST_RECENT, "country", records, at=AT)
    assert country.value is None
    assert country.reason == "billing gives the fields that stand together with it, and leaves it empty"
    assert set(country.together_with) == {*POSTAL_FIELDS} - {"country"}


@given(tables, records)
def test_what_is_explained_is_what_is_golden(rules: Survivorship, given_records: list[CustomerRecord]) -> None:
    golden = rules.golden("K1", given_records, at=NOW)

    for name in {*POSTAL_FIELDS, "email", "first_name", "mobile"}:
        explained = explain(rules, name, given_records, at=NOW)
        assert explained.value == golden.fields.get(name)
        assert explained.origin == golden.provenance.get(name)
        assert all(one.reason for one in explained.losers)
