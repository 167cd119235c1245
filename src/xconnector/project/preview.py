"""What a project makes of events, without a database: the orders that a composer would get. Nothing is kept or sent."""

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from xconnector.contract.composer import Order
from xconnector.domain.customer import Customer
from xconnector.domain.document import RenditionKind
from xconnector.domain.event import SourceRecord
from xconnector.project.data_contract import ContractError
from xconnector.project.mapping import Mapped, MappingError
from xconnector.project.model import CommunicationKind, Project
from xconnector.project.presentation import present
from xconnector.project.trigger import asked_for


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """What a few events would lead to."""

    orders: Mapping[str, Sequence[Order]] = field(repr=False)
    """By the name of the communication, in the sequence of the events. Their ids are counted from 1."""
    problems: Sequence[str]
    """Why an event leads to nothing, one sentence each, without values."""


def preview(
    project: Project, records: Sequence[SourceRecord], *, templates: Container[str], issued_at: datetime
) -> Preview:
    """Return the orders of all communications that events ask for and that use one of the templates.

    A customer is what the event alone says of them.
    """
    orders: dict[str, list[Order]] = {}
    problems: list[str] = []
    for number, record in enumerate(records, start=1):
        try:
            for kind, order in _asked(project, record, templates, issued_at, number=number):
                orders.setdefault(kind.name, []).append(order)
        except (ContractError, MappingError) as wrong:
            problems.append(f"event {number}: {wrong}")
    return Preview(orders=orders, problems=problems)


def _asked(
    project: Project, record: SourceRecord, templates: Container[str], issued_at: datetime, *, number: int
) -> Sequence[tuple[CommunicationKind, Order]]:
    feed = project.feed_of(record.event_type)
    if feed is None:
        raise MappingError(f"no feed in xconnector.yaml takes events of type {record.event_type!r}")
    mapped = project.mappings[feed.mapping].apply(record.data)
    kinds = asked_for(project, record.event_type, mapped.data)
    return [
        (kind, _order(project, kind, mapped, UUID(int=number), issued_at))
        for kind in kinds
        if kind.template.name in templates
    ]


def _order(
    project: Project, kind: CommunicationKind, mapped: Mapped, communication_id: UUID, issued_at: datetime
) -> Order:
    presented = present(
        project,
        kind,
        communication_id=communication_id,
        issued_at=issued_at,
        customer=Customer(customer_key=mapped.customer_key, fields=mapped.customer_fields, provenance={}),
        data=mapped.data,
    )
    return Order(
        communication_id=communication_id,
        template=kind.template.name,
        kinds=frozenset(RenditionKind),
        language=presented.language,
        data=presented.data,
        issued_at=issued_at,
    )
