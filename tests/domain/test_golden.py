from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from xconnector.domain.customer import POSTAL_FIELDS, CustomerRecord
from xconnector.domain.golden import golden_record

START = datetime(2026, 1, 1, tzinfo=UTC)
sources = st.sampled_from(["billing", "crm", "policy", "portal"])
# Values tell which source and time they are of, so that a mixture shows.
names = st.sets(st.sampled_from([*POSTAL_FIELDS, "email", "last_name", "language"]))


def _record(source: str, day: int, fields: set[str]) -> CustomerRecord:
    value = f"{source}-{day}"
    return CustomerRecord(
        customer_key="K1",
        source=source,
        as_of=START + timedelta(days=day),
        fields={name: [value] if name == "address_lines" else value for name in fields},
    )


records = st.lists(
    st.builds(_record, sources, st.integers(0, 3), names), unique_by=lambda record: (record.source, record.as_of)
)


@given(records, st.data())
def test_the_order_of_arrival_does_not_matter(given_records: list[CustomerRecord], data: st.DataObject) -> None:
    disordered = data.draw(st.permutations(given_records))

    assert golden_record("K1", disordered) == golden_record("K1", given_records)


@given(records)
def test_a_postal_address_is_never_put_together_of_two_records(given_records: list[CustomerRecord]) -> None:
    golden = golden_record("K1", given_records)

    assert len({golden.provenance[name] for name in POSTAL_FIELDS if name in golden.fields}) <= 1


@given(records)
def test_every_value_is_the_latest_that_its_source_said(given_records: list[CustomerRecord]) -> None:
    golden = golden_record("K1", given_records)

    assert golden.fields.keys() == golden.provenance.keys()
    for name, origin in golden.provenance.items():
        if name not in POSTAL_FIELDS:
            assert origin.as_of == max(record.as_of for record in given_records if name in record.fields)


def test_a_tie_goes_to_the_source_whose_name_sorts_first() -> None:
    golden = golden_record("K1", [_record("crm", 1, {"email"}), _record("billing", 1, {"email"})])

    assert golden.fields["email"] == "billing-1"


def test_a_number_where_text_belongs_is_its_digits_and_what_is_no_single_value_says_nothing() -> None:
    record = CustomerRecord(
        customer_key="K1",
        source="crm",
        as_of=START,
        fields={
            "postcode": 10115,
            "mobile": 4917012345678,
            "email": {"home": "a"},
            "city": True,
            "address_lines": "S 1",
        },
    )

    assert golden_record("K1", [record]).fields == {
        "postcode": "10115", "mobile": "4917012345678", "address_lines": ["S 1"],
    }  # fmt: skip


def test_what_a_source_takes_back_of_one_member_it_still_says_of_another() -> None:
    said = CustomerRecord(customer_key="K1", source="crm", as_of=START, fields={"email": "a@x.test"})
    gone = CustomerRecord(
        customer_key="K2", source="crm", as_of=START + timedelta(days=1), fields={"email": None}, replaces_all=True
    )

    assert golden_record("K1", [said, gone]).fields == golden_record("K1", [gone, said]).fields == {"email": "a@x.test"}


def test_a_region_is_that_of_the_address_it_came_with() -> None:
    moved = [
        CustomerRecord(customer_key="K1", source=source, as_of=START + timedelta(days=day), fields=fields)
        for day, (source, fields) in enumerate(
            [("crm", {"city": "Albany", "region": "NY", "country": "US"}), ("billing", {"city": "Berlin"})]
        )
    ]

    assert golden_record("K1", moved).fields == {"city": "Berlin"}


def test_neither_record_nor_golden_record_shows_content_when_printed() -> None:
    record = _record("crm", 1, {"email"})

    assert "crm-1" not in repr(record)
    assert "crm-1" not in repr(golden_record("K1", [record]))
