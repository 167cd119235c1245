"""Invoices and explanations of benefit that others made: each becomes a correct letter through mappings alone."""

from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any, cast

import msgspec
import pytest
from lxml import etree

from tests.examples.paper import Letter, plain
from tests.examples.workshop import SAMPLES, Piece, composed, mapped_file, piece
from xconnector.contract.composer import Composition
from xconnector.domain.document import RenditionKind

INVOICES = sorted((SAMPLES / "ubl").glob("*.xml"))
BENEFITS = sorted((SAMPLES / "fhir").glob("ExplanationOfBenefit_*.json"))
COUNTS = (8, 3)
CBC = "{urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2}"
CAC = "{urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2}"
ISSUERS = [("insurer", "billing_cycle"), ("utility", "energy_bill")]

with_samples = pytest.mark.skipif(not SAMPLES.is_dir(), reason="the samples of ../shared are not beside the repository")


async def letter_of(made: Piece, state_folder: Path) -> Letter:
    (result,) = await composed(made.example, [made], state_folder)
    assert isinstance(result, Composition), result
    return Letter(next(one.content for one in result.renditions if one.kind is RenditionKind.LETTER))


def invoice(path: Path, issuer: tuple[str, str]) -> Piece:
    example, name = issuer
    (mapped,) = mapped_file(example, "ubl_invoices", path)
    return piece(example, name, mapped)


def words(text: str) -> str:
    """Text without blanks and line breaks: a cell may break its lines anywhere."""
    return "".join(plain(text).split())


@with_samples
def test_the_samples_are_all_there() -> None:
    assert (len(INVOICES), len(BENEFITS)) == COUNTS


@pytest.mark.parametrize("issuer", ISSUERS, ids="-".join)
@pytest.mark.parametrize("path", INVOICES, ids=lambda path: path.stem)
async def test_an_invoice_shows_every_line_tax_and_total(path: Path, issuer: tuple[str, str], tmp_path: Path) -> None:
    made = invoice(path, issuer)
    text = words((await letter_of(made, tmp_path)).text)
    data = made.order.data["data"]
    totals = [data[name] for name in ("net", "gross", "prepaid", "payable") if data[name] is not None]
    for amount in totals + [tax["amount"] for tax in data["taxes"]] + [line["amount"] for line in data["lines"]]:
        assert words(amount["text"]) in text
    for line in data["lines"]:
        assert words(line["name"]) in text
    for one in data["adjustments"] + [one for line in data["lines"] for one in line["adjustments"]]:
        assert words(one["reason"]) in text


@pytest.mark.parametrize("path", INVOICES, ids=lambda path: path.stem)
def test_an_invoice_keeps_the_amounts_and_the_currency_of_its_file(path: Path) -> None:
    source = etree.parse(path).getroot()
    data = invoice(path, ISSUERS[0]).order.data["data"]
    currency = source.findtext(f"{CBC}DocumentCurrencyCode")
    total = source.find(f"{CAC}LegalMonetaryTotal")
    assert total is not None
    for name, tag in (
        ("lines_total", "LineExtensionAmount"),
        ("net", "TaxExclusiveAmount"),
        ("gross", "TaxInclusiveAmount"),
        ("payable", "PayableAmount"),
    ):
        assert amount_of(data[name]) == Decimal(total.findtext(f"{CBC}{tag}") or "")
        assert {"EUR": "€", "DKK": "DKK", "NOK": "NOK"}[currency or ""] in data[name]["text"]
    assert len(data["lines"]) == len(source.findall(f"{CAC}InvoiceLine"))
    assert sum(amount_of(line["amount"]) for line in data["lines"]) == amount_of(data["lines_total"])
    assert amount_of(data["net"]) + sum(amount_of(tax["amount"]) for tax in data["taxes"]) == amount_of(data["gross"])


def test_a_tax_total_in_another_currency_is_shown_in_that_currency() -> None:
    path = SAMPLES / "ubl" / "ubl-tc434-example5.xml"
    if not path.is_file():
        pytest.skip("the samples of ../shared are not beside the repository")
    data = invoice(path, ISSUERS[0]).order.data["data"]
    assert data["tax_in_other_currency"]["text"] == "€628.62"
    assert data["payable"]["text"].replace("\xa0", "") == "DKK2,337.50"


def amount_of(shown: Mapping[str, Any]) -> Decimal:
    return Decimal(str(shown["value"]))


def benefit(path: Path) -> Piece:
    (mapped,) = mapped_file("insurer", "fhir_claims", path)
    patients = {
        patient.customer_key: patient.customer_fields
        for file in path.parent.glob("Patient_*.json")
        for patient in mapped_file("insurer", "fhir_patients", file)
    }
    return piece("insurer", "claim_approved", mapped, customer=patients[mapped.customer_key])


@pytest.mark.parametrize("path", BENEFITS, ids=lambda path: path.stem)
async def test_an_explanation_of_benefit_shows_every_line_and_total(path: Path, tmp_path: Path) -> None:
    made = benefit(path)
    text = words((await letter_of(made, tmp_path)).text)
    data = made.order.data["data"]
    for line in data["lines"]:
        assert words(line["name"]) in text
        assert words(line["billed"]["text"]) in text
        assert words(line["paid"]["text"]) in text
    for name in ("billed", "eligible", "amount"):
        assert words(data[name]["text"]) in text


@pytest.mark.parametrize("path", BENEFITS, ids=lambda path: path.stem)
def test_an_explanation_of_benefit_keeps_the_amounts_of_its_file(path: Path) -> None:
    source = msgspec.json.decode(path.read_bytes())
    data = benefit(path).order.data["data"]
    said = {total["category"]["coding"][0]["code"]: total["amount"] for total in source["total"]}
    for name, code in (("billed", "submitted"), ("eligible", "eligible"), ("copay", "copay"), ("amount", "benefit")):
        assert amount_of(data[name]) == Decimal(str(said[code]["value"]))
        assert "US$" in data[name]["text"]
    assert len(data["lines"]) == len(source["item"])


@pytest.mark.parametrize("path", sorted((SAMPLES / "fhir").glob("Coverage_*.json")), ids=lambda path: path.stem)
def test_a_coverage_tells_the_language_of_its_beneficiary(path: Path) -> None:
    (mapped,) = mapped_file("insurer", "fhir_coverages", path)
    assert mapped.customer_fields == {"language": "en"}
    assert cast("str", mapped.data["plan"]).startswith("GI8")
