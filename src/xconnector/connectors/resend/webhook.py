"""Events of Resend: one JSON object in a request."""

from collections.abc import Mapping, Sequence

from xconnector.connectors.resend.words import BOUNCES, EVENTS
from xconnector.contract.errors import PermanentError
from xconnector.contract.feedback import UNKNOWN, FeedbackFormat, FeedbackRequest, Word, events_in, object_at, text_at
from xconnector.domain.delivery import DeliveryEventType
from xconnector.domain.feedback.addresses import addresses_in
from xconnector.domain.feedback.moment import moment_of
from xconnector.domain.feedback.signal import Signal
from xconnector.domain.strict_json import Json

_MOST_RECIPIENTS = 1000


def read(request: FeedbackRequest) -> Sequence[Signal]:
    """Return the event of one request, once for each recipient it names. Raises PermanentError."""
    return [signal for one in events_in(request.json()) for signal in _signals(one, request.headers.get("svix-id"))]


def recognises(request: FeedbackRequest) -> bool:
    try:
        told = events_in(request.json())
    except PermanentError:
        return False
    return any(
        text_at(one, "type").startswith(("email.", "contact.", "domain.")) and isinstance(one.get("data"), dict)
        for one in told[:1]
    )


def _signals(event: dict[str, Json], event_id: str | None) -> list[Signal]:
    told, about = text_at(event, "type"), object_at(event, "data")
    bounce = object_at(about, "bounce")
    word = _exact_word(EVENTS.get(told, UNKNOWN), bounce)
    when = text_at(about, "click", "timestamp") or text_at(event, "created_at")
    signals: list[Signal] = []
    for recipient in _recipients(word, about):
        explained = (
            word.explained(text_at(bounce, "message")) if word.type is DeliveryEventType.BOUNCED else word.signal()
        )
        signals.append(
            word.signal(
                recipient=recipient,
                reason=explained.reason,
                status_code=explained.status_code,
                detail=" ".join(
                    part for part in (told[:60], text_at(bounce, "type"), text_at(bounce, "subType")) if part
                )[:100],
                occurred_at=moment_of(when),
                event_id=event_id,
                provider_id=text_at(about, "email_id") or None,
                references=_tags(about.get("tags")),
            )
        )
    return signals


def _exact_word(word: Word, bounce: dict[str, Json]) -> Word:
    if word.type is not DeliveryEventType.BOUNCED:
        return word
    kind = text_at(bounce, "type")
    return BOUNCES.get((kind, text_at(bounce, "subType"))) or BOUNCES.get((kind, "")) or word


def _recipients(word: Word, about: dict[str, Json]) -> list[str | None]:
    told = about.get("from") if word.type is DeliveryEventType.RESPONDED else about.get("to")
    listed: list[Json] = told if isinstance(told, list) else [told]
    found = [address for one in listed[:_MOST_RECIPIENTS] if isinstance(one, str) for address in addresses_in(one)[:1]]
    return [*found] or [None]


def _tags(told: Json) -> Mapping[str, str]:
    if isinstance(told, dict):
        return {name: value for name, value in told.items() if isinstance(value, str)}
    listed = told if isinstance(told, list) else []
    return {name: text_at(one, "value") for one in listed if (name := text_at(one, "name"))}


FORMAT = FeedbackFormat(name="resend", recognises=recognises, read=read)
