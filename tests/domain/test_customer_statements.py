"""A source may say of a customer piece by piece, and take back what it said, in whatever order it comes."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from xconnector.domain.customer import POSTAL_FIELDS, CustomerRecord, Provenance
from xconnector.domain.customer_statements import latest_of
from xconnector.domain.golden import Survivorship, golden_record
from xconnector.domain.survivorship import Rule, SurvivorshipRow

START = datetime(2026, 1, 1, tzinfo=UTC)
ADDRESS = {"address_lines": ["Hof 1"], "postcode": "10115", "city": "Berlin", "country": "DE"}
names = st.sets(st.sampled_from([*POSTAL_FIELDS, "email", "mobile", "language"]))


def _said(
    day: int,
    fields: Mapping[str, Any],
    source: str = "crm",
    verified: set[str] | None = None,
    *,
    all_of_it: bool = False,
    row: str = "",
) -> CustomerRecord:
    return CustomerRecord(
        customer_key="K1",
        source=source,
        as_of=START + timedelta(days=day),
        fields=fields,
        verified=frozenset(verified or ()),
        replaces_all=all_of_it,
        source_row=row,
    )


def _drawn(
    source: str, day: int, given_names: set[str], taken_back: set[str], verified: set[str], *, all_of_it: bool, row: str
) -> CustomerRecord:
    fields = dict.fromkeys(given_names, f"{source}-{day}") | dict.fromkeys(taken_back, None)
    return _said(day, fields, source, verified, all_of_it=all_of_it, row=row)


records = st.lists(
    st.builds(
        _drawn,
        *(st.sampled_from(["billing", "crm"]), st.integers(0, 5), names, names, names),
        all_of_it=st.booleans(),
        row=st.sampled_from(["", "a", "b"]),
    ),
    unique_by=lambda record: (record.source, record.source_row, record.as_of),
)


def _golden(*given_records: CustomerRecord) -> Mapping[str, Any]:
    return golden_record("K1", given_records).fields


@given(records)
def test_the_latest_of_each_source_says_as_much_as_all_that_it_ever_said(given_records: list[CustomerRecord]) -> None:
    latest = [
        said
        for source in ("billing", "crm")
        for said in latest_of([record for record in given_records if record.source == source])
    ]

    assert golden_record("K1", latest) == golden_record("K1", given_records)


@given(records, st.integers(0, 8))
def test_to_keep_only_the_latest_in_between_loses_nothing(given_records: list[CustomerRecord], middle: int) -> None:
    of_one = [record for record in given_records if record.source == "crm"]

    assert latest_of([*latest_of(of_one[:middle]), *of_one[middle:]]) == latest_of(of_one)


@given(records, st.data())
def test_in_whatever_order_it_comes_the_source_says_the_same(
    given_records: list[CustomerRecord], data: st.DataObject
) -> None:
    of_one = [record for record in given_records if record.source == "crm"]

    assert latest_of(data.draw(st.permutations(of_one))) == latest_of(of_one)


@given(records)
def test_each_field_is_kept_once(given_records: list[CustomerRecord]) -> None:
    of_one = latest_of([record for record in given_records if record.source == "crm"])

    kept = [(record.source_row, name) for record in of_one for name in record.fields]
    assert len(kept) == len(set(kept))
    addressed = [record.source_row for record in of_one if any(record.fields.get(name) for name in POSTAL_FIELDS)]
    assert len(addressed) == len(set(addressed))


@given(records)
def test_a_row_says_the_same_whatever_other_rows_say(given_records: list[CustomerRecord]) -> None:
    of_rows = [record for record in given_records if record.source == "crm" and record.source_row]

    for row in ("a", "b"):
        of_one = [record for record in of_rows if record.source_row == row]
        assert [record for record in latest_of(of_rows) if record.source_row == row] == latest_of(of_one)


def test_of_two_rows_of_one_customer_neither_takes_back_what_the_other_says() -> None:
    home = _said(0, {"email": "a@x.test"}, all_of_it=True, row="1")
    office = _said(1, {"mobile": "+41791234567"}, all_of_it=True, row="2")

    assert _golden(home, office) == {"email": "a@x.test", "mobile": "+41791234567"}
    assert _golden(home, office, _said(2, {}, all_of_it=True, row="1")) == {"mobile": "+41791234567"}


def test_addresses_of_two_rows_are_never_mixed() -> None:
    rows = [_said(0, ADDRESS, row="1"), _said(1, {"city": "Bern"}, row="2"), _said(2, {"region": "BE"}, row="1")]
    by_rule = Survivorship([SurvivorshipRow(row="address", fields=POSTAL_FIELDS, rule=Rule.MOST_COMPLETE)])

    assert _golden(*rows) == {"region": "BE"}
    assert by_rule.golden("K1", rows[:2], at=START).fields == ADDRESS


@given(st.permutations([_said(0, {"email": "a@x.test"}, row="1"), _said(1, {}, all_of_it=True)]))
def test_who_takes_back_all_of_a_customer_takes_back_what_rows_said(news: list[CustomerRecord]) -> None:
    assert _golden(*news) == {}
    assert _golden(*news, _said(2, {"language": "de"}, row="1")) == {"language": "de"}


@given(st.permutations([_said(0, {"email": "file@x.test"}), _said(1, {"language": "de"}, all_of_it=True, row="1")]))
def test_a_change_takes_the_place_of_what_was_loaded_before_without_rows(news: list[CustomerRecord]) -> None:
    assert _golden(*news) == {"language": "de"}


def test_what_is_no_single_value_says_nothing_and_is_not_kept() -> None:
    assert [said.fields for said in latest_of([_said(0, {"city": {"a": 1}, "language": "de"})])] == [{"language": "de"}]
    assert latest_of([_said(0, {"city": {"a": 1}})]) == []
    assert latest_of([]) == []


@given(st.sampled_from([None, "", "  ", [], [""]]))
def test_a_field_without_a_value_takes_back_what_its_source_said_of_it(nothing: object) -> None:
    record = _said(0, {"email": "a@x.test", "language": "de"})

    assert _golden(record, _said(1, {"email": nothing})) == {"language": "de"}


def test_what_another_source_says_stays_when_one_takes_its_own_word_back() -> None:
    billing = _said(0, {"email": "billing@x.test"}, "billing")

    assert _golden(billing, _said(1, {"email": "crm@x.test"}), _said(2, {"email": None})) == {"email": "billing@x.test"}


@given(st.permutations([_said(0, {"email": "old@x.test"}), _said(1, {"email": None}), _said(2, {"language": "de"})]))
def test_older_news_does_not_bring_back_what_was_taken_back(news: list[CustomerRecord]) -> None:
    assert _golden(*news) == {"language": "de"}


def test_the_parts_of_an_address_that_are_taken_back_leave_the_others() -> None:
    cleared = _said(1, {"address_lines": None, "postcode": "", "city": None})

    assert _golden(_said(0, ADDRESS), cleared) == {"country": "DE"}


def test_a_new_address_owes_nothing_to_what_was_taken_back_before() -> None:
    news = [_said(0, ADDRESS), _said(1, {"country": None}), _said(2, {**ADDRESS, "city": "Potsdam"})]

    assert _golden(*news) == {**ADDRESS, "city": "Potsdam"}


@given(st.permutations([_said(0, {**ADDRESS, "email": "a@x.test"}), _said(1, {}, all_of_it=True)]))
def test_a_source_that_deleted_a_customer_says_nothing_more(news: list[CustomerRecord]) -> None:
    billing = _said(0, {"email": "b@x.test"}, "billing")

    assert _golden(*news) == {}
    assert _golden(*news, billing) == {"email": "b@x.test"}
    assert _golden(*news, _said(2, {"email": "c@x.test"})) == {"email": "c@x.test"}


def test_a_record_that_replaces_all_takes_back_what_it_does_not_name() -> None:
    whole = _said(1, {"language": "fr"}, all_of_it=True)

    assert _golden(_said(0, {"email": "a@x.test", "language": "de"}), whole) == {"language": "fr"}


@given(st.permutations([_said(0, {"email": "a@x.test"}, verified={"email"}), _said(1, {"email": "a@x.test"})]))
def test_what_a_source_no_longer_vouches_for_is_not_verified(news: list[CustomerRecord]) -> None:
    assert golden_record("K1", news).provenance["email"] == Provenance(
        source="crm", as_of=START + timedelta(days=1), verified=False
    )
    assert golden_record("K1", news[:1]).provenance["email"].verified == ("email" in news[0].verified)
