"""Which orders go into which call."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from xconnector.connectors.exstream.design import ExstreamDesign
from xconnector.connectors.exstream.designs import design_of
from xconnector.connectors.exstream.driver.key import key_of
from xconnector.connectors.exstream.engine_service.returned import (
    bears_keys,
    gives_every_communication_its_own,
    tells_customers_apart,
)
from xconnector.connectors.exstream.run_date import printed_date
from xconnector.contract.composer import Composition, Order
from xconnector.contract.errors import ConnectorError, PermanentError


@dataclass(frozen=True, slots=True, kw_only=True)
class CallOrder:
    """An order in a call."""

    position: int
    """Its place in the list that was to be composed."""
    order: Order
    key: str | None
    """What the names of its files hold; None where they hold none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """Orders of one design and one date, each of another key."""

    template: str
    design: ExstreamDesign
    package: str
    issued_on: date
    orders: tuple[CallOrder, ...]

    def apart(self) -> Iterator["Call"]:
        """Give each order a call of its own."""
        return (replace(self, orders=(order,)) for order in self.orders)


def calls_of(
    orders: Sequence[Order], designs: Mapping[str, ExstreamDesign], *, most: int, shares_names: bool = False
) -> tuple[list[Call], dict[int, Composition | ConnectorError]]:
    """Return the calls that compose the orders, and by position the orders that none can compose.

    Only a design whose files bear the customer's key has up to `most` orders composed in one call. With `shares_names`,
    files of all calls lie in one folder, and a design that does not tell them apart is refused.
    """
    single: list[Call] = []
    together: defaultdict[tuple[str, date], list[Call]] = defaultdict(list)
    refused: dict[int, Composition | ConnectorError] = {}
    for position, order in enumerate(orders):
        try:
            call = _call(position, order, designs)
            if shares_names:
                _refuse_shared_names(call)
        except PermanentError as error:
            refused[position] = error
            continue
        if most > 1 and call.orders[0].key is not None and tells_customers_apart(call.design):
            together[call.template, call.issued_on].append(call)
        else:
            single.append(call)
    joined = [call for alike in together.values() for call in _joined(alike, most)]
    return [*single, *joined], refused


def _call(position: int, order: Order, designs: Mapping[str, ExstreamDesign]) -> Call:
    design = design_of(designs, order.template)
    if design.package is None:
        raise PermanentError(
            f"template {order.template!r}: its exstream.yaml names no `package` for the engine service"
        )
    return Call(
        template=order.template,
        design=design,
        package=design.package,
        issued_on=printed_date(order),
        orders=(CallOrder(position=position, order=order, key=key_of(design, order) if bears_keys(design) else None),),
    )


def _refuse_shared_names(call: Call) -> None:
    if not gives_every_communication_its_own(call.design):
        raise PermanentError(
            f"template {call.template!r}: calls at the same time would read each other's files from `output_folder`. "
            "Put `{id}` into `output_file.name`, or, in its exstream.yaml, `{key}` into the `file` of every output, "
            "with `key.path: communication.id`"
        )


def _joined(calls: Sequence[Call], most: int) -> Iterator[Call]:
    """Join calls of one order each; one whose key is there already goes into a later call."""
    waiting = list(calls)
    while waiting:
        taken: dict[str | None, Call] = {}
        left: list[Call] = []
        for call in waiting:
            key = call.orders[0].key
            if key in taken or len(taken) >= most:
                left.append(call)
            else:
                taken[key] = call
        yield replace(waiting[0], orders=tuple(call.orders[0] for call in taken.values()))
        waiting = left
