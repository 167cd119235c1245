import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from tests.connectors.exstream.driver.samples import design_with, driver_with, hostile_texts, order_with, single_with
from xconnector.connectors.exstream.driver.encoding import encoder_of
from xconnector.contract.errors import PermanentError

ORDERS = [order_with({"policy_number": f"P-{number}"}, number) for number in (1, 2, 3)]

NO_CONTROLS = dict.fromkeys({*range(0x20)} - {*b"\t\n\r"})

json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | hostile_texts.map(lambda text: text.translate(NO_CONTROLS)),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(hostile_texts, inner, max_size=3),
    max_leaves=10,
)


@given(st.lists(st.dictionaries(hostile_texts, json_values, max_size=4), max_size=4))
def test_whatever_the_data_holds_comes_back(contents: list[dict[str, Any]]) -> None:
    orders = [order_with(content, number) for number, content in enumerate(contents, start=1)]
    encoder = encoder_of(design_with(format="json"))

    written = b"".join([encoder.start(), *map(encoder.customer, orders), encoder.end()])

    assert json.loads(written) == [order.data for order in orders]


@given(st.lists(st.dictionaries(hostile_texts, json_values, max_size=4), min_size=1, max_size=4))
def test_lines_hold_one_customer_each(contents: list[dict[str, Any]]) -> None:
    orders = [order_with(content, number) for number, content in enumerate(contents, start=1)]

    lines = driver_with(orders, format="json", customers="lines").removesuffix(b"\n").split(b"\n")

    assert [json.loads(line) for line in lines] == [order.data for order in orders]


def test_many_customers_stand_under_a_name() -> None:
    assert json.loads(driver_with(ORDERS, format="json", root="customers")) == {
        "customers": [order.data for order in ORDERS]
    }


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-bom", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("single", ["object", "file"])
def test_every_encoding_of_all_characters_can_be_read(encoding: str, single: str) -> None:
    order = order_with({"note": "Übergröße 😀"})
    codec = {"utf-8-bom": "utf-8-sig"}.get(encoding, "utf-16" if "16" in encoding else encoding)

    alone = json.loads(single_with(order, format="json", encoding=encoding, single=single).decode(codec))
    among = json.loads(driver_with([order, order], format="json", encoding=encoding).decode(codec))

    assert alone == (order.data if single == "object" else [order.data])
    assert among == [order.data, order.data]


def test_a_project_names_what_the_design_expects() -> None:
    order = order_with(
        {
            "policy_number": "P-1",
            "premium": {"value": 1234.5, "text": "1.234,50 €"},
            "starts_on": {"value": "2026-12-01", "text": "1. Dezember 2026"},
            "coverages": [{"name": "Hausrat", "limits": [{"kind": "a"}, {"kind": "b"}]}, {"name": "Glas"}],
        }
    )
    fields = {
        "Brand": {"constant": "Aurora"},
        "Insured": {"fields": {"Number": "customer.key", "Policy": "data.policy_number"}},
        "Premium": "data.premium.value",
        "PremiumText": {"path": "data.premium.value", "decimals": 2, "decimal_sign": ","},
        "Start": {"path": "data.starts_on.value", "date": "DD.MM.YYYY"},
        "Nothing": "data.not_there",
        "Lines": {"each": "customer.address_lines"},
        "Coverages": {
            "each": "data.coverages",
            "fields": {
                "Name": "name",
                "Policy": "/data.policy_number",
                "Limits": {"each": "limits", "fields": {"Kind": "kind"}},
            },
        },
    }

    assert json.loads(single_with(order, format="json", fields=fields)) == {
        "Brand": "Aurora",
        "Insured": {"Number": "KUNDE-00001", "Policy": "P-1"},
        "Premium": 1234.5,
        "PremiumText": "1234,50",
        "Start": "01.12.2026",
        "Nothing": None,
        "Lines": ["Jördis Sämann 1", "Lindenweg 1", "10115 Berlin"],
        "Coverages": [
            {"Name": "Hausrat", "Policy": "P-1", "Limits": [{"Kind": "a"}, {"Kind": "b"}]},
            {"Name": "Glas", "Policy": "P-1", "Limits": []},
        ],
    }


def test_what_is_not_there_can_be_left_out() -> None:
    fields = {"Number": "customer.key", "Nothing": "data.not_there"}

    assert json.loads(single_with(ORDERS[0], format="json", fields=fields, absent="left_out")) == {
        "Number": "KUNDE-00001"
    }


def test_no_customer_is_a_whole_file_too() -> None:
    encoder = encoder_of(design_with(format="json"))
    assert json.loads(encoder.start() + encoder.end()) == []


def test_a_refused_customer_leaves_the_file_whole() -> None:
    encoder = encoder_of(design_with(format="json"))
    parts = [encoder.start()]
    broken = order_with({"notes": ["fine", "broken \ud800"]})
    with pytest.raises(PermanentError, match=r"^template 'statement', driver: data.notes\[1\] has half of a surrogate"):
        parts.append(encoder.customer(broken))
    parts += [encoder.customer(ORDERS[1]), encoder.end()]
    assert json.loads(b"".join(parts)) == [ORDERS[1].data]


@pytest.mark.parametrize("sign", ["\x00", "\x08", "\x0b", "\x0c", "\x1f"])
def test_a_control_character_refuses_its_customer_although_json_could_spell_it(sign: str) -> None:
    with pytest.raises(PermanentError, match=r"data.notes\[1\] has a control character") as refused:
        driver_with([order_with({"notes": ["fine", f"secret{sign}"]})], format="json")

    assert "secret" not in str(refused.value)


def test_what_only_looks_like_a_spelled_control_character_is_written() -> None:
    order = order_with({"notes": ["C:\\u0001\\form\\back", "two\r\nlines\tand a tab"]})

    assert json.loads(single_with(order, format="json")) == order.data


def test_two_files_are_written_at_once_without_touching_each_other() -> None:
    design = design_with(format="json")
    first, second = encoder_of(design), encoder_of(design)
    one, two = [first.start()], [second.start()]
    for order in ORDERS:
        one.append(first.customer(order))
        two.append(second.customer(order))

    assert json.loads(b"".join([*one, first.end()])) == json.loads(b"".join([*two, second.end()]))


def test_a_name_around_lines_is_refused() -> None:
    with pytest.raises(ValidationError, match="`root` holds an array"):
        design_with(format="json", customers="lines", root="customers")
