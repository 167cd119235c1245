"""The stand-in of Exstream reads what the connector writes, by the declared layout alone."""

from collections.abc import Mapping
from dataclasses import replace
from io import BytesIO
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xconnector.connectors.exstream.design import ExstreamDesign
from xconnector.connectors.exstream.driver.encoding import encoder_of
from xconnector.contract.composer import Order
from xconnector.sandbox.exstream.drivers import customers_of
from xconnector.sandbox.exstream.unreadable import UnreadableDriverError
from xconnector.testing.orders import sample_order

NAMED = {
    "PolicyNumber": "data.policy_number",
    "Key": {"path": "communication.id", "required": True},
    "Address1": "customer.address_lines[0]",
    "Address2": "customer.address_lines[1]",
    "Issued": {"path": "communication.date.value", "date": "DD.MM.YYYY"},
    "Fixed": {"constant": "A"},
    "Money": {"fields": {"Premium": {"path": "data.premium.value", "decimals": 2, "decimal_sign": "none"}}},
    "Coverages": {
        "each": "data.coverages",
        "fields": {"Name": "name", "Limit": {"path": "limit.value", "decimals": 2, "decimal_sign": ","}},
    },
}
RECORDS: list[dict[str, Any]] = [
    {
        "indicator": "CUST",
        "fields": [
            "communication.id",
            "data.policy_number",
            {"path": "communication.date.value", "date": "YYYYMMDD"},
            {"path": "data.premium.value", "decimals": 2},
        ],
    },
    {"indicator": "ADR", "each": "customer.address_lines", "fields": ["."]},
    {"indicator": "COV", "each": "data.coverages", "fields": ["name", {"path": "limit.value", "decimals": 2}]},
]


def columns(record: dict[str, Any]) -> dict[str, Any]:
    """Return the record with a width for each of its fields."""
    fields = [{**(field if isinstance(field, dict) else {"path": field}), "width": 40} for field in record["fields"]]
    return {**record, "fields": fields}


COLUMNS = [columns(record) for record in RECORDS]
LAYOUTS: Mapping[str, Mapping[str, Any]] = {
    "fields": {"format": "json", "fields": NAMED},
    "fields under a root": {"format": "json", "root": "Kunden", "fields": NAMED, "absent": "left_out"},
    "XML": {"format": "xml", "fields": {**NAMED, "@version": {"constant": "2"}}},
    "XML with namespaces": {
        "format": "xml",
        "encoding": "utf-16-le",
        "namespace": "urn:aurora",
        "namespaces": {"x": "urn:other"},
        "fields": {"x:PolicyNumber": "data.policy_number", **{k: v for k, v in NAMED.items() if k != "PolicyNumber"}},
    },
    "XML in Latin": {"format": "xml", "encoding": "iso-8859-1", "single": "customer", "fields": NAMED},
    "delimited": {"format": "delimited", "records": RECORDS},
    "delimited by tabs": {
        "format": "delimited",
        "delimiter": "\t",
        "quoting": "always",
        "line_end": "crlf",
        "encoding": "windows-1252",
        "indicator_place": 3,
        "records": RECORDS,
    },
    "columnar": {"format": "columnar", "records": COLUMNS},
    "columnar of a mainframe": {
        "format": "columnar",
        "encoding": "cp1141",
        "line_end": "none",
        "record_length": 200,
        "records": COLUMNS,
    },
    "columnar in bytes": {"format": "columnar", "widths": "bytes", "record_length": 180, "records": COLUMNS},
    "columnar in EBCDIC lines": {"format": "columnar", "encoding": "cp1047", "line_end": "nel", "records": COLUMNS},
}


def design_with(driver: Mapping[str, Any]) -> ExstreamDesign:
    return ExstreamDesign.model_validate({"driver": driver})


def read_back(driver: Mapping[str, Any], content: bytes) -> list[dict[str, Any]]:
    return list(customers_of(design_with(driver).driver, BytesIO(content)))


def written(driver: Mapping[str, Any], orders: list[Order]) -> bytes:
    encoder = encoder_of(design_with(driver))
    return b"".join([encoder.start(), *(encoder.customer(order) for order in orders), encoder.end()])


def orders(count: int = 3) -> list[Order]:
    return [sample_order(number, template="policy") for number in range(1, count + 1)]


@pytest.mark.parametrize(
    "driver",
    [
        {},
        {"customers": "lines"},
        {"root": 'Kunden "und" andere'},
        {"encoding": "utf-16-le"},
        {"encoding": "utf-8-bom", "customers": "lines"},
    ],
)
def test_data_as_it_is_comes_back_whole(driver: Mapping[str, Any]) -> None:
    many = [dict(order.data) for order in orders()]

    assert read_back({"format": "json", **driver}, written({"format": "json", **driver}, orders())) == many


@pytest.mark.parametrize("driver", [{}, {"root": "customers"}, {"single": "file"}, {"customers": "lines"}])
def test_one_customer_alone_comes_back(driver: Mapping[str, Any]) -> None:
    (order,) = orders(1)
    layout = {"format": "json", **driver}

    assert read_back(layout, encoder_of(design_with(layout)).single(order)) == [order.data]


def test_data_as_it_is_comes_back_from_xml_as_text() -> None:
    layout = {"format": "xml"}
    customers = read_back(layout, written(layout, orders()))

    assert [customer["data"]["policy_number"] for customer in customers] == [
        "P-2026-000001",
        "P-2026-000002",
        "P-2026-000003",
    ]
    assert customers[0]["customer"]["address_lines"] == ["Jördis Sämann 1", "Lindenweg 1", "10115 Berlin"]
    assert customers[0]["data"]["note"] is None
    assert customers[0]["data"]["premium"] == {"value": "1235.5", "text": "1.235,50 €"}


@pytest.mark.parametrize("name", LAYOUTS)
def test_named_values_come_back_where_they_were_taken_from(name: str) -> None:
    layout = LAYOUTS[name]
    customers = read_back(layout, written(layout, orders()))

    assert len(customers) == 3
    for number, customer in enumerate(customers, 1):
        order = sample_order(number, template="policy")
        assert customer["communication"]["id"] == str(order.communication_id)
        assert customer["communication"]["date"]["value"] == "2026-11-23"
        assert customer["data"]["policy_number"] == f"P-2026-{number:06}"
        assert customer["data"]["premium"]["value"] == 1234.5 + number
        assert customer["customer"]["address_lines"][:2] == order.data["customer"]["address_lines"][:2]
        assert [coverage["name"] for coverage in customer["data"]["coverages"]] == ["Hausrat", "Glasbruch"]
        assert [float(coverage["limit"]["value"]) for coverage in customer["data"]["coverages"]] == [50000, 1500]


@given(st.lists(st.text(st.characters(exclude_categories=("Cs", "Cc", "Zl", "Zp")), max_size=60), max_size=5))
def test_any_line_of_text_survives_delimiters_and_quotes(names: list[str]) -> None:
    layout = {"format": "delimited", "delimiter": ";", "records": RECORDS}
    (sample,) = orders(1)
    data = {**sample.data["data"], "coverages": [{"name": name, "limit": {"value": 1}} for name in names]}
    order = replace(sample, data={**sample.data, "data": data})

    (customer,) = read_back(layout, written(layout, [order]))

    read = [coverage["name"] or "" for coverage in customer["data"].get("coverages", [])]
    assert read == names


class Trickle(BytesIO):
    """A driver of which a few bytes come at a time."""

    def read(self, size: int | None = -1, /) -> bytes:
        del size
        return super().read(7)


@pytest.mark.parametrize("name", LAYOUTS)
def test_a_driver_may_come_in_any_pieces(name: str) -> None:
    content = written(LAYOUTS[name], orders())
    layout = design_with(LAYOUTS[name]).driver

    assert list(customers_of(layout, Trickle(content))) == list(customers_of(layout, BytesIO(content)))


@pytest.mark.parametrize("driver", [{}, {"customers": "lines"}, {"root": "customers"}, {"encoding": "utf-16-be"}])
def test_json_may_come_in_any_pieces(driver: Mapping[str, Any]) -> None:
    layout = {"format": "json", **driver}
    content = written(layout, orders())

    assert list(customers_of(design_with(layout).driver, Trickle(content))) == [order.data for order in orders()]


def test_comments_and_entities_of_xml_say_nothing() -> None:
    content = b"<!DOCTYPE c [<!ENTITY x SYSTEM 'file:///etc/passwd'>]><!-- a --><customers><!-- b --><customer>"
    content += b"<!-- c --><data><number>1</number><text>&x;</text></data></customer></customers>"

    assert read_back({"format": "xml"}, content) == [{"data": {"number": "1", "text": None}}]


@pytest.mark.parametrize("date", ["99.99.2026", "tomorrow", "31.02.2026"])
def test_a_date_that_is_none_stays_as_it_is_written(date: str) -> None:
    due = {"path": "data.due_on.value", "date": "DD.MM.YYYY"}
    layout = {"format": "json", "fields": {"Due": due, "Id": "communication.id"}}

    (customer,) = read_back(layout, b'{"Due": "%b"}' % date.encode())

    assert customer["data"] == {"due_on": {"value": date}}


@given(st.integers(1, 400), st.binary(max_size=40))
def test_a_driver_that_is_cut_off_or_spoilt_is_unreadable_and_no_crash(kept: int, spoilt: bytes) -> None:
    for layout in [{"format": "json"}, *LAYOUTS.values()]:
        content = written(layout, orders(1))[:kept] + spoilt
        try:
            customers = read_back(layout, content)
        except UnreadableDriverError:
            continue
        assert all(isinstance(customer, dict) for customer in customers)


def test_a_million_customers_are_never_held_at_once() -> None:
    class Endless(BytesIO):
        """A driver without an end."""

        def read(self, size: int | None = -1, /) -> bytes:
            del size
            return b'{"data": {"number": "1"}},\n' * 1000

    customers = customers_of(design_with({"format": "json"}).driver, Endless())

    for _ in range(20_000):
        assert next(customers) == {"data": {"number": "1"}}
