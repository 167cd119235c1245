"""Events of Brevo (once Sendinblue): one JSON object in a request, or an array of them where batched."""

from collections.abc import Sequence
from dataclasses import replace

from xconnector.connectors.brevo.words import BY_MACHINE, EVENTS
from xconnector.contract.errors import PermanentError
from xconnector.contract.feedback import UNKNOWN, FeedbackFormat, FeedbackRequest, events_in, text_at
from xconnector.domain.delivery import DeliveryEventType
from xconnector.domain.feedback.moment import moment_of
from xconnector.domain.feedback.signal import Signal
from xconnector.domain.strict_json import Json

_OF_A_CUSTOMER = frozenset({"Uuid", "MessageId", "From"})
_OF_AN_EVENT = frozenset({"message-id", "ts_event", "ts_epoch", "X-Mailin-custom", "sending_ip"})
_QUOTING = frozenset({DeliveryEventType.BOUNCED, DeliveryEventType.DEFERRED, DeliveryEventType.REJECTED})


def read(request: FeedbackRequest) -> Sequence[Signal]:
    """Return the events of one request. Raises PermanentError."""
    return [_signal(one) for one in events_in(request.json(), under="items")]


def recognises(request: FeedbackRequest) -> bool:
    try:
        told = events_in(request.json(), under="items")
    except PermanentError:
        return False
    return any(one.keys() >= _OF_A_CUSTOMER or ("event" in one and one.keys() & _OF_AN_EVENT) for one in told[:1])


def _signal(event: dict[str, Json]) -> Signal:
    if event.keys() >= _OF_A_CUSTOMER:
        return _of_a_customer(event)
    told = text_at(event, "event").strip().lower().replace(" ", "_")
    word = EVENTS.get(told, UNKNOWN)
    signal = word.explained(text_at(event, "reason")) if word.type in _QUOTING else word.signal()
    when = text_at(event, "ts_epoch") or text_at(event, "ts_event") or text_at(event, "ts") or text_at(event, "date")
    return replace(
        signal,
        recipient=text_at(event, "email") or None,
        detail=told[:100] if told.isidentifier() else "",
        occurred_at=moment_of(when),
        # Brevo numbers its webhooks and not its events: the same event is known by all it says.
        event_id=None,
        provider_id=text_at(event, "message-id").strip("<>") or None,
        references={"X-Mailin-custom": custom} if (custom := text_at(event, "X-Mailin-custom")) else {},
        by_machine=told in BY_MACHINE,
    )


def _of_a_customer(event: dict[str, Json]) -> Signal:
    """Read what a customer wrote, as Brevo hands it on."""
    return Signal(
        type=DeliveryEventType.RESPONDED,
        recipient=text_at(event, "From", "Address") or None,
        occurred_at=moment_of(text_at(event, "SentAtDate")),
        event_id=text_at(event, "MessageId") or None,
    )


FORMAT = FeedbackFormat(name="brevo", recognises=recognises, read=read)
