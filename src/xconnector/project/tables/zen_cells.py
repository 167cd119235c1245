"""ZEN, the language of cells in GoRules' JDM: unary expressions and constants, read and written.

    "a", "b"    not in ["a"]    != "a"    > 5    [5..10)    d($) in [d("2026-01-01")..d("2026-12-31")]    null

ZEN takes terms from left to right, `and` and `or` alike; `,` is `or`. A comparison with nothing is an error, and a row
with an error does not fit: so `null` stands first where it is meant. A day is compared as it stands (`< d("…")`) or
between two as `d($) in […]`: `d($) < d("…")` would take nothing for an early day.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Literal, TypeAlias

from xconnector.domain.decision.axis import Axis, Pieces, axis_of
from xconnector.domain.decision.cells import ANY, AnyValue, Cell, OneOf, Within, kinds_of
from xconnector.domain.decision.table import Domain
from xconnector.domain.decision.values import Kind, Value, spelled_number, spelled_value
from xconnector.project.tables.cell_literals import WORDS, day_of, number_of, range_between
from xconnector.project.tables.cell_tokens import Tokens
from xconnector.project.tables.foreign import UnsayableError, refuse_long, shown, without_negated_ranges

MOST_DIGITS = 28
"""ZEN's numbers have 96 bits."""

_TOKEN = re.compile(
    r""""[^"]*"|'[^']*'|\d[\d_]*(?:\.(?!\.)\d+)?|\.\.|>=|<=|==|!=|[<>\[\](),.+-]|[A-Za-z_$][\w$]*|\s+"""
)
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_RESERVED = frozenset({"null", "true", "false", "and", "or", "not", "in"})
_PATH = re.compile(
    r"""(?P<name>[A-Za-z_$][A-Za-z0-9_$]*)|\.(?P<part>[A-Za-z_][A-Za-z0-9_]*)|\[(["'])(?P<key>.*?)\3\]"""
)
_MOST_TERMS = 1_000
_NEVER = "null and != null"

_OfNothing: TypeAlias = Literal["fits", "does not fit", "is an error"]
"""What a term says where nothing is there."""


def zen_cell(cell: Cell, kind: Kind) -> str:
    """Return a unary expression that fits exactly what our cell fits; empty for anything.

    Raises UnsayableError.
    """
    plain = without_negated_ranges(cell, kind)
    if isinstance(plain, AnyValue):
        return ""
    if plain == OneOf():
        return _NEVER
    listed = [*(["null"] if plain.includes_none else []), *sorted(zen_value(value) for value in plain.values)]
    if plain.negated:
        return f"not in [{', '.join(listed)}]"
    return ", ".join([*listed, *sorted(_zen_range(span) for span in plain.ranges)])


def zen_value(value: Value | None) -> str:
    """Return a constant; dates are text.

    Raises UnsayableError.
    """
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal):
        refuse_long(value, MOST_DIGITS)
        return spelled_number(value)
    return _quoted(value if isinstance(value, str) else spelled_value(value))


def zen_path(name: str) -> str:
    """Return the field of an input: `customer.name`, and `$root["has email"]` where a part is no word of ZEN."""
    first, *others = name.split(".")
    if _NAME.fullmatch(first) and first not in _RESERVED:
        return first + "".join(_step(part) for part in others)
    return "$root" + "".join(f'["{part}"]' if at == 0 else _step(part) for at, part in enumerate([first, *others]))


def parse_zen_path(text: str) -> str:
    """Return what a field leads to, in dots.

    Raises UnsayableError.
    """
    parts: list[str] = []
    at = 0
    text = text.strip()
    while at < len(text):
        found = _PATH.match(text, at)
        if found is None or (found["name"] is not None) is not (at == 0):
            raise UnsayableError(f"the field {shown(text)} is no path such as customer.name")
        part = found["name"] or found["part"] or found["key"]
        parts += [part] if part != "$root" or at else []
        at = found.end()
    if not parts or "$" in parts[0] or any("." in part for part in parts):
        raise UnsayableError(f"the field {shown(text)} is no path such as customer.name")
    return ".".join(parts)


def parse_zen_cell(text: str, *, speaks_of_dates: bool = False) -> Cell:
    """Return the cell that fits what a unary expression fits.

    Raises UnsayableError for what is outside of the language above.
    """
    if not text.strip():
        return ANY
    if text.strip() == "-":
        raise UnsayableError("zen takes - for a mistake and never fits the row: leave the cell empty for anything")
    return _Reading(text, speaks_of_dates=speaks_of_dates).cell()


def parse_zen_value(text: str) -> Value | None:
    """Return the value of a constant; dates are text.

    Raises UnsayableError.
    """
    tokens = Tokens(text, _TOKEN)
    value = _constant(tokens)
    tokens.end()
    return value


def names_days(text: str) -> bool:
    """Say whether a cell compares days."""
    return re.search(r"\bd(?:ate)?\s*\(", re.sub(r"""("[^"]*"|'[^']*')""", "''", text)) is not None


def _quoted(text: str) -> str:
    """Return text in quotes; ZEN has no sign for a quote inside of the same quotes."""
    if '"' not in text:
        return f'"{text}"'
    if "'" not in text:
        return f"'{text}'"
    return " + '\"' + ".join(f'"{part}"' for part in text.split('"'))


def _step(part: str) -> str:
    return f".{part}" if _NAME.fullmatch(part) else f'["{part}"]'


def _zen_range(span: Within) -> str:
    match span:
        case Within(low=low, high=None):
            return f"{'>=' if span.includes_low else '>'} {_zen_end(low)}"
        case Within(low=None, high=high):
            return f"{'<=' if span.includes_high else '<'} {_zen_end(high)}"
        case Within(low=low, high=high):
            opening, closing = "[" if span.includes_low else "(", "]" if span.includes_high else ")"
            subject = "" if isinstance(low, Decimal) else "d($) in "
            return f"{subject}{opening}{_zen_end(low)}..{_zen_end(high)}{closing}"


def _zen_end(value: Decimal | date | None) -> str:
    return f"d({zen_value(value)})" if isinstance(value, date) else zen_value(value)


# ---------------------------------------------------------------------------- read


@dataclass(frozen=True, slots=True, kw_only=True)
class _Term:
    """One term: what it fits where something is there, and what it says where nothing is."""

    cell: OneOf
    nothing: _OfNothing = "does not fit"


class _Reading:
    """A unary expression, read term by term; terms are joined as sets of values."""

    def __init__(self, text: str, *, speaks_of_dates: bool) -> None:
        self._tokens = Tokens(text, _TOKEN)
        self._speaks_of_dates = speaks_of_dates

    def cell(self) -> Cell:
        terms = [self._term()]
        joints: list[str] = []
        while self._tokens.next in {",", "or", "and"}:
            joints.append(self._tokens.take())
            terms.append(self._term())
            if len(terms) > _MOST_TERMS:
                raise UnsayableError(f"a cell has at most {_MOST_TERMS} terms: divide the row")
        self._tokens.end()
        axis = _common_axis(terms)
        pieces, nothing = _joined(terms, joints, axis)
        if nothing == "fits":
            pieces |= axis.pieces(OneOf(includes_none=True))
        if not pieces:
            raise UnsayableError("the cell fits nothing at all")
        return axis.cell(pieces)

    def _term(self) -> _Term:
        tokens = self._tokens
        is_day = self._subject()
        match tokens.next:
            case ">" | ">=" | "<" | "<=":
                return self._comparison(is_day=is_day)
            case "==" | "!=":
                return self._equality(tokens.take())
            case "in":
                tokens.take()
                return self._set(is_day=is_day)
            case "not" if tokens.behind(1) == "in":
                tokens.takes("not", "in")
                return self._others(is_day=is_day)
            case "not":
                raise UnsayableError('zen has no not(…) of values: write != "a", or not in ["a", "b"]')
            case "[" | "(" if is_day is None:
                return self._set(is_day=None)
            case _ if is_day is None:
                return self._equality("==")
            case _:
                raise tokens.unknown()

    def _subject(self) -> bool | None:
        """Take `$` or `d($)`; return whether it is a day, None where none of them is said."""
        for word in ("d", "date"):
            if self._tokens.takes(word, "(", "$", ")"):
                self._speaks_of_dates = True
                return True
        return False if self._tokens.takes("$") else None

    def _comparison(self, *, is_day: bool | None) -> _Term:
        sign, end = self._tokens.take(), self._end()
        if sign in {">", ">="}:
            nothing: _OfNothing = "does not fit" if is_day else "is an error"
            return _Term(cell=_ranged(Within(low=end, includes_low=sign == ">=")), nothing=nothing)
        nothing = "fits" if is_day else "is an error"
        return _Term(cell=_ranged(Within(high=end, includes_high=sign == "<=")), nothing=nothing)

    def _equality(self, sign: str) -> _Term:
        value = self._value()
        is_negated = sign == "!="
        cell = OneOf(values=frozenset([] if value is None else [value]), negated=is_negated)
        return _Term(cell=cell, nothing="fits" if (value is None) is not is_negated else "does not fit")

    def _others(self, *, is_day: bool | None) -> _Term:
        listed = self._set(is_day=is_day)
        if listed.cell.ranges:
            raise UnsayableError("write what lies beside the range, such as < 5, > 10")
        negated = OneOf(values=listed.cell.values, negated=True)
        return _Term(cell=negated, nothing="does not fit" if listed.nothing == "fits" else "fits")

    def _set(self, *, is_day: bool | None) -> _Term:
        opening = self._tokens.take()
        if opening not in {"[", "("}:
            raise self._tokens.unknown()
        first = self._value()
        if self._tokens.takes(".."):
            return self._range(opening, first, is_day=is_day)
        values = [first]
        while self._tokens.takes(","):
            values.append(self._value())
        if opening != "[":
            raise self._tokens.unknown()
        self._tokens.expect("]")
        cell = OneOf(values=frozenset(value for value in values if value is not None))
        return _Term(cell=cell, nothing="fits" if None in values else "does not fit")

    def _range(self, opening: str, low: Value | None, *, is_day: bool | None) -> _Term:
        high = self._end()
        if self._tokens.next not in {"]", ")"}:
            raise self._tokens.unknown()
        closing = self._tokens.take()
        if low is None or isinstance(low, (str, bool)):
            raise UnsayableError("only numbers and days are compared")
        if not isinstance(low, Decimal) and not is_day:
            raise UnsayableError('zen finds no day in a range by itself: write d($) in [d("…")..d("…")]')
        span = range_between(low, high, includes_low=opening == "[", includes_high=closing == "]")
        return _Term(cell=_ranged(span), nothing="does not fit" if is_day else "is an error")

    def _end(self) -> Decimal | date:
        value = self._value()
        if value is None or isinstance(value, (str, bool)):
            raise UnsayableError('only numbers and days are compared, such as 1000.50 or d("2026-12-31")')
        return value

    def _value(self) -> Value | None:
        for word in ("d", "date"):
            if self._tokens.takes(word, "("):
                text = _constant(self._tokens)
                self._tokens.expect(")")
                return day_of(text if isinstance(text, str) else "")
        value = _constant(self._tokens)
        return day_of(value) if self._speaks_of_dates and isinstance(value, str) else value


def _constant(tokens: Tokens) -> Value | None:
    word = tokens.take()
    if word in WORDS:
        return WORDS[word]
    if not word.startswith(('"', "'")):
        return -_number(tokens.take()) if word == "-" else _number(word)
    text = word[1:-1]
    while tokens.takes("+"):
        text += _more(tokens.take())
    return text


def _number(word: str) -> Decimal:
    """Return a number, in which ZEN takes underscores between digits for nothing."""
    return number_of(word.replace("_", "") if word[:1].isdigit() else word, most_digits=MOST_DIGITS)


def _more(token: str) -> str:
    if not token.startswith(('"', "'")):
        raise UnsayableError("only texts are put together")
    return token[1:-1]


def _ranged(span: Within) -> OneOf:
    return OneOf(ranges=frozenset({span}))


def _common_axis(terms: Sequence[_Term]) -> Axis:
    kinds = {kind for term in terms for kind in kinds_of(term.cell)}
    if len(kinds) > 1:
        raise UnsayableError(f"the cell speaks of {' and '.join(sorted(kinds))}")
    kind = next(iter(kinds), Kind.TEXT)
    return axis_of(Domain(kind=kind), [term.cell for term in terms])


def _joined(terms: Sequence[_Term], joints: Sequence[str], axis: Axis) -> tuple[Pieces, _OfNothing]:
    none = axis.pieces(OneOf(includes_none=True))
    first, *others = terms
    pieces, nothing = axis.pieces(first.cell) & ~none, first.nothing
    for joint, term in zip(joints, others, strict=True):
        own = axis.pieces(term.cell) & ~none
        decided: _OfNothing = "does not fit" if joint == "and" else "fits"
        pieces = pieces & own if joint == "and" else pieces | own
        nothing = nothing if nothing in {decided, "is an error"} else term.nothing
    return pieces, nothing
