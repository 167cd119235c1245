"""Delivery reports and inbound messages of Infobip: JSON with `results`."""

import re
from collections.abc import Sequence
from dataclasses import replace

from xconnector.connectors.infobip.words import GROUP_NUMBERS, GROUPS, REASONS
from xconnector.contract.errors import PermanentError
from xconnector.contract.feedback import UNKNOWN, FeedbackFormat, FeedbackRequest, Word, events_in, object_at, text_at
from xconnector.domain.delivery import DeliveryEventType, DeliveryReason
from xconnector.domain.feedback.moment import moment_of
from xconnector.domain.feedback.opt_out import meaning_of_text
from xconnector.domain.feedback.signal import BounceClass, Signal
from xconnector.domain.strict_json import Json

_UNDELIVERED = frozenset({DeliveryEventType.BOUNCED, DeliveryEventType.REJECTED, DeliveryEventType.EXPIRED})
_NAME = re.compile(r"[A-Z0-9_]{1,80}")


def read(request: FeedbackRequest) -> Sequence[Signal]:
    """Return the events of one request. Raises PermanentError."""
    return [signal_of(one) for one in events_in(request.json(), under="results")]


def recognises(request: FeedbackRequest) -> bool:
    try:
        told = request.json()
    except PermanentError:
        return False
    results = told.get("results") if isinstance(told, dict) else None
    first = results[0] if isinstance(results, list) and results else None
    return isinstance(first, dict) and "messageId" in first


def signal_of(event: dict[str, Json]) -> Signal:
    """Return what an event means, whether it is reported or asked for."""
    status = object_at(event, "status")
    group = text_at(status, "groupName") or GROUP_NUMBERS.get(text_at(status, "groupId"), "")
    if not group:
        return _without_a_status(event)
    word = _exact(GROUPS.get(group.upper(), UNKNOWN), event)
    name = text_at(status, "name")
    return word.signal(
        recipient=text_at(event, "to") or None,
        status_code=_error(event) or (name if _NAME.fullmatch(name) else None),
        detail=name if _NAME.fullmatch(name) else "",
        occurred_at=moment_of(_spelled(text_at(event, "doneAt") or text_at(event, "sentAt"))),
        event_id=f"{text_at(event, 'messageId')} {name}".strip() or None,
        provider_id=text_at(event, "messageId") or None,
        references={"callbackData": told} if (told := text_at(event, "callbackData")) else {},
    )


def _without_a_status(event: dict[str, Json]) -> Signal:
    """Read what has none: a message from a customer, or news that one was seen."""
    if "text" in event or "cleanText" in event:
        word, person = Word(meaning_of_text(text_at(event, "text") or text_at(event, "cleanText"))), "from"
    elif "seenAt" in event:
        word, person = Word(DeliveryEventType.OPENED), "to"
    else:
        word, person = UNKNOWN, "to"
    return word.signal(
        recipient=text_at(event, person) or None,
        occurred_at=moment_of(_spelled(text_at(event, "receivedAt") or text_at(event, "seenAt"))),
        event_id=text_at(event, "messageId") or None,
        provider_id=text_at(event, "messageId") or None,
    )


def _exact(word: Word, event: dict[str, Json]) -> Word:
    if word.type not in _UNDELIVERED:
        return word
    names = f"{_error(event) or ''} {text_at(event, 'status', 'name')}"
    reason = next((reason for mark, reason in REASONS if mark in names), word.reason)
    permanent = object_at(event, "error").get("permanent") is True
    is_gone = reason is DeliveryReason.ADDRESS or (permanent and reason is DeliveryReason.OTHER)
    if is_gone and word.type is not DeliveryEventType.EXPIRED:
        return replace(word, reason=reason, bounce_class=BounceClass.HARD)
    return replace(word, reason=reason)


def _error(event: dict[str, Json]) -> str | None:
    name = text_at(event, "error", "name")
    return name if _NAME.fullmatch(name) and name != "NO_ERROR" else None


def _spelled(told: str) -> str:
    """Return a time with the colon in its zone that ISO 8601's extended form has."""
    return re.sub(r"([+-]\d{2})(\d{2})$", r"\1:\2", told)


FORMAT = FeedbackFormat(name="infobip", recognises=recognises, read=read)
