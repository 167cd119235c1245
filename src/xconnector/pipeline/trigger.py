"""trigger: which communications does this record ask for: none, one or many."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from uuid import UUID

from xconnector.domain.trigger.book import Ask, Heard, Origin
from xconnector.domain.trigger.keys import Fields, key_heard, keys_of
from xconnector.pipeline.workplace import Workplace
from xconnector.project.judging_records import MappedRecord, kinds_asked_for
from xconnector.project.model import CommunicationKind
from xconnector.project.trigger import listened_for, start_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One communication that a record asks for."""

    communication_id: UUID
    kind: CommunicationKind
    source: MappedRecord
    ask: Ask | None = None
    """By what it is judged whether it begins; None where its kind begins at once."""


def trigger(place: Workplace, source: MappedRecord, customer_key: str) -> list[Asked]:
    """Return the communications that a record asks for, each with its identity.

    `customer_key` is of the customer to whom the member that it names belongs by now.

    Raises ConditionError where the condition of one cannot be answered, StartError where its start cannot be told.
    """
    kinds = kinds_asked_for(place.project, source)
    return [_asked(place.new_id(), kind, source, customer_key) for kind in kinds]


def _asked(communication_id: UUID, kind: CommunicationKind, source: MappedRecord, customer_key: str) -> Asked:
    ask = None if kind.rules.are_none else _ask(communication_id, kind, source, customer_key)
    return Asked(communication_id=communication_id, kind=kind, source=source, ask=ask)


def _ask(communication_id: UUID, kind: CommunicationKind, source: MappedRecord, customer_key: str) -> Ask:
    record, mapped = source.record, source.mapped
    return Ask(
        communication_id=communication_id,
        kind=kind.name,
        origin=Origin(record_id=record.record_id, source=record.source, source_key=record.source_key),
        as_of=source.as_of,
        asked_at=record.received_at,
        keys=keys_of(kind.name, kind.rules, Fields(data=mapped.data, customer_key=customer_key)),
        begins_at=start_of(kind, source.as_of, mapped.data),
    )


def heard_in(place: Workplace, sources: Iterable[MappedRecord], customer_of: Mapping[str, str]) -> list[Heard]:
    """Return the events among these records that some kind waits for, or that cancel it; each once under its key.

    `customer_of` gives the customer of each member.
    """
    listening = listened_for(place.project)
    if not listening:
        return []
    heard: dict[tuple[UUID, int], Heard] = {}
    for source in sources:
        record = source.record
        member = source.mapped.customer_key
        fields = Fields(data=source.mapped.data, customer_key=customer_of[member])
        for one in listening.get(record.event_type, ()):
            key = key_heard(one, fields)
            if key is not None:
                origin = Origin(record_id=record.record_id, source=record.source, source_key=record.source_key)
                heard[key, record.record_id] = Heard(
                    key=key,
                    origin=origin,
                    as_of=source.as_of,
                    event=record.event_type,
                    member_key=member if one.names_customer else None,
                    customer_key=fields.customer_key if one.names_customer else None,
                )
    return [*heard.values()]
