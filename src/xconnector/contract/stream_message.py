"""From a broker's message to a record: CloudEvents in either mode, else JSON with a key that the project names."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, cast

from pydantic import Field, field_validator

from xconnector.contract.cloudevents import (
    ANY_CLOUDEVENTS,
    STRUCTURED,
    CloudEventError,
    attribute_in_header,
    binary_event,
    structured_event,
)
from xconnector.contract.settings import ConnectorSettings
from xconnector.domain.event import BadRecord, SourceRecord
from xconnector.domain.record_path import PathError, key_of, parse_path
from xconnector.domain.strict_json import Json, StrictJsonError, read_json

MESSAGE_KEY = "$key"
POSITION = "$position"
_HEADER = "$headers."
_LONGEST_KEY = 500


class StreamSettings(ConnectorSettings):
    """What every connection to a broker says of its messages."""

    key: tuple[str, ...] = ()
    """What names a message, for those that are no CloudEvents: paths of fields such as `policy.number`, and of what
    stands beside the payload: `$key` (the message's own key or id), `$headers.NAME`, `$position` (where it stands in
    the stream). Several are joined. Left out, every message must be a CloudEvent."""
    record_limit: Annotated[int, Field(ge=80, le=67_108_864)] = 1_048_576
    """Most bytes of a message; a longer one is set aside."""
    depth: Annotated[int, Field(ge=1, le=200)] = 64
    """Most levels of nesting in a message that is no CloudEvent; a deeper one is set aside."""

    @field_validator("key")
    @classmethod
    def _parts(cls, key: tuple[str, ...]) -> tuple[str, ...]:
        for part in key:
            _key_part(part)
        return key


@dataclass(frozen=True, slots=True, kw_only=True)
class Missive:
    """A message as a broker gave it."""

    payload: bytes = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)
    """Their names in lower case."""
    key: str | None = field(default=None, repr=False)
    """The message's own key or id."""
    position: str | None = None
    """Where it stands in the stream, as text that nothing else in it has."""
    content_type: str | None = None
    wrong: str | None = None
    """Why it is to be set aside, where its connector knows that already."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Binding:
    """How a protocol carries CloudEvents."""

    prefixes: tuple[str, ...]
    """Any of which the headers of attributes begin with; in lower case."""
    is_percent_encoded: bool = False
    """Whether their values are written as in HTTP."""


class _UnfitMessageError(ValueError):
    """The message is to be set aside; the words say why and show nothing of it."""


_Part = Callable[[Missive, Mapping[str, Json]], str | None]


class MessageReader:
    """Reads the messages of one connection."""

    def __init__(self, settings: StreamSettings, binding: Binding, *, source: str, event_type: str) -> None:
        """Read messages of a feed that calls its records by `source` and `event_type`."""
        self._settings = settings
        self._binding = binding
        self._key: Sequence[tuple[str, _Part]] = [(text, _key_part(text)) for text in settings.key]
        self._source = source
        self._event_type = event_type

    def read(self, message: Missive) -> SourceRecord | BadRecord:
        """Return what a message says; one that cannot be read with its bytes and the reason. Never raises."""
        try:
            return self._record(message)
        except (_UnfitMessageError, CloudEventError, PathError, StrictJsonError) as unfit:
            return BadRecord(
                source=self._source,
                source_key=_printable(message.position or message.key),
                payload=message.payload,
                reason=f"{message.position}: {unfit}" if message.position else str(unfit),
            )

    def _record(self, message: Missive) -> SourceRecord:
        if message.wrong is not None:
            raise _UnfitMessageError(message.wrong)
        if len(message.payload) > self._settings.record_limit:
            raise _UnfitMessageError(f"the message has more than {self._settings.record_limit} bytes")
        attributes = self._attributes(message)
        media_type = (message.content_type or "").partition(";")[0].strip().lower()
        if media_type == STRUCTURED:
            return structured_event(message.payload)
        if media_type.startswith(ANY_CLOUDEVENTS):
            raise _UnfitMessageError(f"CloudEvents are taken as {STRUCTURED} only, one a message")
        if "specversion" in attributes:
            return binary_event(attributes, message.payload, content_type=message.content_type)
        return self._plain(message) if self._key else structured_event(message.payload)

    def _attributes(self, message: Missive) -> dict[str, Json]:
        found: dict[str, Json] = {}
        for name, value in message.headers.items():
            prefix = next((one for one in self._binding.prefixes if name.startswith(one)), None)
            if prefix is not None:
                attribute = name.removeprefix(prefix)
                is_encoded = self._binding.is_percent_encoded
                found[attribute] = attribute_in_header(attribute, value) if is_encoded else value
        return found

    def _plain(self, message: Missive) -> SourceRecord:
        data = read_json(message.payload, depth=self._settings.depth)
        if not isinstance(data, dict):
            raise _UnfitMessageError("the message must be a JSON object")
        return SourceRecord(
            source=self._source,
            source_key="/".join(_stated(text, part(message, data)) for text, part in self._key),
            event_type=self._event_type,
            occurred_at=None,
            payload=message.payload,
            data=cast("Mapping[str, object]", data),
        )


def _key_part(text: str) -> _Part:
    """Return how a part of the key is found. Raises PathError, a ValueError, where it is no path."""
    if text == MESSAGE_KEY:
        return lambda message, _: message.key
    if text == POSITION:
        return lambda message, _: message.position
    if text.startswith(_HEADER) and (name := text.removeprefix(_HEADER).lower()):
        return lambda message, _: message.headers.get(name)
    if text.startswith("$"):
        raise PathError(f"{text!r} is none of $key, $position and $headers.NAME")
    path = (parse_path(text),)
    return lambda _, data: key_of(path, data)


def _stated(text: str, part: str | None) -> str:
    found = (part or "").strip()
    if not found:
        raise _UnfitMessageError(f"the message has no key: {text} is missing")
    if len(found) > _LONGEST_KEY:
        raise _UnfitMessageError(f"the message's key is too long: {text} has more than {_LONGEST_KEY} characters")
    if _printable(found) is None:
        raise _UnfitMessageError(f"the message's key {text} holds what no text may hold")
    return found


def _printable(text: str | None) -> str | None:
    """Return what can be kept as text and shown on one line."""
    return text if text is not None and text.isprintable() and len(text) <= _LONGEST_KEY else None
