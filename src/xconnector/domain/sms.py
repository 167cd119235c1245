"""Short messages: how many segments a text costs (3GPP TS 23.038 and 23.040), and punctuation that costs less."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum

from xconnector.domain.gsm_alphabet import BASIC, EXTENDED


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


@dataclass(frozen=True, slots=True, kw_only=True)
class SmsParts:
    """A text as it is cut for the air."""

    encoding: SmsEncoding
    parts: tuple[str, ...] = field(repr=False)
    """None for an empty text; joined, they are the text."""


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
    encoding, widths = _widths(text)
    return SmsLength(encoding=encoding, units=sum(widths), segments=sum(1 for _ in _cuts(encoding, widths)))


def sms_parts(text: str, *, encoding: SmsEncoding | None = None) -> SmsParts:
    """Return a text cut into the segments that `sms_length` counts.

    `encoding` UCS_2 cuts it for that alphabet though GSM-7 would do.
    """
    found, widths = _widths(text, encoding)
    return SmsParts(encoding=found, parts=tuple(text[start:end] for start, end in _cuts(found, widths)))


def with_plain_punctuation(text: str) -> str:
    """Return the text with plain dashes, quotes and spaces where that lets it travel in GSM-7.

    A text that needs UCS-2 in any case keeps its punctuation.
    """
    if sms_length(text).encoding is SmsEncoding.GSM_7:
        return text
    plain = text.translate(_PLAIN_PUNCTUATION)
    return plain if sms_length(plain).encoding is SmsEncoding.GSM_7 else text


def _widths(text: str, encoding: SmsEncoding | None = None) -> tuple[SmsEncoding, list[int]]:
    """Return the alphabet of a text, and how many units each of its characters takes."""
    if encoding is not SmsEncoding.UCS_2 and all(character in BASIC or character in EXTENDED for character in text):
        return SmsEncoding.GSM_7, [2 if character in EXTENDED else 1 for character in text]
    return SmsEncoding.UCS_2, [2 if ord(character) > _LAST_OF_BASIC_PLANE else 1 for character in text]


def _cuts(encoding: SmsEncoding, widths: list[int]) -> Iterator[tuple[int, int]]:
    """Yield where each segment begins and ends."""
    gsm = encoding is SmsEncoding.GSM_7
    single, shared = (_GSM_SINGLE, _GSM_SHARED) if gsm else (_UCS_SINGLE, _UCS_SHARED)
    if sum(widths) <= single:
        if widths:
            yield 0, len(widths)
        return
    start, filled = 0, 0
    for place, width in enumerate(widths):
        if filled + width > shared:
            yield start, place
            start, filled = place, 0
        filled += width
    yield start, len(widths)
