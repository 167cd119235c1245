"""Events of Mailjet: one JSON object in a request, or an array of them."""

from collections.abc import Sequence
from dataclasses import replace

from xconnector.connectors.mailjet.words import ERRORS, EVENTS
from xconnector.contract.errors import PermanentError
from xconnector.contract.feedback import UNKNOWN, FeedbackFormat, FeedbackRequest, events_in, text_at
from xconnector.domain.delivery import DeliveryEventType, DeliveryReason
from xconnector.domain.feedback.moment import moment_of
from xconnector.domain.feedback.signal import BounceClass, Signal
from xconnector.domain.strict_json import Json

# What its Parse API hands on: a mail that a customer wrote.
_OF_A_CUSTOMER = frozenset({"Sender", "Recipient", "Parts"})


def read(request: FeedbackRequest) -> Sequence[Signal]:
    """Return the events of one request. Raises PermanentError."""
    return [_signal(one) for one in events_in(request.json())]


def recognises(request: FeedbackRequest) -> bool:
    try:
        told = events_in(request.json())
    except PermanentError:
        return False
    return any(
        one.keys() >= _OF_A_CUSTOMER
        or ("event" in one and one.keys() & {"mj_campaign_id", "mj_contact_id", "Message_GUID", "CustomID"})
        for one in told[:1]
    )


def _signal(event: dict[str, Json]) -> Signal:
    if event.keys() >= _OF_A_CUSTOMER:
        return Signal(
            type=DeliveryEventType.RESPONDED,
            recipient=text_at(event, "Sender") or None,
            occurred_at=moment_of(text_at(event, "Date")),
        )
    told, error = text_at(event, "event"), text_at(event, "error")
    word = EVENTS.get(told, UNKNOWN)
    words = text_at(event, "comment") or text_at(event, "smtp_reply")
    undelivered = word.type in {DeliveryEventType.BOUNCED, DeliveryEventType.REJECTED}
    word = replace(word, reason=ERRORS.get(error.lower(), word.reason))
    signal = word.explained(words) if undelivered else word.signal()
    if error.lower() in ERRORS:
        signal = replace(signal, reason=word.reason)
    return replace(
        signal,
        bounce_class=_bounce_class(event, signal) if undelivered else None,
        recipient=text_at(event, "email") or None,
        detail=" ".join(part for part in (told, error) if part and len(part) < len(told) + 60 and "@" not in part)[
            :100
        ],
        occurred_at=moment_of(text_at(event, "time")),
        event_id=text_at(event, "Message_GUID") or None,
        provider_id=text_at(event, "MessageID") or None,
        references={name: text for name in ("CustomID", "Payload") if (text := text_at(event, name))},
    )


def _bounce_class(event: dict[str, Json], signal: Signal) -> BounceClass | None:
    if event.get("hard_bounce") in (True, 1, "1", "true"):
        return BounceClass.HARD
    if signal.type is DeliveryEventType.REJECTED:
        return BounceClass.HARD if signal.reason is DeliveryReason.ADDRESS else None
    return BounceClass.SOFT


FORMAT = FeedbackFormat(name="mailjet", recognises=recognises, read=read)
