"""Attributes of a CloudEvent (CloudEvents 1.0.2, sections 2 and 3): what each must look like."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from xconnector.domain.strict_json import Json

_LONGEST = 500
# Section 2.2, String: no control characters, no halves of surrogate pairs, no non-characters.
_FORBIDDEN = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]")
# RFC 3339, section 5.6.
_TIMESTAMP = re.compile(r"\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}:\d{2}(\.\d{1,9})?([Zz]|[+-]\d{2}:\d{2})", re.ASCII)
_URI_SIGNS = re.compile(r"[A-Za-z0-9._~:/?#\[\]@!$&'()*+,;=%-]+")
_JSON_MEDIA_TYPE = re.compile(r"[a-z0-9!#$&^_.+-]+/(json|[a-z0-9!#$&^_.+-]+\+json)", re.ASCII)


class CloudEventError(ValueError):
    """This is no CloudEvent that we take; the message names the attribute and what to send, never a value."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attributes:
    """What we keep of an event's attributes."""

    id: str
    source: str
    type: str
    time: datetime | None
    """When it happened, as its source says; None where it does not."""


def read_attributes(stated: Mapping[str, Json]) -> Attributes:
    """Return the attributes of one event.

    Raises CloudEventError naming the first that is missing or wrong.
    """
    version = _text(stated, "specversion", example="1.0")
    if version != "1.0":
        raise CloudEventError('attribute specversion must be "1.0", the only version there is')
    source = _text(stated, "source", example="/policies/berlin")
    if not _URI_SIGNS.fullmatch(source):
        raise CloudEventError("attribute source must be a URI reference, such as /policies/berlin: percent-encode it")
    return Attributes(
        id=_text(stated, "id", example="4711-1"),
        source=source,
        type=_text(stated, "type", example="com.acme.policy.issued"),
        time=_time(stated.get("time")),
    )


def refuse_other_content(content_type: Json) -> None:
    """Raise CloudEventError unless the data is said to be JSON, or nothing is said (section 3.1.1)."""
    if content_type is None:
        return
    named = content_type.partition(";")[0].strip().lower() if isinstance(content_type, str) else ""
    if not _JSON_MEDIA_TYPE.fullmatch(named):
        raise CloudEventError("attribute datacontenttype must be application/json: send the data as a JSON object")


def _text(stated: Mapping[str, Json], name: str, *, example: str) -> str:
    value = stated.get(name)
    if value is None or value == "":
        raise CloudEventError(f"attribute {name} is missing: send one such as {example}")
    if not isinstance(value, str) or value.isspace():
        raise CloudEventError(f"attribute {name} must be text, such as {example}")
    if len(value) > _LONGEST:
        raise CloudEventError(f"attribute {name} must have at most {_LONGEST} characters")
    if _FORBIDDEN.search(value):
        raise CloudEventError(f"attribute {name} must hold no control characters")
    return value


EARLIEST_YEAR, LATEST_YEAR = 1900, 2999
"""Outside these a time is a mistake, and some clocks and databases cannot hold it."""


def _time(value: Json) -> datetime | None:
    if value is None:
        return None
    if isinstance(value, str) and _TIMESTAMP.fullmatch(value):
        # Python reads microseconds; digits beyond them are dropped.
        text = re.sub(r"(\.\d{6})\d+", r"\1", value.upper())
        try:
            time = datetime.fromisoformat(text).astimezone(UTC)
        except (ValueError, OverflowError):
            time = None
        if time is not None and EARLIEST_YEAR <= time.year <= LATEST_YEAR:
            return time
    raise CloudEventError("attribute time must be a timestamp such as 2026-11-23T08:00:00Z, or be left out")
