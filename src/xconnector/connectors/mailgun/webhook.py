"""Events of Mailgun: one in a request, as JSON, or as a form in older accounts."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from xconnector.connectors.mailgun.words import CODES, EVENTS, FAILURES, NO_BOT, PERMANENT
from xconnector.contract.errors import PermanentError
from xconnector.contract.feedback import (
    UNKNOWN,
    FeedbackFormat,
    FeedbackRequest,
    Word,
    events_in,
    object_at,
    text_at,
    texts_at,
)
from xconnector.domain.delivery import DeliveryEventType
from xconnector.domain.feedback.addresses import addresses_in
from xconnector.domain.feedback.moment import moment_of
from xconnector.domain.feedback.signal import Signal
from xconnector.domain.strict_json import Json

_SENT_TO = ("message", "headers", "to")


def read(request: FeedbackRequest) -> Sequence[Signal]:
    """Return the event of one request. Raises PermanentError."""
    if request.is_form:
        return [_of_form(request.form())]
    return [signal_of(one) for one in events_in(request.json(), under="event-data")]


def recognises(request: FeedbackRequest) -> bool:
    if request.is_form:
        try:
            told = request.form().keys()
        except PermanentError:
            return False
        return told >= {"recipient", "token", "signature"}
    try:
        body = request.json()
    except PermanentError:
        return False
    return isinstance(body, dict) and ("event-data" in body or ("event" in body and "delivery-status" in body))


def signal_of(event: dict[str, Json]) -> Signal:
    """Return what an event means, whether it is reported or asked for."""
    told = text_at(event, "event").lower()
    word = _exact_word(told, event)
    status = object_at(event, "delivery-status")
    code = text_at(status, "enhanced-code") or text_at(status, "code")
    if told == "failed":
        words = f"{text_at(status, 'code')} {text_at(status, 'message') or text_at(status, 'description')}"
        signal = (
            word.signal()
            if word.type is DeliveryEventType.REJECTED
            else word.explained(words, status=text_at(status, "enhanced-code"))
        )
    else:
        signal = word.signal()
    return replace(
        signal,
        recipient=text_at(event, "recipient") or next(iter(addresses_in(text_at(event, *_SENT_TO))), None),
        status_code=signal.status_code or (code if code != "0" else "") or None,
        detail=_detail(told, text_at(event, "severity"), text_at(event, "reason")),
        occurred_at=moment_of(text_at(event, "timestamp")),
        event_id=text_at(event, "id") or None,
        provider_id=text_at(event, "message", "headers", "message-id") or None,
        references=texts_at(event, "user-variables"),
        by_machine=text_at(event, "client-info", "bot") not in NO_BOT,
    )


def _exact_word(told: str, event: dict[str, Json]) -> Word:
    word = EVENTS.get(told, UNKNOWN)
    if told != "failed":
        return word
    severity = text_at(event, "severity").lower()
    if severity == "temporary":
        return FAILURES["temporary"]
    return PERMANENT.get(text_at(event, "reason").lower()) or FAILURES.get(severity, word)


def _of_form(form: Mapping[str, str]) -> Signal:
    told = form.get("event", "").lower()
    if not told and "body-plain" in form:
        # A route hands on what a customer wrote.
        return EVENTS["inbound"].signal(
            recipient=form.get("sender") or None,
            occurred_at=moment_of(form.get("timestamp")),
            event_id=form.get("token") or None,
        )
    word = EVENTS.get(told, UNKNOWN)
    if told == "dropped":
        word = CODES.get(form.get("code", "")) or PERMANENT.get(form.get("reason", "").lower(), word)
    words = form.get("error") or form.get("description") or ""
    code = form.get("code", "")
    signal = word.explained(f"{code} {words}") if word.type is DeliveryEventType.BOUNCED else word.signal()
    return replace(
        signal,
        recipient=form.get("recipient") or None,
        status_code=signal.status_code or code or None,
        detail=_detail(told, form.get("reason", "")),
        occurred_at=moment_of(form.get("timestamp")),
        event_id=form.get("token") or None,
        provider_id=(form.get("Message-Id") or form.get("message-id") or "").strip("<>") or None,
    )


def _detail(*words: str) -> str:
    return " ".join(word for word in words if word and word.replace("-", "").replace("_", "").isalnum())[:100]


FORMAT = FeedbackFormat(name="mailgun", recognises=recognises, read=read)
