"""Records of a feed that tells changes of rows: each is named by its row and by its place in the log of its source.

A change is told at least once, and late or early. Under that name it is taken once.
"""

from dataclasses import replace
from typing import cast

from xconnector.domain.change_event import (
    TOMBSTONE,
    TRUNCATE,
    Change,
    NoChangeError,
    change_of,
    changed_at,
    place_in_order,
)
from xconnector.domain.event import BadRecord, SourceRecord
from xconnector.domain.strict_json import Json

_NO_VALUE = frozenset({b"", b"null"})
_EMPTIED = (
    "the whole table was emptied (op t), and nothing is taken back by that; if it was meant, take back what this "
    "source says of its customers"
)


def as_change(record: SourceRecord | BadRecord, *, event_type: str) -> SourceRecord | BadRecord:
    """Return a record of a change feed as the change that it tells; its key is the row's, with the change's place."""
    if isinstance(record, BadRecord):
        return _tombstone(record, event_type) if record.payload.strip() in _NO_VALUE else record
    try:
        change = change_of(cast("Json", record.data))
    except NoChangeError as wrong:
        return _bad(record, str(wrong))
    if change["op"] == TRUNCATE:
        return _bad(record, _EMPTIED)
    return replace(record, source_key=_key(record.source_key, change), occurred_at=changed_at(change), data=change)


def row_key_of(source_key: str) -> str:
    """Return which row a change is of, by the key of its record."""
    return source_key.rpartition("@")[0]


def _tombstone(record: BadRecord, event_type: str) -> SourceRecord:
    """Return what a message without a value says: nothing more than the delete before it."""
    change: Change = {"op": TOMBSTONE, "row": None, "before": None, "after": None, "source": None, "key": None}
    return SourceRecord(
        source=record.source,
        source_key=f"{record.source_key or ''}@:{TOMBSTONE}",
        event_type=event_type,
        occurred_at=None,
        payload=record.payload,
        data=change,
        position=record.position,
    )


def _key(row_key: str, change: Change) -> str:
    place, clock = place_in_order(change), change.get("ts_ms")
    # The last @ parts row and place: what a source writes into its envelope must not move it.
    at = (
        str(place)
        if place is not None
        else f"{change['op']}:{clock if isinstance(clock, int) else None}".replace("@", "")
    )
    told = f"{row_key}@{at}"
    return f"{told}:{TOMBSTONE}" if change["op"] == TOMBSTONE else told


def _bad(record: SourceRecord, reason: str) -> BadRecord:
    return BadRecord(
        source=record.source,
        source_key=record.source_key,
        payload=record.payload,
        reason=reason,
        position=record.position,
    )
