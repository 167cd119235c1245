"""Short messages: how many segments a text costs (3GPP TS 23.038 and 23.040), and punctuation that costs less."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class SmsEncoding(StrEnum):
    """The two alphabets a short message can travel in."""

    GSM_7 = "gsm-7"
    """7 bits a character, for texts within the GSM default alphabet."""
    UCS_2 = "ucs-2"
    """16 bits a unit: one foreign character turns the whole text to it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SmsLength:
    """What a text costs on the air."""

    encoding: SmsEncoding
    units: int
    """Septets in GSM-7, UTF-16 units in UCS-2."""
    segments: int
    """Messages it is cut into; 0 for an empty text."""


_GSM_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
# Behind an escape: two septets each, never cut between segments.
_GSM_EXTENDED = frozenset("\f^{}\\[~]|€")

_GSM_SINGLE, _GSM_SHARED = 160, 153
_UCS_SINGLE, _UCS_SHARED = 70, 67
_LAST_OF_BASIC_PLANE = 0xFFFF

_PLAIN_PUNCTUATION = str.maketrans(
    {
        "‐": "-", "‑": "-", "‒": "-", "–": "-", "—": "-", "−": "-",
        "‘": "'", "’": "'", "‚": "'", "‛": "'", "′": "'", "‹": "'", "›": "'",
        "“": '"', "”": '"', "„": '"', "‟": '"', "″": '"', "«": '"', "»": '"',
        "…": "...", "•": "-", "·": ".",
        "\u00a0": " ", "\u2007": " ", "\u2009": " ", "\u202f": " ", "\u200b": "", "\u00ad": "", "\t": " ",
    }
)  # fmt: skip


def sms_length(text: str) -> SmsLength:
    """Return alphabet, units and segments of a text.

    A text of one segment holds 160 septets or 70 units; of several, 153 or 67 each. Neither an
    escaped character nor a surrogate pair is cut between two segments.
    """
    if all(character in _GSM_BASIC or character in _GSM_EXTENDED for character in text):
        widths = [2 if character in _GSM_EXTENDED else 1 for character in text]
        return _measured(SmsEncoding.GSM_7, widths, single=_GSM_SINGLE, shared=_GSM_SHARED)
    widths = [2 if ord(character) > _LAST_OF_BASIC_PLANE else 1 for character in text]
    return _measured(SmsEncoding.UCS_2, widths, single=_UCS_SINGLE, shared=_UCS_SHARED)


def with_plain_punctuation(text: str) -> str:
    """Return the text with plain dashes, quotes and spaces where that lets it travel in GSM-7.

    A text that needs UCS-2 in any case keeps its punctuation.
    """
    if sms_length(text).encoding is SmsEncoding.GSM_7:
        return text
    plain = text.translate(_PLAIN_PUNCTUATION)
    return plain if sms_length(plain).encoding is SmsEncoding.GSM_7 else text


def _measured(encoding: SmsEncoding, widths: list[int], *, single: int, shared: int) -> SmsLength:
    units = sum(widths)
    segments = min(units, 1) if units <= single else _segments(widths, shared)
    return SmsLength(encoding=encoding, units=units, segments=segments)


def _segments(widths: Iterable[int], capacity: int) -> int:
    segments, filled = 1, 0
    for width in widths:
        if filled + width > capacity:
            segments, filled = segments + 1, 0
        filled += width
    return segments
