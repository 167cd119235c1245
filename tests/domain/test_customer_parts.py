"""A source may say of a customer piece by piece, in whatever order it comes."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from xconnector.domain.customer import POSTAL_FIELDS, CustomerRecord, golden_record, latest_of

START = datetime(2026, 1, 1, tzinfo=UTC)
names = st.sets(st.sampled_from([*POSTAL_FIELDS, "email", "mobile", "language"]))


def _record(source: str, day: int, fields: set[str]) -> CustomerRecord:
    as_of = START + timedelta(days=day)
    return CustomerRecord(
        customer_key="K1", source=source, as_of=as_of, fields=dict.fromkeys(fields, f"{source}-{day}")
    )


records = st.lists(
    st.builds(_record, st.sampled_from(["billing", "crm"]), st.integers(0, 5), names),
    unique_by=lambda record: (record.source, record.as_of),
)


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


@given(records)
def test_each_field_is_kept_once(given_records: list[CustomerRecord]) -> None:
    of_one = latest_of([record for record in given_records if record.source == "crm"])

    kept = [name for record in of_one for name in record.fields]
    assert len(kept) == len(set(kept))
    assert sum(any(name in POSTAL_FIELDS for name in record.fields) for record in of_one) <= 1


def test_what_says_nothing_is_not_kept() -> None:
    record = CustomerRecord(
        customer_key="K1", source="crm", as_of=START, fields={"email": None, "city": {"a": 1}, "language": "de"}
    )

    assert [said.fields for said in latest_of([record])] == [{"language": "de"}]
    assert latest_of([]) == []


def test_a_postal_field_without_a_value_does_not_take_the_address_away() -> None:
    address = _record("crm", 1, set(POSTAL_FIELDS))
    empty = CustomerRecord(customer_key="K1", source="crm", as_of=START + timedelta(days=2), fields={"city": None})

    assert golden_record("K1", [address, empty]).fields["city"] == "crm-1"
