"""arriving: a record as it stands in the inbox: by which name, with which digest, for which feed, and what is wrong."""

from dataclasses import replace

from xconnector.domain.change_event import change_digest
from xconnector.domain.change_record import as_change
from xconnector.domain.event import BadRecord, SourceRecord, payload_digest
from xconnector.project.model import Feed, Project
from xconnector.project.promises import breach_of
from xconnector.store.inbox import Arrival
from xconnector.store.rows import to_json


def read_as_told(record: SourceRecord | BadRecord, feed: Feed | None) -> SourceRecord | BadRecord:
    """Return a record as its feed tells it: of a feed of changes, the change, by its name."""
    if feed is None or feed.changes is None:
        return record
    return as_change(record, event_type=feed.event)


def digest_of(record: SourceRecord | BadRecord, feed: Feed | None) -> str:
    """Return the digest by which a record, read as it was told, is known when it comes again."""
    if isinstance(record, SourceRecord) and feed is not None and feed.changes:
        # A change that is told again has another envelope around it, and says the same.
        return change_digest(record.data)
    return payload_digest(record.payload)


def arrival_of(project: Project, record: SourceRecord | BadRecord, feed: Feed | None) -> Arrival:
    """Return a record, read as it was told, as it is written to the inbox; with a reason where it is set aside."""
    if isinstance(record, BadRecord):
        return Arrival(
            source=record.source,
            source_key=record.source_key,
            event_type=feed.event if feed else "",
            occurred_at=None,
            sha256=digest_of(record, feed),
            payload=record.payload,
            data=None,
            feed=feed.name if feed else None,
            position=record.position,
            reason=record.reason,
        )
    # A CloudEvent from a broker has a type of its own: by that it finds its mapping.
    taker = feed if feed is not None and feed.event == record.event_type else project.feed_of(record.event_type)
    return Arrival(
        source=record.source,
        source_key=record.source_key,
        event_type=record.event_type,
        occurred_at=record.occurred_at,
        sha256=digest_of(record, feed),
        payload=record.payload,
        data=to_json(record.data),
        feed=taker.name if taker else None,
        position=record.position,
        reason=breach_of(project, taker, record.data),
    )


def without_breach(arrival: Arrival) -> Arrival:
    """Return an arrival as it is taken whatever its contract says; one that cannot be read stays bad."""
    return arrival if arrival.data is None else replace(arrival, reason=None)
