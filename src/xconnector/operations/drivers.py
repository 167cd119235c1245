"""Drivers: seeing what a composer with designs of its own would be fed with."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from xconnector.contract.composer import Order
from xconnector.contract.driver import ShowsDriver
from xconnector.contract.errors import PermanentError
from xconnector.contract.manifest import Surroundings
from xconnector.contract.registry import manifest
from xconnector.domain.customer import CustomerRecord
from xconnector.domain.event import SourceRecord
from xconnector.project.findings import named_like
from xconnector.project.model import Project
from xconnector.project.preview import preview


class NoDriverError(Exception):
    """There is no driver to show; the message says why and what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownDriver:
    """What a composer would be handed for one communication."""

    communication: str
    template: str
    customers: int
    content: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownDrivers:
    """What a composer would be handed for some events."""

    drivers: Sequence[ShownDriver]
    problems: Sequence[str]
    """Why an event is in none of them, or its customer cannot be written, one sentence each, without values."""


def show_drivers(
    project: Project,
    connection: str,
    events: Sequence[SourceRecord],
    *,
    communication: str | None,
    customers: Iterable[CustomerRecord] = (),
    now: datetime,
) -> ShownDrivers:
    """Return the driver of each communication that events ask for, or of the one that is named.

    It reads the project and nothing else: nothing is stored, opened or sent. Customers are what these records and
    the events say of them.

    Raises NoDriverError where there is none.
    """
    composer, templates = _composer(project, connection)
    if communication is not None and communication not in project.communications:
        raise NoDriverError(
            f"the project has no communication {communication!r}; {named_like(communication, project.communications)}"
        )
    wanted = {
        kind.name
        for kind in project.communications.values()
        if kind.template.name in templates and communication in {None, kind.name}
    }
    found = preview(
        project, events, communications=wanted, customers=_by_key(customers), issued_at=now.replace(microsecond=0)
    )
    if not found.orders and not found.problems:
        raise NoDriverError(
            f"no event of the file asks for {communication or 'a communication'} with a template that has a design for "
            f"{connection}; there are designs for: {', '.join(sorted(templates)) or 'none'}"
        )
    problems = list(found.problems)
    drivers = [
        driver
        for name, orders in sorted(found.orders.items())
        if (driver := _shown(composer, name, orders, problems)) is not None
    ]
    return ShownDrivers(drivers=drivers, problems=problems)


def _shown(
    composer: ShowsDriver, communication: str, orders: Sequence[Order], problems: list[str]
) -> ShownDriver | None:
    """Return the driver of those orders that can be written, or None; of the others the problems are told."""
    try:
        content = composer.driver(orders)
    except PermanentError:
        orders = [order for order in orders if _can_be_written(composer, communication, order, problems)]
        if not orders:
            return None
        content = composer.driver(orders)
    return ShownDriver(communication=communication, template=orders[0].template, customers=len(orders), content=content)


def _can_be_written(composer: ShowsDriver, communication: str, order: Order, problems: list[str]) -> bool:
    try:
        composer.driver([order])
    except PermanentError as refusal:
        # A preview counts its orders' ids by the events.
        problems.append(f"event {order.communication_id.int}, {communication}: {refusal}")
        return False
    return True


def _by_key(records: Iterable[CustomerRecord]) -> Mapping[str, Sequence[CustomerRecord]]:
    found: dict[str, list[CustomerRecord]] = {}
    for record in records:
        found.setdefault(record.customer_key, []).append(record)
    return found


def _composer(project: Project, name: str) -> tuple[ShowsDriver, frozenset[str]]:
    """Return the connection's composer, not opened, and the templates for which it has a design."""
    connection = project.connections.get(name)
    if connection is None:
        raise NoDriverError(f"the project has no connection {name!r}; {named_like(name, project.connections)}")
    declared = manifest(connection.connector)
    designs = project.designs_for(declared)
    surroundings = Surroundings(project_folder=project.folder, state_folder=project.folder, designs=designs)
    composer = declared.composer(connection.settings, surroundings) if declared.composer is not None else None
    if not isinstance(composer, ShowsDriver):
        raise NoDriverError(
            f"connection {name!r} feeds no designs of an outside system: {connection.connector} has no driver to show"
        )
    return composer, frozenset(designs)
