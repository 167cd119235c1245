"""Writes customer driver files: streamed, one customer after the other."""

from collections.abc import Iterable, Mapping
from typing import Protocol

from xconnector.connectors.exstream.designs import design_of
from xconnector.connectors.exstream.driver.form import DriverForm, Write
from xconnector.connectors.exstream.driver.layout import DriverLayout
from xconnector.connectors.exstream.driver.refusal import RefusedError
from xconnector.contract.composer import Order
from xconnector.contract.errors import PermanentError
from xconnector.domain.record_path import PathError


class Driven(Protocol):
    """A design that says how its customer driver file is laid out."""

    @property
    def driver(self) -> DriverLayout: ...


class DriverEncoder:
    """Writes one driver file after the other: `start`, every `customer`, `end`.

    Each file that is being written needs an encoder of its own; it holds no customer.
    """

    def __init__(self, form: DriverForm) -> None:
        self._form = form
        self._is_first = True

    @property
    def media_type(self) -> str:
        """What the file is, as Content-Type names it."""
        return self._form.media_type

    def start(self) -> bytes:
        """Begin a file."""
        self._is_first = True
        return self._form.opening

    def customer(self, order: Order) -> bytes:
        """Return the next customer of the file.

        Raises PermanentError naming template and path, and no value; the file then goes on without this customer.
        """
        written = _written(self._form.customer, order)
        if self._is_first:
            self._is_first = False
            return written
        return self._form.separator + written

    def end(self) -> bytes:
        """End the file."""
        return self._form.closing

    def single(self, order: Order) -> bytes:
        """Return a whole file of one customer, as on-demand gets it.

        Raises PermanentError naming template and path, and no value.
        """
        return _written(self._form.single, order)


def encoder_of(design: Driven) -> DriverEncoder:
    """Return an encoder for one file of the design. The layout is compiled once for each design."""
    return DriverEncoder(design.driver.form)


def driver_of(designs: Mapping[str, Driven], orders: Iterable[Order]) -> bytes:
    """Return the driver file of a few orders that share a template.

    Raises PermanentError naming template and path, and no value; also when the template has no design.
    """
    chosen = list(orders)
    templates = {order.template for order in chosen}
    if len(templates) != 1:
        raise PermanentError(f"a driver is written for one template, not for {len(templates)}")
    template = templates.pop()
    encoder = encoder_of(design_of(designs, template))
    return b"".join([encoder.start(), *map(encoder.customer, chosen), encoder.end()])


def _written(write: Write, order: Order) -> bytes:
    try:
        return write({**order.data})
    except (RefusedError, PathError) as refused:
        raise PermanentError(f"template {order.template!r}, driver: {refused}") from None
