"""Events of SparkPost: a JSON array in one request, each event wrapped in `msys` and the name of its family."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from xconnector.connectors.sparkpost.words import BOUNCES, EVENTS, VAGUE
from xconnector.contract.errors import PermanentError
from xconnector.contract.feedback import UNKNOWN, FeedbackFormat, FeedbackRequest, Word, events_in, text_at, texts_at
from xconnector.domain.delivery import DeliveryEventType
from xconnector.domain.feedback.moment import moment_of
from xconnector.domain.feedback.signal import Signal
from xconnector.domain.strict_json import Json


def read(request: FeedbackRequest) -> Sequence[Signal]:
    """Return the events of one request; an empty one, which only tries the line, holds none. Raises PermanentError."""
    return [_signal(event) for one in events_in(request.json()) for event in _unwrapped(one)]


def recognises(request: FeedbackRequest) -> bool:
    if "x-messagesystems-batch-id" in request.headers:
        return True
    try:
        told = events_in(request.json())
    except PermanentError:
        return False
    return any("msys" in one for one in told[:1])


def _unwrapped(one: dict[str, Json]) -> Iterator[dict[str, Json]]:
    wrapped = one.get("msys")
    if not isinstance(wrapped, dict):
        yield one
        return
    for family, event in wrapped.items():
        if isinstance(event, dict):
            yield event if "type" in event else {**event, "type": family}


def _signal(event: dict[str, Json]) -> Signal:
    told, bounce_class = text_at(event, "type"), text_at(event, "bounce_class")
    word = _exact_word(told, bounce_class)
    words = f"{text_at(event, 'error_code')} {text_at(event, 'raw_reason') or text_at(event, 'reason')}"
    match word.type:
        case DeliveryEventType.BOUNCED if bounce_class not in VAGUE:
            signal = replace(word.explained(words), reason=word.reason)
        case DeliveryEventType.BOUNCED | DeliveryEventType.DEFERRED | DeliveryEventType.REJECTED:
            signal = word.explained(words)
        case _:
            signal = word.signal()
    return replace(
        signal,
        recipient=_person(event, signal) or None,
        status_code=signal.status_code or text_at(event, "error_code") or None,
        detail=f"{told} {bounce_class}".strip()[:100] if told.isidentifier() else "",
        occurred_at=moment_of(text_at(event, "timestamp")),
        event_id=text_at(event, "event_id") or None,
        provider_id=text_at(event, "transmission_id") or text_at(event, "message_id") or None,
        references=texts_at(event, "rcpt_meta"),
    )


def _person(event: dict[str, Json], signal: Signal) -> str:
    if signal.type is DeliveryEventType.RESPONDED:
        return text_at(event, "msg_from") or text_at(event, "friendly_from")
    return text_at(event, "raw_rcpt_to") or text_at(event, "rcpt_to")


def _exact_word(told: str, bounce_class: str) -> Word:
    word = EVENTS.get(told, UNKNOWN)
    return BOUNCES.get(bounce_class, word) if word.type is DeliveryEventType.BOUNCED else word


FORMAT = FeedbackFormat(name="sparkpost", recognises=recognises, read=read)
