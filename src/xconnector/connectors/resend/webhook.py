"""Events of Resend: one JSON object in a request."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from xconnector.connectors.resend.words import BOUNCES, EVENTS, MESSAGES
from xconnector.contract.errors import PermanentError
from xconnector.contract.feedback import UNKNOWN, FeedbackFormat, FeedbackRequest, Word, events_in, object_at, text_at
from xconnector.domain.delivery import DeliveryEventType
from xconnector.domain.feedback.addresses import addresses_in
from xconnector.domain.feedback.moment import moment_of
from xconnector.domain.feedback.signal import Signal
from xconnector.domain.strict_json import Json

_QUOTING = frozenset({DeliveryEventType.BOUNCED})


def read(request: FeedbackRequest) -> Sequence[Signal]:
    """Return the event of one request. Raises PermanentError."""
    return [_signal(one, request.headers.get("svix-id")) for one in events_in(request.json())]


def recognises(request: FeedbackRequest) -> bool:
    try:
        told = events_in(request.json())
    except PermanentError:
        return False
    return any(
        text_at(one, "type").startswith(("email.", "contact.", "domain.")) and isinstance(one.get("data"), dict)
        for one in told[:1]
    )


def _signal(event: dict[str, Json], event_id: str | None) -> Signal:
    told, about = text_at(event, "type"), object_at(event, "data")
    bounce = object_at(about, "bounce")
    word = _exact_word(EVENTS.get(told, UNKNOWN), bounce)
    signal = word.explained(text_at(bounce, "message")) if word.type in _QUOTING else word.signal()
    kinds = (told[:60], text_at(bounce, "type"), text_at(bounce, "subType"))
    return replace(
        signal,
        recipient=_person(word, about),
        detail=" ".join(part for part in kinds if part)[:100],
        occurred_at=moment_of(text_at(about, "click", "timestamp") or text_at(event, "created_at")),
        event_id=event_id,
        provider_id=text_at(about, "email_id") or None,
        references=_tags(about.get("tags")),
    )


def _exact_word(word: Word, bounce: dict[str, Json]) -> Word:
    if word.type is not DeliveryEventType.BOUNCED:
        return word
    kind, message = text_at(bounce, "type"), text_at(bounce, "message").lower()
    if kind:
        return BOUNCES.get((kind, text_at(bounce, "subType"))) or BOUNCES.get((kind, "")) or word
    return next((one for phrase, one in MESSAGES.items() if phrase in message), word)


def _person(word: Word, about: dict[str, Json]) -> str | None:
    """Return the recipient; of a mail to several nobody, as Resend does not say of which of them it speaks."""
    told = about.get("from") if word.type is DeliveryEventType.RESPONDED else about.get("to")
    listed = told if isinstance(told, list) else [told]
    found = addresses_in(listed[0]) if len(listed) == 1 and isinstance(listed[0], str) else []
    return found[0] if len(found) == 1 else None


def _tags(told: Json) -> Mapping[str, str]:
    if isinstance(told, dict):
        return {name: value for name, value in told.items() if isinstance(value, str)}
    listed = told if isinstance(told, list) else []
    return {name: text_at(one, "value") for one in listed if (name := text_at(one, "name"))}


FORMAT = FeedbackFormat(name="resend", recognises=recognises, read=read)
