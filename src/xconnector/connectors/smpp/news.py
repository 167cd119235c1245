"""What arrivals mean: delivery events of texts that we sent, and what people answered."""

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from xconnector.connectors.smpp.arrivals import Arrival, inbound_text
from xconnector.connectors.smpp.receipt import CentreReceipt, is_receipt, read_receipt
from xconnector.connectors.smpp.sent_texts import Found, SentTexts
from xconnector.connectors.smpp.settings import SmppSettings
from xconnector.contract.feedback import Word
from xconnector.domain.delivery import DeliveryEvent
from xconnector.domain.delivery import DeliveryEventType as Type
from xconnector.domain.feedback.opt_out import meaning_of_text
from xconnector.domain.feedback.signal import Signal


class NotKnownYetError(Exception):
    """The receipt names a message that is not known: the answer to its hand-over may still come."""


def news_of(
    arrival: Arrival, sent: SentTexts, settings: SmppSettings, *, now: datetime
) -> Sequence[DeliveryEvent | Signal]:
    """Return what an arrival says: an event of a text of ours, or a signal of who wrote to us.

    Raises NotKnownYetError, and ValueError for a receipt that names no message.
    """
    message = arrival.message
    if not is_receipt(message):
        return [_answer(arrival, settings)]
    receipt = read_receipt(message, zone=ZoneInfo(settings.receipt_time_zone), no_such_number=settings.no_such_number)
    found = sent.find(receipt.message_id, number=message.source.number)
    if found is None:
        raise NotKnownYetError
    signal = _rolled_up(receipt, found, sent)
    return [signal.event(found.text.dispatch_key, arrived_at=min(arrival.arrived_at, now), raw=arrival.body)]


def _answer(arrival: Arrival, settings: SmppSettings) -> Signal:
    message = arrival.message
    return Word(meaning_of_text(inbound_text(message, settings.alphabet))).signal(
        recipient=message.source.number or None, occurred_at=arrival.arrived_at, event_id=arrival.name
    )


def _rolled_up(receipt: CentreReceipt, found: Found, sent: SentTexts) -> Signal:
    """Return what the receipt of a part means for the text: it is delivered when all parts asked for are."""
    total = len(found.text.asked)
    detail = " ".join(filter(None, (receipt.state, f"err {receipt.error}" if receipt.error else "")))
    word = receipt.word
    if word.type is Type.DELIVERED and total > 1 and (missing := sent.arrived(found)):
        word = Word(Type.SENT)
        detail = f"{total - missing} of {total} parts"
    return word.signal(detail=detail, occurred_at=receipt.done_at, status_code=receipt.error)
