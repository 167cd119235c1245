"""A text as the messages that carry it."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field

from xconnector.connectors.smpp.settings import Alphabet, LongTexts, Receipts, SmppSettings
from xconnector.domain.gsm_alphabet import gsm_octets, gsm_text
from xconnector.domain.sms import SmsEncoding, sms_parts

_HAS_HEADER = 0x40
"""Of `esm_class`: the text begins with a header."""
_MOST_PARTS = 255
_UCS_2_CODINGS = frozenset({8, 0x18, 0x19})
_LATIN_1 = 3
_ASCII = 1


class TooLongError(Exception):
    """The text does not fit into as many parts as one message may have."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One message of a text."""

    octets: bytes = field(repr=False)
    esm_class: int
    data_coding: int
    asks_receipt: bool
    is_payload: bool = False
    """Whether it travels in `message_payload`."""


def parts_of(text: str, settings: SmppSettings, *, reference: int) -> Sequence[Part]:
    """Return the messages that carry a text; `reference` (0 to 255) tells the handset which belong together.

    Raises TooLongError.
    """
    default = _is_default(text, settings)
    cut = sms_parts(text, encoding=None if default else SmsEncoding.UCS_2).parts
    coding = settings.data_coding.default if default else settings.data_coding.ucs_2
    if len(cut) > _MOST_PARTS:
        raise TooLongError
    if len(cut) > 1 and settings.long_texts is LongTexts.PAYLOAD:
        octets = _octets(text, settings, default=default)
        asks = settings.receipts is not Receipts.NONE
        return [Part(octets=octets, esm_class=0, data_coding=coding, asks_receipt=asks, is_payload=True)]
    return [
        Part(
            octets=_header(reference, len(cut), number) + _octets(part, settings, default=default),
            esm_class=_HAS_HEADER if len(cut) > 1 else 0,
            data_coding=coding,
            asks_receipt=_asks(settings.receipts, number, len(cut)),
        )
        for number, part in enumerate(cut, start=1)
    ]


def reference_of(dispatch_key: str) -> int:
    """Return the number that joins the parts of a text: the same for every attempt."""
    return hashlib.sha256(dispatch_key.encode()).digest()[0]


def text_of(octets: bytes, *, data_coding: int, has_header: bool, alphabet: Alphabet) -> str:
    """Return the text of a message that came in; what it cannot be is shown as U+FFFD."""
    if has_header and octets:
        octets = octets[octets[0] + 1 :]
    if data_coding in _UCS_2_CODINGS:
        return octets.decode("utf-16-be", "replace")
    if data_coding in {_ASCII, _LATIN_1} or alphabet is Alphabet.LATIN_1:
        return octets.decode("latin-1")
    return gsm_text(octets)


def _is_default(text: str, settings: SmppSettings) -> bool:
    """Say whether a text travels in the default alphabet."""
    if sms_parts(text).encoding is SmsEncoding.UCS_2:
        return False
    return settings.alphabet is Alphabet.GSM_7 or all(ord(character) < 0x100 for character in text)  # noqa: PLR2004


def _octets(text: str, settings: SmppSettings, *, default: bool) -> bytes:
    if not default:
        return text.encode("utf-16-be", "surrogatepass")
    return gsm_octets(text) if settings.alphabet is Alphabet.GSM_7 else text.encode("latin-1")


def _header(reference: int, total: int, number: int) -> bytes:
    return bytes((5, 0, 3, reference, total, number)) if total > 1 else b""


def _asks(receipts: Receipts, number: int, total: int) -> bool:
    match receipts:
        case Receipts.EACH:
            return True
        case Receipts.FIRST:
            return number == 1
        case Receipts.LAST:
            return number == total
        case Receipts.NONE:
            return False
