"""Events of Twilio SendGrid, a JSON array of them in one request; and mails of customers, a form each."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

from xconnector.connectors.sendgrid.words import BOUNCES, CLASSIFICATIONS, DROPS, EVENTS, FIELDS
from xconnector.contract.errors import PermanentError
from xconnector.contract.feedback import UNKNOWN, FeedbackFormat, FeedbackRequest, Word, events_in, text_at, texts_at
from xconnector.domain.delivery import DeliveryEventType
from xconnector.domain.feedback.addresses import addresses_in
from xconnector.domain.feedback.moment import moment_of
from xconnector.domain.feedback.signal import Signal
from xconnector.domain.strict_json import Json

_SERVER = re.compile(r"\.(?:filter|recvd)")


def read(request: FeedbackRequest) -> Sequence[Signal]:
    """Return the events of one request, or the one mail that it hands on. Raises PermanentError."""
    if request.is_form:
        sender = next(iter(addresses_in(request.form().get("from", ""))), None)
        return [Signal(type=DeliveryEventType.RESPONDED, recipient=sender)]
    return [_signal(one) for one in events_in(request.json())]


def recognises(request: FeedbackRequest) -> bool:
    if "x-twilio-email-event-webhook-signature" in request.headers:
        return True
    try:
        if request.is_form:
            return request.form().keys() >= {"envelope", "from", "charsets"}
        told = events_in(request.json())
    except PermanentError:
        return False
    return any("event" in one and one.keys() & {"sg_event_id", "sg_message_id"} for one in told[:1])


def _signal(event: dict[str, Json]) -> Signal:
    told = text_at(event, "event")
    word = _exact_word(told, event)
    words = text_at(event, "reason") or text_at(event, "response")
    quotes_a_server = word.type in {
        DeliveryEventType.BOUNCED,
        DeliveryEventType.DEFERRED,
        DeliveryEventType.EXPIRED,
    }
    status = text_at(event, "status")
    # Only what a server said is read for its words; of a drop SendGrid's own word counts.
    signal = word.explained(words, status=status) if quotes_a_server else word.signal(status_code=status or None)
    return replace(
        signal,
        recipient=text_at(event, "email") or None,
        detail=" ".join(one for one in (told, text_at(event, "type")) if one.isascii() and one.isprintable())[:100],
        occurred_at=moment_of(text_at(event, "timestamp")),
        event_id=text_at(event, "sg_event_id") or None,
        provider_id=_message_id(event),
        references=_given_along(event),
        by_machine=event.get("sg_machine_open") is True,
    )


def _exact_word(told: str, event: dict[str, Json]) -> Word:
    word = EVENTS.get(told, UNKNOWN)
    if word.type is DeliveryEventType.REJECTED:
        return DROPS.get(text_at(event, "reason").strip().lower(), word)
    if word.type is not DeliveryEventType.BOUNCED:
        return word
    word = BOUNCES.get(text_at(event, "type"), word)
    reason = CLASSIFICATIONS.get(text_at(event, "bounce_classification"))
    return replace(word, reason=reason) if reason is not None else word


def _message_id(event: dict[str, Json]) -> str | None:
    """Return the id that SendGrid answered with at the hand-over; in events its mail server's name follows it."""
    return _SERVER.split(text_at(event, "sg_message_id"), maxsplit=1)[0] or None


def _given_along(event: dict[str, Json]) -> Mapping[str, str]:
    own = {name: text for name in event if name not in FIELDS and (text := text_at(event, name))}
    return {**texts_at(event, "unique_args"), **own}


FORMAT = FeedbackFormat(name="sendgrid", recognises=recognises, read=read)
