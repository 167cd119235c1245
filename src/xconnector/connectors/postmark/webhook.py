"""Events of Postmark: one JSON object in a request."""

from collections.abc import Sequence
from dataclasses import replace

from xconnector.connectors.postmark.words import BOUNCES, RECORDS, SUPPRESSIONS
from xconnector.contract.errors import PermanentError
from xconnector.contract.feedback import UNKNOWN, FeedbackFormat, FeedbackRequest, Word, events_in, text_at, texts_at
from xconnector.domain.delivery import DeliveryEventType
from xconnector.domain.feedback.moment import moment_of
from xconnector.domain.feedback.signal import Signal
from xconnector.domain.strict_json import Json

_QUOTING = frozenset({DeliveryEventType.BOUNCED, DeliveryEventType.DEFERRED})


def read(request: FeedbackRequest) -> Sequence[Signal]:
    """Return the event of one request. Raises PermanentError."""
    return [signal_of(one) for one in events_in(request.json())]


def recognises(request: FeedbackRequest) -> bool:
    if request.headers.get("user-agent", "").lower() == "postmark":
        return True
    try:
        told = events_in(request.json())
    except PermanentError:
        return False
    return any("RecordType" in one or {"FromFull", "MailboxHash"} <= one.keys() for one in told[:1])


def signal_of(event: dict[str, Json]) -> Signal:
    """Return what an event means, whether it is reported or asked for."""
    record = text_at(event, "RecordType") or ("Inbound" if "FromFull" in event else "")
    word, when, who = RECORDS.get(record, (UNKNOWN, "", ""))
    word = _exact_word(record, word, event)
    words = f"{text_at(event, 'Details')} {text_at(event, 'Description')}"
    signal = word.explained(words) if word.type in _QUOTING else word.signal()
    detail = text_at(event, "Type") or text_at(event, "SuppressionReason") or record
    return replace(
        signal,
        recipient=text_at(event, who) or text_at(event, "Email") or text_at(event, "Recipient") or None,
        detail=detail[:100] if detail.isalnum() else "",
        occurred_at=moment_of(text_at(event, when)),
        event_id=text_at(event, "ID") or None,
        provider_id=text_at(event, "MessageID") or None,
        references=texts_at(event, "Metadata"),
    )


def _exact_word(record: str, word: Word, event: dict[str, Json]) -> Word:
    match record:
        case "Bounce":
            return BOUNCES.get(text_at(event, "Type"), word if not text_at(event, "Type") else UNKNOWN)
        case "SubscriptionChange" if event.get("SuppressSending") is False:
            return Word(DeliveryEventType.RESUBSCRIBED)
        case "SubscriptionChange":
            return SUPPRESSIONS.get(text_at(event, "SuppressionReason"), word)
        case _:
            return word


FORMAT = FeedbackFormat(name="postmark", recognises=recognises, read=read)
