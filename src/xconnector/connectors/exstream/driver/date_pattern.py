"""Patterns of dates, as designers of driver files write them: `YYYYMMDD`, `DD.MM.YYYY`, `YYDDD`."""

import re
from collections.abc import Callable, Sequence
from datetime import date, datetime
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
    pieces = read_date_pattern(pattern)

    def write(text: str) -> str:
        if not text:
            return ""
        moment = datetime.fromisoformat(text) if len(text) > len("2026-12-31") else _midnight(text)
        return "".join([piece(moment) for piece in pieces])

    return write


def _midnight(text: str) -> datetime:
    day = date.fromisoformat(text)
    return datetime(day.year, day.month, day.day)  # noqa: DTZ001 - a day that is only written has no time zone


def _as_it_is(text: str) -> _Piece:
    return lambda _moment: text
