"""Tracking events: what Exstream tells by itself of what it sent, as delivery events."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import msgspec

from xconnector.connectors.exstream.cloud.tracking_settings import TrackingSettings
from xconnector.connectors.exstream.cloud.tracking_words import Meaning, meaning_of
from xconnector.contract.errors import PermanentError
from xconnector.domain.delivery import DeliveryEvent
from xconnector.domain.document import content_digest
from xconnector.domain.record_path import PathError, RecordPath, parse_path, text_of
from xconnector.domain.strict_json import Json, StrictJsonError, read_json

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_OUR_KEY = re.compile(
    r"(?P<id>[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12})(?P<hand_over>-\d{1,5}(?:-r\d{1,5})?)?"
)
_MILLISECONDS = re.compile(r"-?\d{1,15}", re.ASCII)
_WORD = re.compile(r"[\x21-\x7e][\x20-\x7e]{0,99}")
_DIGITS_OF_DIGEST = 32
_FIRST_YEAR, _LAST_YEAR = 1971, 9998
"""Times beyond are no times of a delivery."""


class TrackingReader:
    """Reads tracking events; pure but for the clock, which dates events that do not say when they happened."""

    def __init__(self, settings: TrackingSettings, *, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._most_events = settings.most_events
        self._communication = _Place(settings.communication)
        self._schema_type = _Place(settings.schema_type)
        self._occurred_at = _Place(settings.occurred_at)
        self._words = {word: Meaning(own.type, own.final, own.reason) for word, own in settings.words.items()}
        self._now = now

    def read(self, body: bytes) -> Sequence[DeliveryEvent]:
        """Return the events of a body: one JSON object, or a list of them.

        Raises PermanentError, which shows nothing of the body, when it is neither.
        """
        try:
            content = read_json(body.removeprefix(_BYTE_ORDER_MARK))
        except StrictJsonError as wrong:
            raise PermanentError(f"the body is no list of tracking events: {wrong}") from None
        if isinstance(content, dict):
            return [replace(self._event(content, self._now()), raw=body)]
        if not isinstance(content, list):
            raise PermanentError("the body is neither a tracking event (a JSON object) nor a list of them")
        if len(content) > self._most_events:
            raise PermanentError(f"the body holds more than {self._most_events} events; send fewer at a time")
        now = self._now()
        return [self._event(_object(one, number), now) for number, one in enumerate(content, start=1)]

    def _event(self, event: Mapping[str, Json], now: datetime) -> DeliveryEvent:
        word = (self._schema_type.text(event) or "").strip()
        meaning = self._words.get(word) or meaning_of(word)
        raw = msgspec.json.encode(event)
        return DeliveryEvent(
            dispatch_key=_key(self._communication.text(event)) or f"exstream-{content_digest(raw)[:_DIGITS_OF_DIGEST]}",
            type=meaning.type,
            occurred_at=_moment(self._occurred_at.text(event)) or now,
            reason=meaning.reason,
            # What Exstream says besides may quote the customer, and stays in what is kept raw.
            detail=word if _WORD.fullmatch(word) else "",
            final=meaning.final,
            raw=raw,
        )


class _Place:
    """A setting's path; also a key that is spelled with dots, since the documentation shows no whole event."""

    def __init__(self, path: str) -> None:
        self._spelled = path
        self._path: RecordPath = parse_path(path)

    def text(self, event: Mapping[str, Json]) -> str | None:
        try:
            found = text_of(self._path.of(event))
        except PathError:
            found = None
        return text_of(event.get(self._spelled)) if found is None else found


def _object(one: Json, number: int) -> Mapping[str, Json]:
    if not isinstance(one, dict):
        raise PermanentError(f"item {number} of the list is no tracking event: it must be a JSON object")
    return one


def _key(told: str | None) -> str | None:
    """Return our id of a communication, or of a hand-over, as we spell it; None for anything else."""
    found = _OUR_KEY.fullmatch((told or "").strip())
    return f"{UUID(found['id'])}{found['hand_over'] or ''}" if found is not None else None


def _moment(told: str | None) -> datetime | None:
    """Return what ISO 8601, or milliseconds since 1970, mean; None where it is neither."""
    spelled = (told or "").strip()
    try:
        if _MILLISECONDS.fullmatch(spelled):
            moment = _EPOCH + timedelta(milliseconds=int(spelled))
        else:
            moment = datetime.fromisoformat(spelled)
    except (ValueError, OverflowError):
        return None
    # Exstream's own times are UTC where they name no zone.
    moment = moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
    return moment if _FIRST_YEAR <= moment.year <= _LAST_YEAR else None
