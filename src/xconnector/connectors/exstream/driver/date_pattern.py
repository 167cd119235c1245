"""Patterns of dates, as designers of driver files write them: `YYYYMMDD`, `DD.MM.YYYY`, `YYDDD`."""

import re
from collections.abc import Callable, Sequence
from datetime import date, datetime
from operator import itemgetter
from typing import TypeAlias

_Piece: TypeAlias = Callable[[datetime], str]

_PIECES: dict[str, _Piece] = {
    "YYYY": lambda moment: f"{moment.year:04}",
    "YY": lambda moment: f"{moment.year % 100:02}",
    "MM": lambda moment: f"{moment.month:02}",
    "DDD": lambda moment: f"{moment.timetuple().tm_yday:03}",
    "DD": lambda moment: f"{moment.day:02}",
    "hh": lambda moment: f"{moment.hour:02}",
    "mm": lambda moment: f"{moment.minute:02}",
    "ss": lambda moment: f"{moment.second:02}",
}
_CUTS = {"YYYY": slice(0, 4), "YY": slice(2, 4), "MM": slice(5, 7), "DD": slice(8, 10)}
"""Where these stand in a date such as 2026-12-31."""
_DAY = len("2026-12-31")
_TOKENS = re.compile(f"({'|'.join(_PIECES)})")
_LETTER = re.compile(r"[A-SU-Za-z0-9]")
"""What cannot stand between pieces: it is a misspelt piece. T stands between a date and a time."""
_LONGEST = 40


def read_date_pattern(pattern: str) -> Sequence[_Piece]:
    """Return what writes each part of a pattern.

    Raises ValueError saying what is wrong with it.
    """
    if len(pattern) > _LONGEST or not pattern.isprintable():
        raise ValueError(f"a pattern of a date has at most {_LONGEST} printable characters")
    parts = _TOKENS.split(pattern)
    between = "".join(parts[::2])
    if len(parts) == 1 or _LETTER.search(between):
        raise ValueError("write a pattern of YYYY, YY, MM, DD, DDD, hh, mm and ss, such as DD.MM.YYYY")
    return [_PIECES.get(part) or _as_it_is(part) for part in parts if part]


def date_writer(pattern: str) -> Callable[[str], str]:
    """Return what writes an ISO date or time by the pattern; the empty text stays empty.

    What it returns raises ValueError for text that is no date.
    """
    pieces, from_day = read_date_pattern(pattern), _day_writer(pattern)

    def write(text: str) -> str:
        if not text:
            return ""
        if len(text) > _DAY:
            return "".join([piece(datetime.fromisoformat(text)) for piece in pieces])
        day = date.fromisoformat(text)
        # 2026-W53-4 is a date, too.
        if from_day is not None and len(text) == _DAY and text[5] != "W":
            return from_day(text)
        return "".join([piece(_midnight(day)) for piece in pieces])

    return write


def _day_writer(pattern: str) -> Callable[[str], str] | None:
    """Return what writes a proven date by cutting its parts out, several times as fast; None where they do not do."""
    parts = [part for part in _TOKENS.split(pattern) if part]
    if any(part in _PIECES and part not in _CUTS for part in parts):
        return None
    cut = itemgetter(*(_CUTS[part] for part in parts if part in _CUTS))
    template = "".join(["%s" if part in _CUTS else part.replace("%", "%%") for part in parts])
    return lambda text: template % cut(text)


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day)  # noqa: DTZ001 - a day that is only written has no time zone


def _as_it_is(text: str) -> _Piece:
    return lambda _moment: text
