"""The records of a request: found by the paths that a connection's settings name."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import cast

from xconnector.connectors.webhook.bodies import UnreadableError, content_of_request
from xconnector.connectors.webhook.settings import WebhookSettings
from xconnector.contract.webhook_source import WebhookRequest
from xconnector.domain.event import BadRecord, SourceRecord
from xconnector.domain.record_path import PathError, RecordPath, items_of, key_of, parse_path, text_of
from xconnector.domain.strict_json import Json

_LONGEST_ID = 500
_LONGEST_TYPE = 200
_FIRST_YEAR, _LAST_YEAR = 1900, 2999


@dataclass(frozen=True, slots=True, kw_only=True)
class Defaults:
    """What stands in records that do not say it themselves."""

    source: str
    event_type: str
    signed_id: str | None = None
    """The id of the request, where it is proven."""


@dataclass(frozen=True, slots=True)
class _Item:
    position: int | None
    """Among several records of a request, from 1; None where the body is the record."""
    payload: bytes = field(repr=False)
    content: Json = field(repr=False)
    own_name: str | None
    """What names it where no path does."""


class RecordReading:
    """Reads requests of one connection; the paths are made ready once."""

    def __init__(self, settings: WebhookSettings) -> None:
        self._settings = settings
        self._key = tuple(parse_path(path) for path in settings.key)
        self._records = _path(settings.records)
        self._type = _path(settings.type)
        self._time = _path(settings.time)

    def records(self, request: WebhookRequest, defaults: Defaults) -> Sequence[SourceRecord | BadRecord]:
        """Return every record in its order; what cannot be read with its bytes and the reason. Never raises."""
        try:
            items = self._items(request, defaults)
        except (UnreadableError, PathError) as wrong:
            return [
                BadRecord(
                    source=defaults.source, source_key=defaults.signed_id, payload=request.body, reason=str(wrong)
                )
            ]
        return [self._record(item, defaults) for item in items]

    def _items(self, request: WebhookRequest, defaults: Defaults) -> Sequence[_Item]:
        content, name = content_of_request(request, self._settings), defaults.signed_id
        if self._records is None and not isinstance(content, list):
            return [_Item(None, request.body, content, name)]
        found = self._found(content)
        if len(found) > self._settings.most_records:
            raise UnreadableError(f"the request has more than {self._settings.most_records} records")
        return [
            _Item(place, _written(one), one, None if name is None else f"{name}/{place}")
            for place, one in enumerate(found, start=1)
        ]

    def _found(self, content: Json) -> Sequence[Json]:
        if self._records is None:
            return items_of(content)
        listed = self._records.walk(content, content)
        if listed is None:
            raise UnreadableError(f"there is nothing at {self._records.text}, where the records should be")
        return items_of(listed)

    def _record(self, item: _Item, defaults: Defaults) -> SourceRecord | BadRecord:
        key: str | None = item.own_name
        try:
            record = _object(item.content)
            key = key_of(self._key, record) if self._key else item.own_name
            if not key or len(key) > _LONGEST_ID:
                raise UnreadableError(f"the record has no id of 1 to {_LONGEST_ID} characters")
            return SourceRecord(
                source=defaults.source,
                source_key=key,
                event_type=defaults.event_type if self._type is None else _event_type(self._type, record),
                occurred_at=None if self._time is None else _moment(self._time, record),
                payload=item.payload,
                data=record,
                position=item.position,
            )
        except (UnreadableError, PathError) as wrong:
            return BadRecord(
                source=defaults.source,
                source_key=key,
                payload=item.payload,
                reason=str(wrong) if item.position is None else f"record {item.position}: {wrong}",
                position=item.position,
            )


def _path(text: str | None) -> RecordPath | None:
    return None if text is None else parse_path(text)


def _written(content: Json) -> bytes:
    """Return a record of several as bytes of its own: the same record always as the same bytes."""
    return json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()


def _object(content: Json) -> dict[str, Json]:
    if not isinstance(content, dict):
        raise UnreadableError("it is no object with named fields")
    return content


def _event_type(path: RecordPath, record: dict[str, Json]) -> str:
    told = (text_of(path.of(record)) or "").strip()
    if not told or len(told) > _LONGEST_TYPE:
        raise UnreadableError(f"there is no type of an event at {path.text}")
    return told


def _moment(path: RecordPath, record: dict[str, Json]) -> datetime | None:
    told = path.of(record)
    if told is None or told == "":
        return None
    for read in cast("Sequence[Callable[[Json], datetime | None]]", (_from_number, _from_text)):
        try:
            moment = read(told)
        except (ValueError, OverflowError, OSError):
            continue
        if moment is not None and _FIRST_YEAR <= moment.year <= _LAST_YEAR:
            return moment
    raise UnreadableError(f"{path.text} is no time such as 2026-11-23T08:00:00Z, and no milliseconds since 1970")


def _from_number(told: Json) -> datetime | None:
    if isinstance(told, bool) or not isinstance(told, (int, float)):
        return None
    return datetime.fromtimestamp(told / 1000, UTC)


def _from_text(told: Json) -> datetime | None:
    if not isinstance(told, str):
        return None
    moment = datetime.fromisoformat(told.strip())
    # Without an offset nobody knows when that was.
    return None if moment.tzinfo is None else moment.astimezone(UTC)
