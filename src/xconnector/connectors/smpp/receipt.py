"""What a receipt of the message centre says: by its parameters where it has them, else by its text.

The text is of a vendor's own shape: `id:.. sub:.. dlvrd:.. submit date:.. done date:.. stat:.. err:.. text:..`.
"""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
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


def read_answer(body: bytes, *, no_such_number: Collection[str] = ()) -> CentreReceipt:
    """Return what the answer to a query says (4.8.2), an unknown state as UNKNOWN. Raises ValueError for any other."""
    message_id, _, rest = body.partition(b"\0")
    final_date, _, rest = rest.partition(b"\0")
    if not message_id or len(rest) < 2:  # noqa: PLR2004 - state and error code
        raise ValueError("the answer names no message or no state")
    state, error = _STATES.get(rest[0], ""), str(rest[1]) if rest[1] else ""
    return CentreReceipt(
        message_id=message_id.decode("latin-1"),
        word=_exact(_WORDS.get(state, UNKNOWN), error, no_such_number),
        state=state,
        error=error or None,
        done_at=_absolute(final_date.decode("latin-1")),
    )


def _exact(word: Word, error: str, no_such_number: Collection[str]) -> Word:
    if word.type is Type.BOUNCED and error.lstrip("0") in {code.lstrip("0") for code in no_such_number}:
        return replace(word, bounce_class=Class.HARD, reason=Reason.ADDRESS)
    return word


def _absolute(told: str) -> datetime | None:
    """Return a time as the protocol spells it (7.1.1): with tenths, and quarters of an hour from UTC."""
    quarters, sign = told[13:15], told[15:16]
    if len(told) != 16 or not quarters.isdecimal() or sign not in {"+", "-"}:  # noqa: PLR2004 - 7.1.1
        return None
    ahead = timedelta(minutes=15 * int(quarters)) * (1 if sign == "+" else -1)
    try:
        return datetime.strptime(told[:12], "%y%m%d%H%M%S").replace(tzinfo=UTC) - ahead
    except (ValueError, OverflowError):
        return None


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
