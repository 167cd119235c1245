"""Keys by which members are known to be the same: what must agree, spelled so that the same is the same text.

A value that says nothing makes no key. That nobody has an e-mail address in common with everybody who has none either
is the first thing that matching has to get right.
"""

import math
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import Any, cast

from xconnector.domain.matching.nothing import NOTHING

MOST = 20
"""Members under one key, or in one customer, beyond which nothing is merged by rule."""

_NEVER_BORN = frozenset(
    {date(1, 1, 1), date(1111, 11, 11), date(1753, 1, 1), date(1800, 1, 1), date(1899, 12, 30), date(1899, 12, 31)}
    | {date(1900, 1, 1), date(1901, 1, 1), date(1970, 1, 1), date(2099, 12, 31), date(9999, 12, 31)}
)
"""Days that programs write where they know none."""
_NOTHING_PLAIN = NOTHING | {word.replace(" ", "") for word in NOTHING}
_NO_MAILBOX = (_NOTHING_PLAIN | {"nomail", "keineemail", "keinemail", "noreply", "donotreply"}) - {"0"}
"""Before the @, letters and digits only; boxes may be numbered."""
_DATES = frozenset({"birth_date", "deceased_on"})
_NUMBERS = frozenset({"mobile"})
_ADDRESSES = frozenset({"email"})
_FOLDED = {"ä": "ae", "ö": "oe", "ü": "ue", "ø": "oe", "æ": "ae", "œ": "oe", "ł": "l", "đ": "d"}
_DAY = re.compile(r"(\d{4})-(\d{2})-(\d{2})(?:[T ].*)?")
_NO_DIGIT = re.compile(r"[^0-9]")
_ACCENTED = ("LATIN ", "GREEK ", "CYRILLIC ")
"""Scripts whose letters are the same with a mark and without; in others a mark is a vowel, or makes another letter."""
_FEWEST_DIGITS = 6
_ALL_THE_SAME = 2
_LONGEST = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyRule:
    """Fields that must all agree for two members to be the same customer."""

    fields: tuple[str, ...]

    @property
    def name(self) -> str:
        """Return what the rule is called: its fields."""
        return " + ".join(self.fields)


@dataclass(frozen=True, slots=True, kw_only=True)
class MatchingRules:
    """What a project says of who is the same customer. Without rules nobody is."""

    rules: Sequence[KeyRule] = ()
    """The strongest first."""
    unless_differ: Sequence[str] = ()
    """Fields in which two members of one customer never differ, where both have them."""
    ignore: Mapping[str, frozenset[str]] = field(default_factory=dict[str, frozenset[str]], repr=False)
    """By field what makes no key, as `comparable` spells it, such as the telephone of an agency."""
    most: int = MOST

    @property
    def fields(self) -> list[str]:
        """Return every field that the rules ask for."""
        asked = [name for rule in self.rules for name in rule.fields]
        return list(dict.fromkeys([*asked, *self.unless_differ]))

    def values(self, said: Mapping[str, Any]) -> dict[str, str]:
        """Return those of the fields that say something, spelled so that the same is the same text."""
        found: dict[str, str] = {}
        for name in self.fields:
            value = comparable(name, said.get(name))
            if value is not None and value not in self.ignore.get(name, ()):
                found[name] = value
        return found

    def keys(self, values: Mapping[str, str]) -> list[tuple[str, ...] | None]:
        """Return the key under each rule, None where any of its fields says nothing. `values` are as `values` gives."""
        return [
            tuple(values[name] for name in rule.fields) if all(name in values for name in rule.fields) else None
            for rule in self.rules
        ]


NOBODY_IS_MERGED = MatchingRules()
"""Without rules."""


def comparable(name: str, value: object) -> str | None:
    """Return a field's value spelled so that the same is the same text; None where it says nothing.

    Nothing is: null, blanks, NaN, what stands for nothing such as `n/a`, `unknown` or `000000`, a truth value, and what
    is no single value. A telephone number is its digits, a day is one of the calendar, and in all other text capitals,
    accents and signs do not count.
    """
    text = _text(value)
    if text is None or len(text) > _LONGEST or text.casefold() in NOTHING:
        return None
    if name in _DATES:
        return _day(text)
    if name in _NUMBERS:
        return _number(text)
    if name in _ADDRESSES:
        return _mailbox(text)
    return _plain(text)


def _text(value: object) -> str | None:
    if isinstance(value, str):
        return (value if value.isascii() else unicodedata.normalize("NFKC", value)).strip() or None
    if isinstance(value, list | tuple):
        parts = [part for one in cast("Sequence[object]", value) if (part := _text(one)) is not None]
        return " ".join(parts) or None
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, float):
        # What a spreadsheet makes of a postcode.
        return None if not math.isfinite(value) else str(int(value)) if value.is_integer() else str(value)
    is_single = isinstance(value, int | date) or (isinstance(value, Decimal) and value.is_finite())
    return str(value) if is_single else None


@lru_cache(maxsize=65536)
def _day(text: str) -> str | None:
    found = _DAY.fullmatch(text)
    if found is None:
        return None
    try:
        day = date(*(int(part) for part in found.groups()))
    except ValueError:
        return None
    return None if day in _NEVER_BORN else day.isoformat()


def _number(text: str) -> str | None:
    digits = _NO_DIGIT.sub("", text)
    if text.startswith("+"):
        digits = "00" + digits
    return digits if len(digits) >= _FEWEST_DIGITS and len({*digits.lstrip("0")}) > 1 else None


def _mailbox(text: str) -> str | None:
    name, at, host = text.casefold().rpartition("@")
    if "".join(sign for sign in name if sign.isalnum()) in _NO_MAILBOX:
        return None
    return f"{name}@{host}" if at and name and "." in host and len(text.split()) == 1 else None


@lru_cache(maxsize=65536)
def _plain(text: str) -> str | None:
    folded = "".join(_FOLDED.get(sign, sign) for sign in text.casefold())
    plain = _letters(unicodedata.normalize("NFKD", folded))
    if not plain or plain in _NOTHING_PLAIN or (len(plain) >= _ALL_THE_SAME and len({*plain}) == 1):
        return None
    return plain


def _letters(decomposed: str) -> str:
    """Return letters and digits, and the marks that make them what they are."""
    if decomposed.isascii():
        return "".join(sign for sign in decomposed if sign.isalnum())
    kept: list[str] = []
    has_accents = True
    for sign in decomposed:
        if sign.isalnum():
            has_accents = unicodedata.name(sign, "").startswith(_ACCENTED)
            kept.append(sign)
        elif not has_accents and unicodedata.category(sign).startswith("M"):
            kept.append(sign)
    return "".join(kept)
