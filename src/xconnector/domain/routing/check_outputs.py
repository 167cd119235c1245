"""What the rows of each check's tables have to say, and what they mean by it.

Outputs whose kind a table does not declare are text, so that `yes`, `5` and `0.85` are read from text as well.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple, TypeAlias, TypeVar

from xconnector.domain.decision.deciding import DecisionError
from xconnector.domain.decision.table import DecisionTable, HitPolicy, Row
from xconnector.domain.decision.values import Value, spelled_number
from xconnector.domain.routing.media import listed
from xconnector.domain.routing.plan import Medium, ProofOfMailing, Suppression
from xconnector.domain.routing.policy import PERMISSIONS, Check
from xconnector.domain.routing.route_cell import Proposal, proposal_of, spelled
from xconnector.domain.routing.windows import Window, time_of

_NONE = "none"
_ANY = "any"
_LEFT_OPEN = "-"
_DAYS = re.compile(r"\d{1,4}")
_MOST_DAYS = 9999
_COST = re.compile(r"\d{1,20}(?:\.\d{1,20})?")
_YES_NO: Mapping[Value | None, bool] = {True: True, False: False, "yes": True, "no": False}

_Read = TypeVar("_Read")
Said: TypeAlias = Mapping[str, Value | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Demand:
    """What must be sent, and how."""

    is_mandatory: bool
    media: frozenset[Medium] | None
    """All that are allowed; None for any."""
    proof: ProofOfMailing | None
    within_days: int | None

    @property
    def words(self) -> str:
        told = ["must be sent" if self.is_mandatory else "need not be sent"]
        if self.media is not None:
            told.append(f"{listed(self.media)} only")
        if self.proof is not None:
            told.append(f"proof of mailing: {self.proof}")
        if self.within_days is not None:
            told.append(f"within {self.within_days} days")
        return ", ".join(told)

    @property
    def takes_away(self) -> bool:
        # Which media it takes is told of each that the route names.
        return False


@dataclass(frozen=True, slots=True, kw_only=True)
class Permission:
    """Whether a medium may be used."""

    is_given: bool
    reason: str | None

    @property
    def words(self) -> str:
        return self.reason or "may be used"

    @property
    def takes_away(self) -> bool:
        return not self.is_given


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What the routing table proposes."""

    proposed: Proposal | Suppression
    words: str
    """The cell, in its one spelling."""
    takes_away: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Hours:
    """When a medium may be used."""

    window: Window | None
    """None for always."""
    takes_away: bool = False

    @property
    def words(self) -> str:
        return "may leave at any time" if self.window is None else f"may leave from {self.window}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """What one piece costs."""

    cost: Decimal
    takes_away: bool = False

    @property
    def words(self) -> str:
        return f"costs {spelled_number(self.cost)} a piece"


class OutputMistake(NamedTuple):
    """What a check table does not say as its check needs it."""

    row: str | None
    """None for the table as a whole."""
    message: str
    remedy: str


class CheckOutputError(DecisionError):
    """A row does not say what its check needs."""


class _MisstatedError(ValueError):
    def __init__(self, message: str, remedy: str) -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy


def demand_of(table: DecisionTable, row: Row) -> Demand:
    """Return what a row of `must send` demands.

    Raises CheckOutputError.
    """
    return _told(_demand, table, row)


def permission_of(table: DecisionTable, row: Row) -> Permission:
    """Return what a row about one medium says.

    Raises CheckOutputError.
    """
    return _told(_permission, table, row)


def wish_of(table: DecisionTable, row: Row) -> Wish:
    """Return what a row of the routing table proposes.

    Raises CheckOutputError.
    """
    return _told(_wish, table, row)


def hours_of(table: DecisionTable, row: Row) -> Hours:
    """Return when a medium may be used.

    Raises CheckOutputError.
    """
    return _told(_hours, table, row)


def price_of(table: DecisionTable, row: Row) -> Price:
    """Return what one piece costs.

    Raises CheckOutputError.
    """
    return _told(_price, table, row)


def output_mistakes(check: Check, table: DecisionTable) -> Iterator[OutputMistake]:
    """Yield everything that keeps a table from standing in a check, row by row; a check without outputs has none."""
    if check not in _READERS:
        return
    if table.hit is HitPolicy.COLLECT:
        yield OutputMistake(None, f"{check} needs one answer and its hit policy is collect", "write hit: first")
    needed, read = _READERS[check]
    missing = [name for name in needed if name not in table.output_names]
    for name in missing:
        yield OutputMistake(None, f"{check} needs an output `{name}`", f"add a column `then {name}`: {needed[name]}")
    for name in table.output_names:
        if name not in needed:
            known = ", ".join(f"`{one}`" for one in needed)
            yield OutputMistake(None, f"{check} reads no output `{name}`", f"leave it out; it reads {known}")
    for row in () if missing else table.rows:
        try:
            read(row.then)
        except _MisstatedError as wrong:
            yield OutputMistake(row.id, f"row {row.id}: {wrong.message}", wrong.remedy)


def _told(read: Callable[[Said], _Read], table: DecisionTable, row: Row) -> _Read:
    try:
        return read(row.then)
    except _MisstatedError as wrong:
        raise CheckOutputError(f"row {row.id} of table {table.name}: {wrong.message}; {wrong.remedy}") from None


# ---------------------------------------------------------------------------- what a row says

_MEDIA = f"`{_ANY}`, or of {', '.join(Medium)} those that are allowed, such as print, portal"
_PROOF = f"`{_NONE}`, or one of {', '.join(ProofOfMailing)}"
_WITHIN = f"`{_NONE}`, or a whole number of days, such as 5"
_SEND = "`yes` or `no`"
_REASON = "a few words, such as no consent; `-` where it may be sent"
_TIME = "a time such as 08:00, or `-` in both for no limit"
_ROUTE = "connections in order, such as email, print, or suppress: reason"
_PIECE = "what one piece costs, such as 0.85"


def _demand(said: Said) -> Demand:
    return Demand(
        is_mandatory=_yes_or_no(said, "mandatory"),
        media=_media(_text(said, "media", _MEDIA)),
        proof=_proof(said),
        within_days=_days(said),
    )


def _permission(said: Said) -> Permission:
    is_given = _yes_or_no(said, "send")
    reason = _text(said, "reason", _REASON)
    if not is_given and reason == _LEFT_OPEN:
        raise _MisstatedError("`send` is no, and `reason` says nothing", f"write under `then reason` {_REASON}")
    return Permission(is_given=is_given, reason=None if reason == _LEFT_OPEN else reason)


def _wish(said: Said) -> Wish:
    cell = _text(said, "route", _ROUTE)
    try:
        proposed = proposal_of(cell)
    except ValueError as wrong:
        raise _MisstatedError(f"`route` says {cell!r}", str(wrong)) from None
    return Wish(proposed=proposed, words=spelled(proposed))


def _hours(said: Said) -> Hours:
    return Hours(window=_window(said))


def _price(said: Said) -> Price:
    return Price(cost=_cost(said))


def _window(said: Said) -> Window | None:
    told = _text(said, "opens", _TIME), _text(said, "closes", _TIME)
    if told == (_LEFT_OPEN, _LEFT_OPEN):
        return None
    opens, closes = (time_of(text) for text in told)
    if opens is None or closes is None:
        name = "opens" if opens is None else "closes"
        raise _misstated(said, name, _TIME)
    if opens == closes:
        raise _MisstatedError("it closes when it opens", "write - in both for no limit, or two times")
    return Window(opens=opens, closes=closes)


def _cost(said: Said) -> Decimal:
    value = _value(said, "cost", _PIECE)
    if isinstance(value, Decimal) and value.is_finite() and value >= 0:
        return value
    if isinstance(value, str) and _COST.fullmatch(value):
        return Decimal(value)
    raise _misstated(said, "cost", _PIECE)


def _yes_or_no(said: Said, name: str) -> bool:
    value = _value(said, name, _SEND)
    if isinstance(value, (bool, str)) and value in _YES_NO:
        return _YES_NO[value]
    raise _misstated(said, name, _SEND)


def _media(text: str) -> frozenset[Medium] | None:
    if text == _ANY:
        return None
    words = [word.strip() for word in text.split(",")]
    unknown = [word for word in words if word not in {*Medium}]
    if unknown:
        raise _MisstatedError(f"there is no medium {unknown[0]!r}", f"write under `then media` {_MEDIA}")
    return frozenset(Medium(word) for word in words)


def _proof(said: Said) -> ProofOfMailing | None:
    text = _text(said, "proof", _PROOF)
    if text == _NONE:
        return None
    if text not in {*ProofOfMailing}:
        raise _misstated(said, "proof", _PROOF)
    return ProofOfMailing(text)


def _days(said: Said) -> int | None:
    value = _value(said, "within days", _WITHIN)
    if value is None or value == _NONE:
        return None
    if isinstance(value, str) and _DAYS.fullmatch(value):
        return int(value)
    if isinstance(value, Decimal) and value.is_finite() and 0 <= value <= _MOST_DAYS and value == int(value):
        return int(value)
    raise _misstated(said, "within days", _WITHIN)


def _text(said: Said, name: str, remedy: str) -> str:
    value = _value(said, name, remedy)
    if not isinstance(value, str):
        raise _misstated(said, name, remedy)
    return value


def _value(said: Said, name: str, remedy: str) -> Value | None:
    if name not in said:
        raise _MisstatedError(f"there is no output `{name}`", f"add a column `then {name}`: {remedy}")
    return said[name]


def _misstated(said: Said, name: str, remedy: str) -> _MisstatedError:
    value = said[name]
    told = _NONE if value is None else str(value)
    return _MisstatedError(f"`{name}` says {told!r}", f"write under `then {name}` {remedy}")


_PERMISSION: Mapping[str, str] = {"send": _SEND, "reason": _REASON}

_READERS: Mapping[Check, tuple[Mapping[str, str], Callable[[Said], object]]] = {
    Check.MUST_SEND: (
        {"mandatory": _SEND, "media": _MEDIA, "proof": _PROOF, "within days": _WITHIN},
        _demand,
    ),
    **dict.fromkeys(PERMISSIONS, (_PERMISSION, _permission)),
    Check.QUIET_HOURS: ({"opens": _TIME, "closes": _TIME}, _hours),
    Check.COST: ({"cost": _PIECE}, _price),
}
"""By check: what its outputs have to say, and how a row of them is read."""
