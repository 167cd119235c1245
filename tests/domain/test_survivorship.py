"""Which of the values that sources give of a field becomes golden."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xconnector.domain.customer import POSTAL_FIELDS, CustomerRecord, Provenance
from xconnector.domain.golden import MOST_RECENT, Survivorship, golden_record
from xconnector.domain.survivorship import ADDRESS, Rule, SurvivorshipRow

START = datetime(2026, 1, 1, tzinfo=UTC)
NOW = START + timedelta(days=400)
SOURCES = ("billing", "crm", "policy", "portal")


def _said(source: str, day: int, fields: Mapping[str, Any], *verified: str) -> CustomerRecord:
    return CustomerRecord(
        customer_key="K1",
        source=source,
        as_of=START + timedelta(days=day),
        fields=fields,
        verified=frozenset(verified),
    )


def _row(rule: Rule, *fields: str, **limits: Any) -> SurvivorshipRow:  # noqa: ANN401 - what a row may say beside
    names = POSTAL_FIELDS if fields == (ADDRESS,) else fields
    return SurvivorshipRow(row=", ".join(fields), fields=names, rule=rule, **limits)


def _email(row: SurvivorshipRow, *records: CustomerRecord) -> object:
    return Survivorship([row]).golden("K1", records, at=NOW).fields.get("email")


BILLING = _said("billing", 9, {"email": "Old@x.test "})
CRM = _said("crm", 5, {"email": "old@x.test"}, "email")
PORTAL = _said("portal", 12, {"email": "a.long.new@x.test"})


@pytest.mark.parametrize(
    "row, golden",
    [
        (_row(Rule.MOST_RECENT, "email"), "a.long.new@x.test"),
        (_row(Rule.SOURCE_ORDER, "email", sources=("crm", "billing")), "old@x.test"),
        (_row(Rule.SOURCE_ORDER, "email", sources=("policy", "billing", "*")), "Old@x.test "),
        (_row(Rule.SOURCE_ORDER, "email", sources=("policy", "*", "billing", "crm")), "a.long.new@x.test"),
        (_row(Rule.MOST_RECENT_VERIFIED, "email"), "old@x.test"),
        (_row(Rule.MOST_COMPLETE, "email"), "a.long.new@x.test"),
        (_row(Rule.AGREED, "email"), "Old@x.test "),
        (_row(Rule.MOST_RECENT, "email", must_be_verified=True), "old@x.test"),
        (_row(Rule.MOST_RECENT, "email", sources=("billing", "crm")), "Old@x.test "),
        (_row(Rule.MOST_RECENT, "email", max_age=timedelta(days=388)), "a.long.new@x.test"),
        (_row(Rule.SOURCE_ORDER, "email", sources=("crm", "*"), max_age=timedelta(days=394)), "a.long.new@x.test"),
        (_row(Rule.MOST_RECENT, "email", max_age=timedelta(days=387)), None),
        (_row(Rule.MOST_RECENT, "email", sources=("policy",)), None),
        (_row(Rule.SOURCE_ORDER, "*", sources=("crm", "*")), "old@x.test"),
        (_row(Rule.SOURCE_ORDER, "mobile", sources=("crm", "*")), "a.long.new@x.test"),
    ],
)
def test_a_row_chooses_by_its_rule_among_what_may_count(row: SurvivorshipRow, golden: str | None) -> None:
    assert _email(row, BILLING, CRM, PORTAL) == golden


def test_where_nobody_vouches_the_most_recent_counts_unless_somebody_must() -> None:
    assert _email(_row(Rule.MOST_RECENT_VERIFIED, "email"), BILLING, PORTAL) == "a.long.new@x.test"
    assert _email(_row(Rule.MOST_RECENT_VERIFIED, "email", must_be_verified=True), BILLING, PORTAL) is None


def test_of_fields_that_stand_together_all_come_from_one_source_each_with_its_time() -> None:
    crm = [_said("crm", 1, {"first_name": "Anna", "last_name": "Roth"}), _said("crm", 8, {"last_name": "Meyer"})]
    billing = _said("billing", 7, {"first_name": "A.", "last_name": "Roth", "title": "Dr."})
    rules = Survivorship([_row(Rule.MOST_RECENT, "first_name", "last_name", "title")])

    golden = rules.golden("K1", [*crm, billing], at=NOW)

    assert golden.fields == {"first_name": "Anna", "last_name": "Meyer"}
    assert {name: origin.as_of for name, origin in golden.provenance.items()} == {
        "first_name": START + timedelta(days=1), "last_name": START + timedelta(days=8),
    }  # fmt: skip


def test_the_most_complete_of_addresses_is_that_with_the_most_parts() -> None:
    whole = {"address_lines": ["Hof 1"], "postcode": "10115", "city": "Berlin", "country": "DE"}
    records = [
        _said("billing", 9, {"address_lines": ["Hauptstrasse 1, Hinterhaus"], "city": "B"}),
        _said("crm", 1, whole),
    ]

    assert Survivorship([_row(Rule.MOST_COMPLETE, ADDRESS)]).golden("K1", records, at=NOW).fields == whole


def test_a_golden_value_tells_source_time_verification_and_the_row_that_chose_it() -> None:
    rules = Survivorship([_row(Rule.MOST_RECENT_VERIFIED, "email"), _row(Rule.MOST_RECENT, "*")])

    golden = rules.golden("K1", [CRM, _said("portal", 12, {"language": "de"})], at=NOW)

    assert golden.provenance == {
        "email": Provenance(source="crm", as_of=CRM.as_of, verified=True, row="email"),
        "language": Provenance(source="portal", as_of=START + timedelta(days=12), verified=False, row="*"),
    }


# ---------------------------------------------------------------------------- whatever comes in whatever order

names = st.sets(st.sampled_from([*POSTAL_FIELDS, "email", "mobile", "first_name", "last_name"]))


def _drawn(
    source: str, day: int, given_names: set[str], taken_back: set[str], verified: set[str], value: str
) -> CustomerRecord:
    fields = dict.fromkeys(given_names, value) | dict.fromkeys(taken_back, None)
    return _said(source, day, fields, *verified)


records = st.lists(
    st.builds(
        _drawn, st.sampled_from(SOURCES), st.integers(0, 4), names, names, names, st.sampled_from(["a", "A", "bb"])
    ),
    unique_by=lambda record: (record.source, record.as_of),
    max_size=8,
)
limits = st.fixed_dictionaries(
    {
        "rule": st.sampled_from(Rule),
        "sources": st.lists(st.sampled_from([*SOURCES, "*"]), unique=True).map(tuple),
        "max_age": st.none() | st.integers(396, 401).map(lambda days: timedelta(days=days)),
        "must_be_verified": st.booleans(),
    }
)


def _table(of_rows: Sequence[tuple[tuple[str, ...], dict[str, Any]]]) -> Survivorship:
    return Survivorship([_row(said.pop("rule"), *fields, **said) for fields, said in of_rows])


tables = st.lists(
    st.tuples(st.sampled_from([(ADDRESS,), ("email",), ("first_name", "last_name"), ("*",)]), limits),
    unique_by=lambda row: row[0],
).map(_table)


@given(tables, records, st.data())
def test_the_order_of_arrival_does_not_matter(
    rules: Survivorship, given_records: list[CustomerRecord], data: st.DataObject
) -> None:
    golden = rules.golden("K1", given_records, at=NOW)

    assert rules.golden("K1", data.draw(st.permutations(given_records)), at=NOW) == golden
    assert rules.golden("K1", [*given_records, *given_records], at=NOW) == golden


@given(tables, records)
def test_what_stands_together_is_of_one_source(rules: Survivorship, given_records: list[CustomerRecord]) -> None:
    golden = rules.golden("K1", given_records, at=NOW)

    assert golden.fields.keys() == golden.provenance.keys()
    address = [golden.provenance[name] for name in POSTAL_FIELDS if name in golden.fields]
    assert len({(origin.source, origin.as_of, origin.row) for origin in address}) <= 1
    for row in rules.rows:
        if row.fields != ("*",):
            assert len({golden.provenance[name].source for name in row.fields if name in golden.fields}) <= 1


@given(tables, records)
def test_every_golden_value_may_count_and_is_one_that_its_source_said(
    rules: Survivorship, given_records: list[CustomerRecord]
) -> None:
    golden = rules.golden("K1", given_records, at=NOW)
    rows = {row.row: row for row in rules.rows}

    for name, origin in golden.provenance.items():
        said = [record for record in given_records if (record.source, record.as_of) == (origin.source, origin.as_of)]
        assert golden.fields[name] == ([said[0].fields[name]] if name == "address_lines" else said[0].fields[name])
        row = rows.get(origin.row)
        if row is not None:
            together = POSTAL_FIELDS if name in POSTAL_FIELDS else row.fields if name in row.fields else (name,)
            vouched = [golden.provenance[one].verified for one in together if one in golden.fields]
            assert not row.must_be_verified or all(vouched)
            assert not row.sources or origin.source in row.sources or "*" in row.sources


@given(records)
def test_a_table_that_says_what_holds_anyway_changes_nothing(given_records: list[CustomerRecord]) -> None:
    without = golden_record("K1", given_records)
    rows = [
        _row(Rule.MOST_RECENT, ADDRESS),
        _row(Rule.MOST_RECENT, "email"),
        _row(Rule.MOST_RECENT, "*", sources=("*",)),
    ]

    for rules in (MOST_RECENT, Survivorship(rows)):
        golden = rules.golden("K1", given_records, at=NOW)
        assert golden.fields == without.fields
        assert {name: (one.source, one.as_of, one.verified) for name, one in golden.provenance.items()}.keys() == (
            without.provenance.keys()
        )
