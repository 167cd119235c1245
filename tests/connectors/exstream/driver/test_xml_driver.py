import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree
from pydantic import ValidationError

from tests.connectors.exstream.driver.samples import design_with, driver_with, hostile_texts, order_with, single_with
from xconnector.contract.errors import PermanentError

FIELDS = {
    "@number": "customer.key",
    "Note": {"fields": {"@kind": "data.kind", "#text": "data.note"}},
    "Bookings": {"fields": {"Booking": {"each": "data.bookings", "fields": {"Text": "text"}}}},
}
_NO_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")


def parsed(content: bytes) -> Any:  # noqa: ANN401 - lxml's elements have no public type
    return etree.fromstring(content, etree.XMLParser(resolve_entities=False, no_network=True))


@given(st.lists(st.tuples(hostile_texts, hostile_texts, st.lists(hostile_texts, max_size=3)), max_size=4))
def test_what_a_project_names_comes_back_or_is_refused(contents: list[tuple[str, str, list[str]]]) -> None:
    for note, kind, texts in contents:
        order = order_with({"note": note, "kind": kind, "bookings": [{"text": text} for text in texts]})
        if any(_NO_XML.search(text) for text in (note, kind, *texts)):
            with pytest.raises(PermanentError, match="control character that XML cannot hold"):
                single_with(order, format="xml", fields=FIELDS)
            continue

        (customer,) = parsed(single_with(order, format="xml", fields=FIELDS))

        assert customer.get("number") == "KUNDE-00001"
        assert (customer.findtext("Note"), customer.find("Note").get("kind")) == (note, kind)
        assert [found.text or "" for found in customer.findall("Bookings/Booking/Text")] == texts


ENCODINGS = ["utf-8", "utf-8-bom", "utf-16-le", "utf-16-be", "us-ascii", "iso-8859-1", "iso-8859-15", "windows-1252"]


@given(st.text(st.characters(exclude_categories=("Cs", "Cc"), exclude_characters="\ufffe\uffff")))
@pytest.mark.parametrize("encoding", ENCODINGS)
def test_every_encoding_holds_every_character(encoding: str, note: str) -> None:
    order = order_with({"note": note})

    root = parsed(driver_with([order, order], format="xml", encoding=encoding, fields={"Note": "data.note"}))

    assert [customer.findtext("Note") for customer in root] == [note, note]


def test_the_data_goes_in_as_it_is() -> None:
    order = order_with(
        {"premium": {"value": 50000.0, "text": "50.000 €"}, "covers": [{"n": "a"}, {"n": "b"}], "x": None}
    )

    root = parsed(driver_with([order], format="xml", root="Customers", customer="Customer"))

    assert root.tag == "Customers"
    (customer,) = root
    assert customer.tag == "Customer"
    assert customer.findtext("communication/id") == str(order.communication_id)
    assert [line.text for line in customer.findall("customer/address_lines")] == order.data["customer"]["address_lines"]
    assert (customer.findtext("data/premium/value"), customer.findtext("data/premium/text")) == ("50000", "50.000 €")
    assert [cover.findtext("n") for cover in customer.findall("data/covers")] == ["a", "b"]
    assert customer.findtext("data/x") == ""


@given(st.dictionaries(st.text(min_size=1), st.just("held"), max_size=5))
def test_names_of_elements_are_made_safe(content: dict[str, str]) -> None:
    (customer,) = parsed(single_with(order_with(content), format="xml"))

    assert [element.text for element in customer.find("data")] == list(content.values())


def test_a_control_character_is_refused_with_its_path_and_without_its_value() -> None:
    order = order_with({"bookings": [{"text": "fine"}, {"text": "secret\x00"}]})

    with pytest.raises(PermanentError) as whole:
        single_with(order, format="xml")
    with pytest.raises(PermanentError) as named:
        single_with(order, format="xml", fields=FIELDS)

    assert "template 'statement', driver: data.bookings[1].text has a control character" in str(whole.value)
    assert "data.bookings[*].text has a control character" in str(named.value)
    assert "secret" not in f"{whole.value}{named.value}"


def test_elements_may_stand_in_namespaces() -> None:
    content = single_with(
        order_with({"note": "x"}),
        format="xml",
        namespace="urn:acme",
        namespaces={"n": "urn:notes"},
        fields={"n:Note": "data.note", "Number": "customer.key"},
    )

    (customer,) = parsed(content)

    assert customer.tag == "{urn:acme}customer"
    assert [child.tag for child in customer] == ["{urn:notes}Note", "{urn:acme}Number"]


def test_a_customer_may_be_the_document() -> None:
    content = single_with(order_with({}), format="xml", single="customer", namespace="urn:acme")

    assert parsed(content).tag == "{urn:acme}customer"


def test_what_is_not_there_is_an_empty_element_or_none() -> None:
    fields = {"@kind": "data.kind", "Note": "data.note", "Number": "customer.key"}

    empty = single_with(order_with({}), format="xml", fields=fields)
    left_out = single_with(order_with({}), format="xml", fields=fields, absent="left_out")

    assert b'<customer kind=""><Note/><Number>KUNDE-00001</Number></customer>' in empty
    assert b"<customer><Number>KUNDE-00001</Number></customer>" in left_out


@pytest.mark.parametrize(
    "driver, said",
    [
        ({"root": "two words"}, "a name in XML begins with"),
        ({"fields": {"1st": "customer.key"}}, "1st: a name in XML begins with"),
        ({"fields": {"n:Note": "customer.key"}}, "`namespaces` has no prefix 'n'"),
        ({"namespaces": {"xmlx": "urn:x"}}, "a prefix in XML"),
        ({"fields": {"@lines": {"each": "customer.address_lines"}}}, "@lines is a single value"),
        ({"fields": {"Größe": "customer.key"}, "encoding": "us-ascii"}, "cannot spell the name Größe"),
        ({"fields": {}}, "at least 1 item"),
    ],
)
def test_a_layout_that_makes_no_xml_is_refused(driver: dict[str, object], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        design_with(format="xml", **driver)
