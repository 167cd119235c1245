"""Orders with whatever a source may send, and drivers of them."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from hypothesis import strategies as st

from xconnector.connectors.exstream.design import ExstreamDesign
from xconnector.connectors.exstream.driver.encoding import driver_of, encoder_of
from xconnector.contract.composer import Order
from xconnector.contract.errors import PermanentError
from xconnector.testing.orders import sample_order

TEMPLATE = "statement"

hostile_texts = st.text(st.characters(exclude_categories=("Cs",)), max_size=30)
"""Every character there is, those that control, quote and mark up more often than others."""
hostile_texts |= st.text(st.sampled_from("<>&\"'\\,;|\t\r\n\0\x1a\x85\u2028]]>ä€😀 "), max_size=30)
line_texts = st.text(st.characters(exclude_categories=("Cs", "Cc", "Zl", "Zp")), max_size=30)
"""What may stand on a line."""


def order_with(data: Mapping[str, Any], number: int = 1) -> Order:
    order = sample_order(number, template=TEMPLATE)
    return replace(order, data={**order.data, "data": dict(data)})


def design_with(**driver: object) -> ExstreamDesign:
    return ExstreamDesign.model_validate({"driver": driver, "key": {"name": "number"}})


def driver_or_refusal(orders: Sequence[Order], **driver: object) -> bytes | str:
    """Return the driver, or why it was refused."""
    try:
        return driver_with(orders, **driver)
    except PermanentError as refused:
        return str(refused)


def driver_with(orders: Sequence[Order], **driver: object) -> bytes:
    return driver_of({TEMPLATE: design_with(**driver)}, orders)


def single_with(order: Order, **driver: object) -> bytes:
    return encoder_of(design_with(**driver)).single(order)
