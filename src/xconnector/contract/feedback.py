"""How a provider's webhook is read: one request in the provider's shape, as signals in our words."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TypedDict, Unpack, cast
from urllib.parse import parse_qsl

import msgspec

from xconnector.contract.errors import PermanentError
from xconnector.domain.delivery import DeliveryEventType, DeliveryReason
from xconnector.domain.feedback.diagnosis import diagnosed
from xconnector.domain.feedback.meaning import Meaning
from xconnector.domain.feedback.mime import read_mail
from xconnector.domain.feedback.signal import BounceClass, Signal
from xconnector.domain.strict_json import Json

MOST_BODY = 8 * 1024 * 1024
"""Bytes of one request; larger ones are refused unread."""
MOST_EVENTS = 20_000
"""Of one request."""
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_MOST_NESTED = 64
_MOST_FIELDS = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedbackRequest:
    """One HTTP request as it came: signatures are over exactly these bytes."""

    headers: Mapping[str, str] = field(repr=False)
    """Names in lower case."""
    body: bytes = field(repr=False)
    url: str = ""
    """The public address that was called, as the caller wrote it; some sign it."""

    def json(self) -> Json:
        """Return what the body says as JSON.

        Raises PermanentError, which shows nothing of it, when it is none, too large, or nested beyond reason.
        """
        if len(self.body) > MOST_BODY:
            raise PermanentError(f"the body has more than {MOST_BODY:,} bytes")
        try:
            content = cast("Json", msgspec.json.decode(self.body.removeprefix(_BYTE_ORDER_MARK)))
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            raise PermanentError("the body is no JSON that can be read") from None
        if _is_deeper(content, _MOST_NESTED):
            raise PermanentError(f"the body is nested deeper than {_MOST_NESTED}")
        return content

    def form(self) -> Mapping[str, str]:
        """Return the fields of a form, whichever of the two ways it is sent; of a name that is repeated, the last.

        Raises PermanentError when it is none.
        """
        if len(self.body) > MOST_BODY:
            raise PermanentError(f"the body has more than {MOST_BODY:,} bytes")
        if self.is_multipart_form:
            head = f"Content-Type: {self.headers['content-type']}\n\n".encode("utf-8", "replace")
            return {name: part.text() for part in read_mail(head + self.body).parts if (name := part.form_field)}
        try:
            return dict(
                parse_qsl(
                    self.body.decode("ascii"), keep_blank_values=True, errors="replace", max_num_fields=_MOST_FIELDS
                )
            )
        except ValueError:
            raise PermanentError("the body is no form that can be read") from None

    @property
    def is_form(self) -> bool:
        told = self.headers.get("content-type", "").lower()
        return told.startswith("application/x-www-form-urlencoded") or self.is_multipart_form

    @property
    def is_multipart_form(self) -> bool:
        return self.headers.get("content-type", "").lower().startswith("multipart/form-data")


@dataclass(frozen=True, slots=True)
class Word:
    """What a provider's word says of a hand-over."""

    type: DeliveryEventType
    final: bool = False
    reason: DeliveryReason | None = None
    bounce_class: BounceClass | None = None

    def signal(self, **told: Unpack["Told"]) -> Signal:
        """Return the signal of a report with this word."""
        plain = Signal(type=self.type, final=self.final, reason=self.reason, bounce_class=self.bounce_class)
        return replace(plain, **told)

    def explained(self, words: str, *, status: str = "", **told: Unpack["Told"]) -> Signal:
        """Return the signal of a report that quotes the last server: its words say more than the provider's."""
        diagnosis = diagnosed(words, status=status or None)
        says_more = diagnosis.is_certain or self.reason in {None, DeliveryReason.OTHER}
        reason = diagnosis.meaning.reason if says_more and diagnosis.meaning is not Meaning.OTHER else self.reason
        plain = self.signal(reason=reason, status_code=diagnosis.status or diagnosis.reply_code)
        return replace(plain, **told)


class Told(TypedDict, total=False):
    """What a report tells beside its word."""

    recipient: str | None
    status_code: str | None
    reason: DeliveryReason | None
    bounce_class: BounceClass | None
    detail: str
    occurred_at: datetime | None
    event_id: str | None
    provider_id: str | None
    references: Mapping[str, str]
    by_machine: bool


UNKNOWN = Word(DeliveryEventType.UNKNOWN)


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedbackFormat:
    """What one provider sends."""

    name: str
    """As `feedback parse --as` takes it."""
    recognises: Callable[[FeedbackRequest], bool]
    """Whether a request is of this provider by all looks. Never raises."""
    read: Callable[[FeedbackRequest], Sequence[Signal]]
    """What it says: every event of it, one of an unknown kind as UNKNOWN. Proves nothing of who sent it.

    Raises PermanentError when it is not of this shape at all.
    """


def events_in(content: Json, *, under: str | None = None) -> list[dict[str, Json]]:
    """Return the events of a body: it is one object or a list of them, or holds that under a name.

    Raises PermanentError.
    """
    found = content.get(under, content) if under is not None and isinstance(content, dict) else content
    listed = found if isinstance(found, list) else [found]
    if len(listed) > MOST_EVENTS:
        raise PermanentError(f"the body holds more than {MOST_EVENTS:,} events")
    events = [one for one in listed if isinstance(one, dict)]
    if len(events) != len(listed):
        raise PermanentError("the body holds something else than events (JSON objects)")
    return events


def text_at(content: Json, *path: str) -> str:
    """Return the text or number that stands at a path of names, or nothing."""
    for name in path:
        if not isinstance(content, dict):
            return ""
        content = content.get(name)
    if isinstance(content, str):
        return content
    return str(content) if isinstance(content, int | float) and not isinstance(content, bool) else ""


def object_at(content: Json, *path: str) -> dict[str, Json]:
    """Return the object that stands at a path of names, or an empty one."""
    for name in path:
        content = content.get(name) if isinstance(content, dict) else None
    return content if isinstance(content, dict) else {}


def texts_at(content: Json, *path: str) -> dict[str, str]:
    """Return the texts and numbers of the object at a path, by name: what was given along at the hand-over."""
    found = object_at(content, *path)
    return {name: text for name in found if (text := text_at(found, name))}


def _is_deeper(content: Json, depth: int) -> bool:
    level = [content]
    for _ in range(depth + 1):
        level = [child for one in level for child in _children(one)]
        if not level:
            return False
    return True


def _children(one: Json) -> Sequence[Json]:
    if isinstance(one, dict):
        return [child for child in one.values() if isinstance(child, dict | list)]
    return [child for child in one if isinstance(child, dict | list)] if isinstance(one, list) else ()
