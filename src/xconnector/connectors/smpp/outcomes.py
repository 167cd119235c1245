"""What became of a text that a message centre was asked about, of what it says of the text's parts."""

from collections.abc import Sequence

from xconnector.connectors.smpp.receipt import CentreReceipt
from xconnector.contract.feedback import Word
from xconnector.domain.delivery import DeliveryEventType as Type
from xconnector.domain.feedback.signal import Signal


def outcome_of(reference: str, parts: Sequence[CentreReceipt | None]) -> Sequence[Signal]:
    """Return what a text came to: delivered when all its parts are, and lost with the first that is.

    None stands for a part of which nothing is known; where that is so of all, nothing is returned.
    """
    known = [part for part in parts if part is not None and part.word.type is not Type.UNKNOWN]
    if not known:
        return ()
    arrived = [part for part in known if part.word.type is Type.DELIVERED]
    lost = next((part for part in known if part.word.final and part not in arrived), None)
    if lost is not None:
        return [_signal(reference, lost.word, lost)]
    if len(arrived) == len(parts):
        return [_signal(reference, arrived[-1].word, max(arrived, key=_time))]
    some = Word(Type.SENT).signal(detail=f"{len(arrived)} of {len(parts)} parts", provider_id=reference)
    return [some if arrived else _signal(reference, known[0].word, known[0])]


def _signal(reference: str, word: Word, part: CentreReceipt) -> Signal:
    detail = " ".join(filter(None, (part.state, f"err {part.error}" if part.error else "")))
    return word.signal(detail=detail, occurred_at=part.done_at, status_code=part.error, provider_id=reference)


def _time(part: CentreReceipt) -> float:
    return part.done_at.timestamp() if part.done_at is not None else 0.0
