"""What a receipt of the message centre says: by its parameters where it has them, else by its text.

The text is of a vendor's own shape: `id:.. sub:.. dlvrd:.. submit date:.. done date:.. stat:.. err:.. text:..`.
"""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from xconnector.connectors.smpp.pdu import Sms, Tag, text_in
from xconnector.contract.feedback import UNKNOWN, Word
from xconnector.domain.delivery import DeliveryEventType as Type
from xconnector.domain.delivery import DeliveryReason as Reason
from xconnector.domain.feedback.signal import BounceClass as Class

_KIND = 0x3C
"""Of `esm_class`: what kind of message it is."""
_RECEIPT, _ON_THE_WAY = 0x04, 0x20
_ID = re.compile(r"\bid:\s*([!-~]{1,65}?)(?=\s|$)", re.IGNORECASE)
_STATE = re.compile(r"\bstat:\s*([A-Za-z]{3,12})", re.IGNORECASE)
_ERROR = re.compile(r"\berr:\s*([0-9A-Za-z]{1,10})", re.IGNORECASE)
_DONE = re.compile(r"\bdone[ _]?date:\s*(\d{10,14})", re.IGNORECASE)
_SHAPES = {10: "%y%m%d%H%M", 12: "%y%m%d%H%M%S", 14: "%Y%m%d%H%M%S"}
_LONGEST_TEXT = 2000

_STATES: Mapping[int, str] = {
    0: "SCHEDLD",
    1: "ENROUTE",
    2: "DELIVRD",
    3: "EXPIRED",
    4: "DELETED",
    5: "UNDELIV",
    6: "ACCEPTD",
    7: "UNKNOWN",
    8: "REJECTD",
    9: "SKIPPED",
}
_WORDS: Mapping[str, Word] = {
    "SCHEDLD": Word(Type.ACCEPTED),
    "ACCEPTD": Word(Type.ACCEPTED),
    "ENROUTE": Word(Type.SENT),
    "DELIVRD": Word(Type.DELIVERED, final=True),
    "EXPIRED": Word(Type.EXPIRED, final=True, bounce_class=Class.SOFT, reason=Reason.UNREACHABLE),
    "DELETED": Word(Type.CANCELLED, final=True),
    "UNDELIV": Word(Type.BOUNCED, final=True, bounce_class=Class.SOFT, reason=Reason.OTHER),
    "REJECTD": Word(Type.REJECTED, final=True, reason=Reason.OTHER),
    "SKIPPED": Word(Type.FAILED, final=True, reason=Reason.OTHER),
}
_SPELLED = {
    **{word: word for word in _WORDS},
    "ACCEPTED": "ACCEPTD",
    "DELIVERED": "DELIVRD",
    "UNDELIVERABLE": "UNDELIV",
    "UNDELIVERED": "UNDELIV",
    "FAILED": "UNDELIV",
    "REJECTED": "REJECTD",
    "SCHEDULED": "SCHEDLD",
    "BUFFERED": "ENROUTE",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class CentreReceipt:
    """What became of one message."""

    message_id: str
    word: Word
    state: str
    """As the protocol abbreviates it; empty where it is none that we know."""
    error: str | None
    """The route's own code."""
    done_at: datetime | None


def is_receipt(message: Sms) -> bool:
    """Say whether a message that came in is a receipt, and no text of a person."""
    return message.esm_class & _KIND in {_RECEIPT, _ON_THE_WAY} or Tag.RECEIPTED_MESSAGE_ID in message.parameters


def read_receipt(message: Sms, *, zone: ZoneInfo, no_such_number: Collection[str] = ()) -> CentreReceipt:
    """Return what a receipt says, an unknown state as UNKNOWN. Raises ValueError where it names no message."""
    text = (message.text or message.parameters.get(Tag.MESSAGE_PAYLOAD, b"")).decode("latin-1")[:_LONGEST_TEXT]
    head = text.partition(" text:")[0]
    message_id = text_in(message.parameters.get(Tag.RECEIPTED_MESSAGE_ID, b"")) or _found(_ID, head)
    if not message_id:
        raise ValueError("the receipt names no message")
    state = _state(message, head)
    error = _found(_ERROR, head) or _network_error(message)
    word = _WORDS.get(state, UNKNOWN)
    if word.type is Type.BOUNCED and error in no_such_number:
        word = replace(word, bounce_class=Class.HARD, reason=Reason.ADDRESS)
    return CentreReceipt(
        message_id=message_id,
        word=word,
        state=state,
        error=error or None,
        done_at=_moment(_found(_DONE, head), zone),
    )


def _found(pattern: re.Pattern[str], text: str) -> str:
    found = pattern.search(text)
    return found[1] if found else ""


def _state(message: Sms, text: str) -> str:
    told = message.parameters.get(Tag.MESSAGE_STATE, b"")
    if len(told) == 1 and told[0] in _STATES:
        return _STATES[told[0]]
    return _SPELLED.get(_found(_STATE, text).upper(), "")


def _network_error(message: Sms) -> str:
    told = message.parameters.get(Tag.NETWORK_ERROR_CODE, b"")
    return str(int.from_bytes(told[1:3], "big")) if len(told) == 3 and any(told[1:]) else ""  # noqa: PLR2004 - 5.3.2.31


def _moment(told: str, zone: ZoneInfo) -> datetime | None:
    shape = _SHAPES.get(len(told))
    if shape is None:
        return None
    try:
        return datetime.strptime(told, shape).replace(tzinfo=zone).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
