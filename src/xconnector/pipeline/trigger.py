"""trigger: which communications does this record ask for: none, one or many."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from xconnector.domain.change_event import DELETE, TOMBSTONE
from xconnector.domain.event import REMOVED
from xconnector.domain.trigger.book import Ask, Heard, Origin
from xconnector.domain.trigger.keys import Fields, key_heard, keys_of
from xconnector.pipeline.promises import BreachError, breach_of
from xconnector.pipeline.workplace import Workplace
from xconnector.project.mapping import Mapped, MappingError, RecordMapping
from xconnector.project.model import CommunicationKind, Feed, Project
from xconnector.project.trigger import asked_for, listened_for, start_of
from xconnector.store.inbox import TakenRecord
from xconnector.store.rows import from_json


@dataclass(frozen=True, slots=True, kw_only=True)
class MappedRecord:
    """A record in our words."""

    record: TakenRecord
    mapping: RecordMapping
    mapped: Mapped
    change: Mapping[str, Any] | None = None
    """Of a feed that tells changes of rows: which one."""
    is_deleted: bool = False
    """Whether it says that what it speaks of is no longer there."""

    @property
    def as_of(self) -> datetime:
        return self.record.as_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One communication that a record asks for."""

    communication_id: UUID
    kind: CommunicationKind
    source: MappedRecord
    ask: Ask | None = None
    """By what it is judged whether it begins; None where its kind begins at once."""


def feed_of(project: Project, record: TakenRecord) -> Feed | None:
    """Return the feed that a record belongs to as the project is now."""
    return project.feeds.get(record.feed or "") or project.feed_of(record.event_type)


def map_record(project: Project, record: TakenRecord) -> MappedRecord:
    """Translate a record by the mapping of its feed.

    What its source promised is asked again: the record may have waited since it came, or the contract been changed.

    Raises BreachError where it breaks its contract, MappingError naming the fields and paths that do not fit, and where
    no feed takes such events.
    """
    feed = feed_of(project, record)
    if feed is None:
        raise MappingError(
            f"no feed in xconnector.yaml takes events of type {record.event_type!r}; add one with its mapping"
        )
    content = from_json(record.data)
    if (breach := breach_of(project, feed, content)) is not None:
        raise BreachError(breach)
    mapping = project.mapping_of(feed, at=record.as_of)
    change = None if feed.changes is None else content
    is_deleted = REMOVED in content if change is None else change.get("op") == DELETE
    mapped = _deleted(mapping, content) if is_deleted else mapping.apply(content)
    if feed.has_own_keys:
        mapped = replace(mapped, customer_key=feed.member_key(record.source, mapped.customer_key))
    is_deleted = is_deleted or mapped.is_deleted
    return MappedRecord(record=record, mapping=mapping, mapped=mapped, change=change, is_deleted=is_deleted)


def is_tombstone(project: Project, record: TakenRecord) -> bool:
    """Say whether a record of a feed that tells changes says nothing more than the delete before it."""
    feed = feed_of(project, record)
    return feed is not None and feed.changes is not None and record.source_key.endswith(f":{TOMBSTONE}")


def _deleted(mapping: RecordMapping, content: Mapping[str, Any]) -> Mapped:
    """Return what a delete says: often no more than whose row it was."""
    try:
        return mapping.apply(content)
    except MappingError:
        return Mapped(customer_key=mapping.customer_of(content), data={}, customer_fields={}, source_key=None)


def trigger(place: Workplace, source: MappedRecord, customer_key: str) -> list[Asked]:
    """Return the communications that a record asks for, each with its identity.

    `customer_key` is of the customer to whom the member that it names belongs by now.

    Raises ConditionError where the condition of one cannot be answered, StartError where its start cannot be told.
    """
    # What was removed is no occasion; a deleted row may be one, where the record still tells what it was.
    tells = source.change is not None or source.mapped.is_deleted
    if source.is_deleted and not (tells and source.mapped.data):
        return []
    kinds = asked_for(place.project, source.record.event_type, source.mapped.data)
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
