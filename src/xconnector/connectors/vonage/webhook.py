"""Delivery reports and inbound messages of Vonage: JSON, a form, or the query of a GET in the SMS API."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from urllib.parse import parse_qsl, urlsplit

from xconnector.connectors.vonage.words import ERRORS, MESSAGES_ERRORS, STATUSES
from xconnector.contract.errors import PermanentError
from xconnector.contract.feedback import UNKNOWN, FeedbackFormat, FeedbackRequest, Word, events_in, object_at, text_at
from xconnector.domain.delivery import DeliveryEventType
from xconnector.domain.feedback.moment import moment_of
from xconnector.domain.feedback.opt_out import meaning_of_text
from xconnector.domain.feedback.signal import BounceClass, Signal
from xconnector.domain.strict_json import Json

_UNDELIVERED = frozenset({DeliveryEventType.BOUNCED, DeliveryEventType.REJECTED, DeliveryEventType.EXPIRED})
_OF_A_MESSAGE = frozenset({"messageId", "msisdn", "message_uuid"})
_MOST_FIELDS = 200
_CODE = 40


def read(request: FeedbackRequest) -> Sequence[Signal]:
    """Return the event of one request. Raises PermanentError."""
    return [_signal(one) for one in _told(request)]


def recognises(request: FeedbackRequest) -> bool:
    try:
        told = _told(request)
    except PermanentError:
        return False
    return any(
        {"message_uuid", "to", "from"} <= one.keys()
        or ("msisdn" in one and one.keys() & {"messageId", "message-timestamp", "err-code"})
        for one in told[:1]
    )


def _told(request: FeedbackRequest) -> list[dict[str, Json]]:
    """Return the events. Raises PermanentError where a form or a query has nothing of a message."""
    body = request.body.strip()
    if body.startswith((b"{", b"[")):
        return events_in(request.json())
    fields = request.form() if body else _query(request.url)
    if not fields.keys() & _OF_A_MESSAGE:
        raise PermanentError("neither the body nor the address says anything of a message")
    return [dict(fields)]


def _query(url: str) -> dict[str, str]:
    try:
        return dict(parse_qsl(urlsplit(url).query, keep_blank_values=True, max_num_fields=_MOST_FIELDS))
    except ValueError:
        raise PermanentError("the query of the address cannot be read") from None


def _signal(event: dict[str, Json]) -> Signal:
    status = text_at(event, "status").lower()
    if not status and event.keys() & {"text", "keyword", "message_type"}:
        return _inbound(event)
    code = _code(event)
    word = STATUSES.get(status, UNKNOWN)
    return _exact(word, event, code).signal(
        recipient=_party(event, "to") if "message_uuid" in event else text_at(event, "msisdn") or None,
        status_code=code or None,
        detail=status if status in STATUSES else "",
        occurred_at=_when(event),
        event_id=f"{_id(event)} {status}".strip() or None,
        provider_id=_id(event) or None,
        references={"client_ref": told} if (told := _client_ref(event)) else {},
    )


def _inbound(event: dict[str, Json]) -> Signal:
    return Word(meaning_of_text(text_at(event, "text"))).signal(
        recipient=_party(event, "from") or text_at(event, "msisdn") or None,
        occurred_at=_when(event),
        event_id=_id(event) or None,
        provider_id=text_at(event, "context", "message_uuid") or None,
    )


def _exact(word: Word, event: dict[str, Json], code: str) -> Word:
    if word.type not in _UNDELIVERED:
        return word
    known = MESSAGES_ERRORS if "message_uuid" in event else ERRORS
    if code not in known:
        return word
    reason, bounce_class = known[code]
    hard = bounce_class is BounceClass.HARD
    return replace(word, reason=reason, bounce_class=bounce_class if hard or word.bounce_class else None)


def _code(event: dict[str, Json]) -> str:
    told = text_at(event, "err-code")
    if not told:
        error = object_at(event, "error")
        kind = text_at(error, "type") or text_at(error, "code")
        told = kind.replace("/", "#").rpartition("#")[2] or text_at(error, "title")
    return told if told not in {"", "0"} and told.isalnum() and len(told) <= _CODE else ""


def _party(event: dict[str, Json], name: str) -> str | None:
    return text_at(event, name) or text_at(event, name, "number") or text_at(event, name, "id") or None


def _id(event: dict[str, Json]) -> str:
    return text_at(event, "message_uuid") or text_at(event, "messageId")


def _client_ref(event: dict[str, Json]) -> str:
    return text_at(event, "client_ref") or text_at(event, "client-ref")


def _when(event: dict[str, Json]) -> datetime | None:
    return moment_of(text_at(event, "timestamp")) or moment_of(text_at(event, "message-timestamp"))


FORMAT = FeedbackFormat(name="vonage", recognises=recognises, read=read)
