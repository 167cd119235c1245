"""What every channel for text messages needs of a dispatch: a number and a text."""

import re
from dataclasses import dataclass, field

from xconnector.contract.channel import Dispatch
from xconnector.contract.errors import PermanentError
from xconnector.domain.delivery import DeliveryReason
from xconnector.domain.document import RenditionKind

_E164 = re.compile(r"\+[1-9]\d{6,14}", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class ShortText:
    """A text, and where it goes."""

    number: str = field(repr=False)
    """E.164, with its plus sign."""
    text: str = field(repr=False)


def short_text(dispatch: Dispatch) -> ShortText:
    """Return what a dispatch says by text message, exactly as it was approved.

    Raises PermanentError, which shows neither number nor text.
    """
    rendition = dispatch.renditions.get(RenditionKind.SMS)
    if rendition is None:
        raise PermanentError("no text message was composed: give its template an sms.txt")
    number = dispatch.recipient.mobile or ""
    if not number:
        raise PermanentError("no mobile number is known", reason=DeliveryReason.ADDRESS)
    if not _E164.fullmatch(number):
        raise PermanentError(
            "the mobile number is not written with its country (E.164), such as +4915550000001",
            reason=DeliveryReason.ADDRESS,
        )
    try:
        text = rendition.content.decode("utf-8")
    except UnicodeDecodeError:
        raise PermanentError("the text message is no UTF-8") from None
    if not text:
        raise PermanentError("the text message is empty")
    return ShortText(number=number, text=text)
