"""The three content modes of the HTTP binding (CloudEvents 1.0.2, HTTP protocol binding, section 3)."""

import base64
import binascii
import json
import re
from collections.abc import Mapping, Sequence
from urllib.parse import unquote

from xconnector.contract.cloudevents.words import CloudEventError, read_attributes, refuse_other_content
from xconnector.domain.event import SourceRecord
from xconnector.domain.strict_json import Json, StrictJsonError, read_json

EVENT_LIMIT = 1_048_576
"""Most bytes of one event."""
BATCH_LIMIT = 16_777_216
"""Most bytes of a batch."""
EVENTS_PER_BATCH = 1_000
"""Most events of a batch."""

STRUCTURED = "application/cloudevents+json"
"""Media type of an event that stands as a whole in its message."""
ANY_CLOUDEVENTS = "application/cloudevents"
"""What the media types of all event formats begin with."""

_BATCH = "application/cloudevents-batch+json"
_PREFIX = "ce-"
_BROKEN_ESCAPE = re.compile("%(?![0-9A-Fa-f]{2})")
_QUOTED_PAIR = re.compile(r"\\(.)")


def parse(headers: Mapping[str, str], body: bytes) -> Sequence[SourceRecord]:
    """Return the events of a request: binary, structured or batch, as its content type says.

    The event's `source` and `id` name the record; `data` must be a JSON object, whose bytes are the
    payload. Where the source gives no time, there is none. A batch is taken as a whole or not at all.
    Raises CloudEventError naming attribute and remedy, and in a batch the place of the event.
    """
    named = {name.lower(): value for name, value in headers.items()}
    media_type = named.get("content-type", "").partition(";")[0].strip().lower()
    if media_type == _BATCH:
        return _batch(body)
    if media_type == STRUCTURED:
        return [structured_event(body)]
    if media_type.startswith(ANY_CLOUDEVENTS):
        raise CloudEventError(f"the content type must be {STRUCTURED} or {_BATCH}: events are taken as JSON only")
    return [_binary(named, body)]


def structured_event(body: bytes) -> SourceRecord:
    """Return the event that stands as a whole in a message, in the JSON format.

    Raises CloudEventError as `parse` does.
    """
    _refuse_size(body, EVENT_LIMIT, "the event")
    return _structured(_json(body, "the body"))


def binary_event(attributes: Mapping[str, Json], data: bytes, *, content_type: str | None) -> SourceRecord:
    """Return the event whose attributes its protocol carries beside the data.

    Raises CloudEventError as `parse` does.
    """
    _refuse_size(data, EVENT_LIMIT, "the event")
    refuse_other_content(content_type)
    return _record(attributes, data)


def _binary(headers: Mapping[str, str], body: bytes) -> SourceRecord:
    attributes: dict[str, Json] = {
        (attribute := name.removeprefix(_PREFIX)): attribute_in_header(attribute, value)
        for name, value in headers.items()
        if name.startswith(_PREFIX)
    }
    if not attributes:
        raise CloudEventError(
            f"there is no CloudEvent: send the headers ce-id, ce-source, ce-type and ce-specversion, or {STRUCTURED}"
        )
    return binary_event(attributes, body, content_type=headers.get("content-type"))


def _structured(event: Json) -> SourceRecord:
    if not isinstance(event, dict):
        raise CloudEventError("an event must be a JSON object")
    refuse_other_content(event.get("datacontenttype"))
    if "data_base64" in event:
        if "data" in event:
            raise CloudEventError("attribute data_base64 stands beside data: send one of them")
        return _record(event, _decoded(event["data_base64"]))
    if "data" not in event:
        raise CloudEventError("member data is missing: send a JSON object")
    return _record(event, json.dumps(event["data"], ensure_ascii=False, separators=(",", ":")).encode())


def _batch(body: bytes) -> Sequence[SourceRecord]:
    _refuse_size(body, BATCH_LIMIT, "the batch")
    events = _json(body, "the body")
    if not isinstance(events, list):
        raise CloudEventError("a batch must be a JSON array of events")
    if len(events) > EVENTS_PER_BATCH:
        raise CloudEventError(f"a batch must have at most {EVENTS_PER_BATCH} events: send several")
    return [_in_batch(number, event) for number, event in enumerate(events, start=1)]


def _in_batch(number: int, event: Json) -> SourceRecord:
    try:
        return _structured(event)
    except CloudEventError as wrong:
        raise CloudEventError(f"event {number} of the batch: {wrong}") from None


def _record(stated: Mapping[str, Json], payload: bytes) -> SourceRecord:
    attributes = read_attributes(stated)
    _refuse_size(payload, EVENT_LIMIT, "the data")
    data = _json(payload, "the data")
    if not isinstance(data, dict):
        raise CloudEventError("the data must be a JSON object")
    return SourceRecord(
        source=attributes.source,
        source_key=attributes.id,
        event_type=attributes.type,
        occurred_at=attributes.time,
        payload=payload,
        data=data,
    )


def attribute_in_header(name: str, value: str) -> str:
    """Return an attribute that a header of HTTP carries: quoted, then percent-encoded (section 3.1.3.2).

    Raises CloudEventError.
    """
    value = value.strip()
    if len(value) > 1 and value[0] == value[-1] == '"':
        value = _QUOTED_PAIR.sub(r"\1", value[1:-1])
    if _BROKEN_ESCAPE.search(value):
        raise CloudEventError(f"attribute {name} has a % that begins no code: send it as %25")
    try:
        return unquote(value, errors="strict")
    except UnicodeDecodeError:
        raise CloudEventError(f"attribute {name} must be percent-encoded UTF-8") from None


def _decoded(encoded: Json) -> bytes:
    try:
        return base64.b64decode(encoded if isinstance(encoded, str) else "?", validate=True)
    except (binascii.Error, ValueError):
        raise CloudEventError("member data_base64 must be Base64 (RFC 4648, section 4)") from None


def _json(content: bytes, what: str) -> Json:
    try:
        return read_json(content)
    except StrictJsonError as wrong:
        raise CloudEventError(f"{what} must be a JSON object that every reader understands alike: {wrong}") from None


def _refuse_size(content: bytes, limit: int, what: str) -> None:
    if len(content) > limit:
        raise CloudEventError(f"{what} must have at most {limit} bytes")
