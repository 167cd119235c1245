"""The mappings that travel with the package, each over a small file of its published shape."""

from decimal import Decimal
from importlib import resources
from pathlib import Path

import pytest

from xconnector.operations.mapped_files import MappedRecord, known_formats, map_files
from xconnector.project.customer_fields import GOLDEN_FIELDS
from xconnector.project.data_contract import DataContract, Money, parse_contract
from xconnector.project.shipped_mappings import shipped_mapping, shipped_mappings, shipped_names
from xconnector.project.yaml_file import read_yaml

FOLDER = Path(str(resources.files("xconnector") / "mappings"))
SAMPLES = Path(__file__).parent / "samples"
REAL = Path(__file__).parents[3] / "shared" / "samples"


def mapped(file: str) -> list[MappedRecord]:
    return list(map_files([SAMPLES / file], None))


@pytest.mark.parametrize("name", shipped_names())
def test_a_shipped_mapping_has_no_mistake_and_is_named_after_its_format(name: str) -> None:
    mapping = shipped_mapping(name)

    assert mapping is not None
    assert mapping.use is not None
    assert name.startswith(f"{mapping.use.format}_")
    assert mapping.use.about.endswith(".")
    assert mapping.use.format in {form.name for form in known_formats()}


@pytest.mark.parametrize("name", shipped_names())
def test_a_shipped_mapping_is_tried_on_a_sample(name: str) -> None:
    found = [record for file in SAMPLES.iterdir() for record in map_files([file], None) if record.mapping == name]

    assert [record for record in found if record.error is None]


def test_they_are_listed_by_name() -> None:
    assert [one.name for one in shipped_mappings()] == [*shipped_names()]
    assert len(shipped_names()) == len(list(FOLDER.iterdir()))


@pytest.mark.parametrize("file", sorted(path.name for path in SAMPLES.iterdir()))
def test_every_value_says_where_it_came_from(file: str) -> None:
    for record in mapped(file):
        if record.error is None:
            golden = {f"customer.{name}" for name in record.customer_fields}
            assert {*record.fields, *golden, "customer"} <= {*record.lineage}
            assert {*record.customer_fields} <= {*GOLDEN_FIELDS}


def test_the_same_invoice_in_two_standards_makes_the_same_fields() -> None:
    [ubl], [cii] = mapped("ubl_invoice.xml"), mapped("cii_invoice.xml")

    assert (ubl.key, ubl.customer) == (cii.key, cii.customer) == ("Nordlicht Energie AG/R-1001", "K-77")
    assert ubl.fields == cii.fields
    assert ubl.customer_fields == cii.customer_fields


def test_an_invoice_has_lines_taxes_and_the_region_of_its_buyer() -> None:
    [invoice] = mapped("ubl_invoice.xml")

    assert invoice.fields["payable"] == {"amount": "238.00", "currency": "EUR"}
    assert invoice.fields["lines"][0]["unit"] == "kWh"
    assert invoice.fields["taxes"][0]["rate"] == "19"
    assert invoice.customer_fields["region"] == "HH"
    assert invoice.lineage["payable"] == [
        "LegalMonetaryTotal.PayableAmount",
        "LegalMonetaryTotal.PayableAmount.@currencyID",
    ]
    assert invoice.lineage["lines[*].name"] == "InvoiceLine[*].Item.Name"
    assert invoice.lineage["customer"] == "AccountingCustomerParty.Party.PartyIdentification[0].ID"


@pytest.mark.parametrize("file", ["ubl_invoice.xml", "cii_invoice.xml"])
def test_an_invoice_keeps_the_contract_of_the_insurers_letter(file: str) -> None:
    [invoice] = mapped(file)

    read = contract_of("insurer", "billing_cycle").read(invoice.fields)

    assert read["payable"] == Money(Decimal("238.00"), "EUR")


def test_an_explanation_of_benefit_keeps_the_contract_of_the_insurers_letter() -> None:
    _, _, benefit, _ = mapped("fhir_bundle.json")

    assert contract_of("insurer", "claim_approved").read(benefit.fields)["amount"] == Money(Decimal("60.5"), "USD")


def contract_of(example: str, communication: str) -> DataContract:
    file, wrong = read_yaml(FOLDER.parent / "examples" / example / "communications" / f"{communication}.yaml", "c.yaml")
    assert file is not None, wrong
    assert isinstance(file.content, dict)
    return parse_contract(file.content["data"])


def test_a_credit_note_names_the_invoice_that_it_corrects() -> None:
    [note] = mapped("ubl_credit_note.xml")

    assert (note.mapping, note.fields["corrects"], note.customer) == ("ubl_credit_note", "R-1001", "HRB 4711")


def test_a_bundle_has_a_mapping_for_each_kind_of_resource() -> None:
    patient, coverage, benefit, observation = mapped("fhir_bundle.json")

    assert patient.customer == coverage.customer == benefit.customer == "11111111-1111-4111-8111-111111111111"
    assert (patient.customer_fields["first_name"], patient.customer_fields["region"]) == ("Ada M.", "NY")
    assert coverage.fields["plan"] == "Gold HMO"
    assert benefit.fields["amount"] == {"amount": 60.5, "currency": "USD"}
    assert observation.error == (
        "no shipped mapping takes this record of format fhir: name one of your own, with --with"
    )


def test_a_claim_payment_tells_deductible_and_copay_apart() -> None:
    paid, numberless = mapped("x12_835_claim.835")

    assert (paid.customer, paid.fields["amount"]) == ("S-1", {"amount": "140", "currency": "USD"})
    [line] = paid.fields["lines"]
    assert (line["deductible"], line["copay"]) == (
        {"amount": "40", "currency": "USD"},
        {"amount": "20", "currency": "USD"},
    )
    assert paid.lineage["lines[*].copay"] == ["services[*].CAS[01=PR][05=3].06", DEFAULT]
    assert (numberless.position, numberless.customer) == (2, "1234567893/ACCT-2")


DEFAULT = "(default)"


def test_a_claim_status_belongs_to_the_subscriber_and_names_the_patient() -> None:
    pending, denied = mapped("x12_277_status.277")

    assert (pending.customer, pending.fields["status"]) == ("S-1", "pending")
    assert (denied.customer, denied.fields["patient"], denied.customer_fields["first_name"]) == (
        "S-2",
        "KIM WINTER",
        "BO",
    )


def test_a_dependent_without_a_number_is_not_taken_for_the_subscriber() -> None:
    member, dependent = mapped("x12_834_member.834")

    assert member.customer_fields == {
        "title": "MS",
        "first_name": "ADA",
        "last_name": "SOMMER",
        "birth_date": "1980-02-29",
        "address_lines": ["1 MAIN ST", "APT 2"],
        "city": "ALBANY",
        "region": "NY",
        "postcode": "12207",
        "email": "ada@example.com",
        "mobile": "5550102",
    }
    assert [one["plan"] for one in member.fields["coverages"]] == ["GOLD", None]
    assert dependent.error is not None


def test_an_idoc_makes_a_customer_and_an_invoice() -> None:
    customer, nameless = mapped("idoc_debmas.xml")
    [invoice] = mapped("idoc_invoic.xml")

    assert (customer.customer, customer.customer_fields["company"]) == ("0000004711", "Hafenbau GmbH")
    assert (nameless.position, nameless.error) == (2, "mapping idoc_debmas: customer: E1KNA1M[0].KUNNR is missing")
    assert invoice.customer == customer.customer
    assert invoice.customer_fields["address_lines"] == ["Kaiweg 3"]
    assert invoice.fields["payable"] == {"amount": "238.00", "currency": "EUR"}


def test_an_order_has_its_items_whatever_way_amounts_are_signed() -> None:
    [order] = mapped("idoc_orders.xml")

    assert (order.customer, order.fields["order_number"]) == ("0000004711", "4500000777")
    [line] = order.fields["lines"]
    assert (line["name"], line["amount"]) == ("Anker 10 kg", {"amount": "-210.00", "currency": "EUR"})


def test_an_acord_message_makes_a_policy_known_by_its_insured_or_else_by_its_request() -> None:
    auto, home = mapped("acord_policy.xml")

    assert (auto.fields["message"], auto.customer, auto.customer_fields["region"]) == (
        "PersAutoPolicyAddRq",
        "C-4711",
        "MS",
    )
    assert auto.fields["vehicles"][0]["coverages"][0]["limit"] == "50000"
    assert (home.customer, home.lineage["customer"]) == ("9f0c1f50-2222-4f5c-9d2e-0a64f7c5e002", "RqUID")


def test_a_life_contract_has_its_owner_as_customer_and_never_fields_of_the_insured() -> None:
    related, participating = mapped("acord_life_policy.xml")

    assert (related.customer, related.customer_fields["first_name"], related.fields["insured"]) == (
        "P-2",
        "Ada",
        "Bo Winter",
    )
    assert (participating.customer, participating.fields["insured"]) == ("000000002", "Kim Winter")
    assert participating.customer_fields == {
        "first_name": "Bo",
        "last_name": "Winter",
        "address_lines": ["2 Side St"],
        "postcode": "20001",
        "city": "Washington",
        "region": "DC",
        "mobile": "202 5550100",
    }


def test_a_change_event_tells_the_row_and_a_delete_teaches_the_golden_record_nothing() -> None:
    snapshot, change, delete, tombstone, wrong = mapped("debezium_change.jsonl")

    assert (snapshot.fields["operation"], snapshot.customer_fields["birth_date"]) == ("read", "2026-12-01")
    assert change.fields["row"] == {
        "customer_id": 7,
        "birth_date": "2026-12-02",
        "balance": "-12.50",
        "changed": "2026-09-21T14:13:21+00:00",
    }
    assert (delete.fields["operation"], delete.customer_fields) == ("deleted", {})
    assert (tombstone.fields["operation"], tombstone.customer) == ("tombstone", delete.customer)
    assert len({record.key for record in (snapshot, change, delete, tombstone)}) == 4
    assert wrong.error == "line 5: the record is no change event: it needs `op`, and `before` or `after`"


@pytest.mark.parametrize("file", ["csv_customer.csv", "fixed_width_customer.txt", "json_customer.json"])
def test_a_table_of_customers_is_known_by_its_columns(file: str) -> None:
    first, *_ = mapped(file)

    assert first.customer == "1001"
    assert first.customer_fields["last_name"] == "Sommer"
    assert first.fields["columns"]


def test_broken_rows_are_named_and_the_rest_passes() -> None:
    rejected = {record.position: record.error for record in mapped("csv_customer.csv") if record.error}

    assert {*rejected} == {4, 5}
    assert rejected[5] == "line 5: 4 cells where the header has 10 columns"


@pytest.mark.skipif(not REAL.is_dir(), reason="the real samples do not lie beside the repository")
@pytest.mark.parametrize(
    "file", sorted(str(path.relative_to(REAL)) for path in REAL.rglob("*") if path.suffix not in {"", ".md"})
)
def test_a_real_sample_is_mapped(file: str) -> None:
    records = list(map_files([REAL / file], None))

    assert records
    assert {record.error: record.position for record in records if record.error} == {}
    assert all(record.lineage for record in records)


def test_a_change_event_of_salesforce_says_what_changed_and_what_was_emptied() -> None:
    update, gap = mapped("salesforce_change.jsonl")

    assert (update.customer, update.fields["object"], update.fields["change"]) == (
        "003RM000005kxFRYAY",
        "Contact",
        "updated",
    )
    assert update.fields["nulled_fields"] == ["MobilePhone"]
    assert update.fields["is_gap"] is False
    assert update.customer_fields["email"] == "anna.meyer@example.test"
    assert (gap.fields["is_gap"], gap.fields["change"]) == (True, "updated")
    assert not any(gap.customer_fields.values())


def test_a_change_event_of_salesforce_is_read_below_its_payload_as_well() -> None:
    [created] = mapped("salesforce_change_payload.json")

    assert created.key == "0002343d-9d90-e395-ed20-cf416ba652af/1/003RM000005kxFRYAY"
    assert created.customer_fields["last_name"] == "Meyer"
    assert created.customer_fields["postcode"] == "10115"


def test_an_outbound_message_of_salesforce_has_a_record_for_each_notification() -> None:
    first, second = mapped("salesforce_soap_notification.xml")

    assert (first.key, first.customer) == ("04l000000000001AAA", "003000000000001AAA")
    assert (first.customer_fields["first_name"], second.customer_fields["last_name"]) == ("Anna", "Schulz")


def test_a_message_of_dataverse_is_read_from_keys_and_values() -> None:
    [message] = mapped("dataverse_record.json")

    assert (message.fields["object"], message.fields["change"], message.fields["is_cut"]) == (
        "contact",
        "updated",
        False,
    )
    assert message.customer == "80a2c641-4c79-4611-80df-c4346baca9e4"
    assert (message.customer_fields["city"], message.customer_fields["email"]) == ("Berlin", "anna@example.test")
