"""What a project makes of a record that came: our words, the communications that it asks for, or why neither.

The main path, replays, and dry runs of mappings all ask here.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from xconnector.domain.change_event import DELETE, TOMBSTONE
from xconnector.domain.event import REMOVED
from xconnector.domain.trigger.start import StartError
from xconnector.project.condition import ConditionError
from xconnector.project.mapping import Mapped, MappingError, RecordMapping
from xconnector.project.model import CommunicationKind, Feed, Project
from xconnector.project.promises import BreachError, breach_of
from xconnector.project.trigger import asked_for, start_of
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


def feed_of(project: Project, record: TakenRecord) -> Feed | None:
    """Return the feed that a record belongs to as the project is now."""
    return project.feeds.get(record.feed or "") or project.feed_of(record.event_type)


def map_record(project: Project, record: TakenRecord, *, instead: RecordMapping | None = None) -> MappedRecord:
    """Translate a record by the mapping of its feed, or by another one that is tried `instead`.

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
    mapping = instead or project.mapping_of(feed, at=record.as_of)
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


def kinds_asked_for(project: Project, source: MappedRecord) -> tuple[CommunicationKind, ...]:
    """Return the kinds of communication that a record asks for, by name.

    Raises ConditionError where the condition of one cannot be answered.
    """
    # What was removed is no occasion; a deleted row may be one, where the record still tells what it was.
    tells = source.change is not None or source.mapped.is_deleted
    if source.is_deleted and not (tells and source.mapped.data):
        return ()
    return asked_for(project, source.record.event_type, source.mapped.data)


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgedRecord:
    """What would become of a record today."""

    source: MappedRecord | None = None
    """None where it would be set aside, and where it says nothing."""
    communications: tuple[str, ...] = ()
    """Names of those that it asks for."""
    error: str | None = None
    """Why it would be set aside."""


def judge_record(project: Project, record: TakenRecord, *, instead: RecordMapping | None = None) -> JudgedRecord:
    """Say what would become of a record today, or if another mapping counted."""
    if is_tombstone(project, record):
        return JudgedRecord()
    try:
        source = map_record(project, record, instead=instead)
        kinds = kinds_asked_for(project, source)
        for kind in kinds:
            start_of(kind, source.as_of, source.mapped.data)
    except (BreachError, MappingError, ConditionError, StartError) as wrong:
        return JudgedRecord(error=str(wrong))
    return JudgedRecord(source=source, communications=tuple(kind.name for kind in kinds))
