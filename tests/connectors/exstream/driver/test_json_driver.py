import json

import pytest
from pydantic import ValidationError

from xconnector.connectors.exstream.design import ExstreamDesign
from xconnector.connectors.exstream.driver.encoding import driver_of, encoder_of
from xconnector.contract.errors import PermanentError
from xconnector.testing.orders import sample_order, with_data

ORDERS = [sample_order(number, template="policy") for number in (1, 2, 3)]


def test_an_order_goes_in_as_it_is() -> None:
    assert json.loads(encoder_of(ExstreamDesign()).single(ORDERS[0])) == ORDERS[0].data


def test_many_customers_are_an_array() -> None:
    assert json.loads(_driver()) == [order.data for order in ORDERS]


def test_many_customers_are_lines() -> None:
    lines = _driver(customers="lines").decode().splitlines()
    assert [json.loads(line) for line in lines] == [order.data for order in ORDERS]


def test_many_customers_stand_under_a_name() -> None:
    assert json.loads(_driver(root="customers")) == {"customers": [order.data for order in ORDERS]}


def test_no_customer_is_a_whole_file_too() -> None:
    encoder = encoder_of(ExstreamDesign())
    assert json.loads(encoder.start() + encoder.end()) == []


def test_a_refused_customer_leaves_the_file_whole() -> None:
    encoder = encoder_of(ExstreamDesign())
    parts = [encoder.start()]
    with pytest.raises(PermanentError, match=r"^template 'policy', driver: data.note has half of a surrogate pair"):
        parts.append(encoder.customer(with_data(ORDERS[0], note="\ud800")))
    parts += [encoder.customer(ORDERS[1]), encoder.end()]
    assert json.loads(b"".join(parts)) == [ORDERS[1].data]


def test_a_name_around_lines_is_refused() -> None:
    with pytest.raises(ValidationError, match="`root` holds an array"):
        ExstreamDesign.model_validate({"driver": {"format": "json", "customers": "lines", "root": "customers"}})


def _driver(**layout: str) -> bytes:
    design = ExstreamDesign.model_validate({"driver": {"format": "json", **layout}})
    return driver_of({"policy": design}, ORDERS)
