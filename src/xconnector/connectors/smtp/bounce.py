"""Mails that come back, as delivery events of the dispatches that they speak of.

Nothing that can be attributed to a dispatch is lost: what says something that we do not understand is an UNKNOWN event.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from xconnector.domain.delivery import DeliveryEvent
from xconnector.domain.feedback.mail import signals_of_mail
from xconnector.domain.feedback.mime import Part, read_mail
from xconnector.domain.feedback.status_report import envelope_ids
from xconnector.domain.reference_token import Purpose, dispatch_key_in

# Where mail servers write the envelope's recipient; To is what the sender of the bounce made of it.
_RECIPIENT_FIELDS = ("delivered-to", "x-original-to", "envelope-to", "x-envelope-to", "to")
_MOST_RAW = 64 * 1024


class UnattributableMailError(Exception):
    """The mail names no dispatch of ours; the message says how that was looked for."""


def events_of(mail: bytes, *, secret: bytes, arrived_at: datetime) -> Sequence[DeliveryEvent]:
    """Return what a mail says, one event for each recipient it reports on, never none.

    Raises UnattributableMailError when it carries no reference of ours, or only one with a wrong signature.
    """
    returned = read_mail(mail)
    dispatch_key = _dispatch_key(returned, mail, secret)
    occurred_at = _date(returned)
    return tuple(
        replace(signal, occurred_at=occurred_at).event(dispatch_key, arrived_at=arrived_at, raw=mail[:_MOST_RAW])
        for signal in signals_of_mail(returned)
    )


def _dispatch_key(returned: Part, mail: bytes, secret: bytes) -> str:
    """Return whose it is: by the address it came to, the envelope id, the Message-ID, or any other trace of ours."""
    for text in _places(returned, mail):
        if dispatch_key := dispatch_key_in(text, Purpose.RETURN, secret):
            return dispatch_key
    raise UnattributableMailError("neither its recipient nor its text holds a reference that we signed")


def _places(returned: Part, mail: bytes) -> Iterator[str]:
    """Yield where a reference may stand, the surest first."""
    for name in _RECIPIENT_FIELDS:
        yield from returned.values(name)
    yield from envelope_ids(returned)
    yield mail.decode("latin-1")
    for part in returned.walk():
        yield part.octets().decode("latin-1")


def _date(returned: Part) -> datetime | None:
    """Return the mail's own date, or None where it has none that can be read."""
    try:
        dated = parsedate_to_datetime(returned.value("date"))
        return (dated if dated.tzinfo else dated.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, TypeError, OverflowError):
        return None
