"""conversing: what people write to us by text message is tied to what we wrote to their number.

An answer belongs to the latest text from the same sender. A STOP or START counts for everybody whom this sender wrote
to at the number: whose it is, a number does not tell.
"""

from collections.abc import Sequence

from xconnector.domain.delivery import DeliveryEventType
from xconnector.domain.feedback.signal import Signal
from xconnector.postgres.connect import Connection
from xconnector.store import conversations

_FOR_ALL = frozenset({DeliveryEventType.UNSUBSCRIBED, DeliveryEventType.RESUBSCRIBED})
_WRITTEN_BY_PEOPLE = _FOR_ALL | {DeliveryEventType.RESPONDED}
_MOST_DIGITS = 15


def number_of(signal: Signal) -> str | None:
    """Return the number (E.164) that wrote, None where this is no message of a person with one."""
    if signal.type not in _WRITTEN_BY_PEOPLE or signal.recipient is None or "@" in signal.recipient:
        return None
    digits = "".join(sign for sign in signal.recipient if sign.isascii() and sign.isdigit()).removeprefix("00")
    return f"+{digits}" if 0 < len(digits) <= _MOST_DIGITS else None


async def hand_overs_meant(connection: Connection, told: Sequence[tuple[str, Signal]]) -> list[list[str]]:
    """Return for each signal of a connection the dispatch keys that it is about; none for a stranger's number."""
    places = [place for place, (_, signal) in enumerate(told) if number_of(signal) is not None]
    found = await conversations.hand_overs_to(
        connection, [(told[place][0], number_of(told[place][1]) or "") for place in places]
    )
    meant: list[list[str]] = [[] for _ in told]
    for place, keys in zip(places, found, strict=True):
        meant[place] = keys if told[place][1].type in _FOR_ALL else keys[:1]
    return meant
