"""What a project makes of events, without a database: the orders that a composer would get. Nothing is kept or sent."""

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from xconnector.contract.composer import Order
from xconnector.domain.customer import Customer, CustomerRecord
from xconnector.domain.document import RenditionKind
from xconnector.domain.event import SourceRecord
from xconnector.project.condition import ConditionError
from xconnector.project.data_contract import ContractError
from xconnector.project.mapping import Mapped, MappingError
from xconnector.project.model import CommunicationKind, Project
from xconnector.project.presentation import present
from xconnector.project.trigger import asked_for


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """What a few events would lead to."""

    orders: Mapping[str, Sequence[Order]] = field(repr=False)
    """By the name of the communication, in the sequence of the events. Their ids are the events' numbers, from 1."""
    problems: Sequence[str]
    """Why an event leads to nothing, one sentence each, without values."""


def preview(
    project: Project,
    records: Sequence[SourceRecord],
    *,
    communications: Container[str],
    customers: Mapping[str, Sequence[CustomerRecord]],
    issued_at: datetime,
) -> Preview:
    """Return the orders that events lead to, of some communications.

    Args:
        project: whose mappings, communications and words these are.
        records: the events.
        communications: names of those that are wanted; events that lead to others alone are passed over.
        customers: what is known of customers by their keys; what an event says itself is newer.
        issued_at: the date of the documents.
    """
    types = {kind.event for kind in project.communications.values() if kind.name in communications}
    orders: dict[str, list[Order]] = {}
    problems: list[str] = []
    for number, record in enumerate(records, start=1):
        if record.event_type not in types:
            continue
        try:
            mapped = _mapped(project, record, issued_at)
            if mapped.is_deleted and not mapped.data:
                continue
            customer = _customer(project, mapped, record, customers.get(mapped.customer_key, ()), issued_at)
            for kind in asked_for(project, record.event_type, mapped.data):
                if kind.name in communications:
                    order = _order(project, kind, customer, mapped.data, UUID(int=number), issued_at)
                    orders.setdefault(kind.name, []).append(order)
        except (ConditionError, ContractError, MappingError) as wrong:
            problems.append(f"event {number}: {wrong}")
    return Preview(orders=orders, problems=problems)


def _mapped(project: Project, record: SourceRecord, issued_at: datetime) -> Mapped:
    feed = project.feed_of(record.event_type)
    if feed is None:
        raise MappingError(f"no feed in xconnector.yaml takes events of type {record.event_type!r}")
    return project.mapping_of(feed, at=record.occurred_at or issued_at).apply(record.data)


def _customer(
    project: Project, mapped: Mapped, record: SourceRecord, known: Sequence[CustomerRecord], now: datetime
) -> Customer:
    after_all = max([now, *(one.as_of for one in known)]) + timedelta(microseconds=1)
    said = CustomerRecord(
        customer_key=mapped.customer_key,
        source=record.source,
        as_of=after_all,
        fields=mapped.customer_fields,
        verified=mapped.verified,
        replaces_all=mapped.is_deleted,
    )
    return project.survivorship.golden(mapped.customer_key, [*known, said], at=after_all)


def _order(
    project: Project,
    kind: CommunicationKind,
    customer: Customer,
    data: Mapping[str, Any],
    communication_id: UUID,
    issued_at: datetime,
) -> Order:
    presented = present(
        project, kind, communication_id=communication_id, issued_at=issued_at, customer=customer, data=data
    )
    return Order(
        communication_id=communication_id,
        template=kind.template.name,
        kinds=frozenset(RenditionKind),
        language=presented.language,
        data=presented.data,
        issued_at=issued_at,
    )
