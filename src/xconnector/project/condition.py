"""Conditions on triggers: whether what an event's record says is such that a communication is made.

A condition is one expression of CEL, compiled once. It sees the mapped fields that it names, as `data.<field>`:

- a field that the communication declares under `data:` has the type that it declares there: numbers and amounts of
  money are doubles, whole numbers are ints, dates are ISO text (2026-12-31), which stands in the order of the days;
- any other field is what the mapping makes of it;
- what is not there cannot be looked at, only asked for: `has(data.note)`.

Doubles keep fifteen digits, so that numbers that people write are the same or not as they look; a number with more is
refused rather than rounded.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any, cast

from xconnector.project.data_contract import ContractError, DataContract, FieldType, Money

if TYPE_CHECKING:
    from cel import Program

MOST_ITEMS = 50_000
"""Of the lists of one field: looking through them takes less than a second."""
LONGEST_TEXT = 100_000
DATA = "data"
"""What a condition calls the mapped data."""
MOST_DIGITS = 15
"""Decimal digits that a double keeps."""


class ConditionError(Exception):
    """A record cannot be held against a condition; the message names communications and fields, never values."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """One condition, compiled."""

    text: str
    fields: tuple[str, ...]
    """Mapped fields that it looks at, in their order."""
    types: Mapping[str, FieldType]
    """Of those fields that the communication declares."""
    program: "Program" = field(repr=False, compare=False)

    def holds(self, data: Mapping[str, Any]) -> bool:
        """Say whether mapped data is such.

        Raises ConditionError where that cannot be said.
        """
        seen, unfit = self._looked_at(data)
        try:
            answer = self.program.execute({DATA: seen})
        except (ArithmeticError, LookupError, RuntimeError, TypeError, ValueError) as error:
            # What the library says may hold values.
            raise ConditionError(self._why_not(error, unfit)) from None
        if not isinstance(answer, bool):
            raise ConditionError("it answers with something else than true or false")
        return answer

    def answer(self, data: Mapping[str, Any]) -> object:
        """Return what the expression comes to; whatever the library raises is raised."""
        return self.program.execute({DATA: self._looked_at(data)[0]})

    def _looked_at(self, data: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, str]]:
        """Return the fields that can be looked at, and why others cannot."""
        seen: dict[str, Any] = {}
        unfit: dict[str, str] = {}
        for name in self.fields:
            try:
                value = _value(name, self.types.get(name), data.get(name))
            except _UnfitError as wrong:
                unfit[name] = str(wrong)
                continue
            if value is None:
                unfit[name] = "is missing"
            else:
                seen[name] = value
        return seen, unfit

    def _why_not(self, error: Exception, unfit: Mapping[str, str]) -> str:
        missing = error.args[0] if isinstance(error, KeyError) else None
        if isinstance(missing, str) and missing in unfit:
            return f"{DATA}.{missing} {unfit[missing]}"
        looked_at = ", ".join(f"{DATA}.{name}" for name in self.fields) or "no field"
        return f"it looks at {looked_at}: one is of another kind than it is used as, or too large to be reckoned with"


class _UnfitError(ValueError):
    """A value is not what the communication declares; the text says what is expected."""


def _value(name: str, type_: FieldType | None, given: object) -> object:
    """Return a mapped value as conditions see it; None where there is nothing."""
    if given is None or given == "":
        return None
    _refuse_large(given)
    if type_ is None:
        return _plain(given)
    try:
        return _plain(DataContract(fields={name: type_}).read({name: given})[name])
    except ContractError as wrong:
        raise _UnfitError(wrong.problems[0].removeprefix(f"{DATA}.{name} ")) from None


def _refuse_large(given: object) -> None:
    """Refuse what would take long to look through; a condition is asked for every record of its event."""
    waiting, items = [given], 0
    while waiting:
        one = waiting.pop()
        if isinstance(one, str) and len(one) > LONGEST_TEXT:
            raise _UnfitError(f"has more than {LONGEST_TEXT} characters")
        if isinstance(one, (list, dict)):
            within = cast("list[object]", one) if isinstance(one, list) else [*cast("dict[str, object]", one).values()]
            items += len(within)
            if items > MOST_ITEMS:
                raise _UnfitError(f"has more than {MOST_ITEMS} items")
            waiting += within


def _plain(value: object) -> object:
    """Return a value in the types of CEL: text, bool, int, double, lists and records of them."""
    match value:
        case Money():
            seen = _double(value.amount)
        case Decimal():
            seen = _double(value)
        case date():
            seen = value.isoformat()
        case list():
            seen = [_plain(one) for one in cast("list[object]", value) if one is not None]
        case dict():
            fields = cast("dict[str, object]", value)
            seen = {name: _plain(one) for name, one in fields.items() if one is not None}
        case int():
            seen = _whole(value)
        case _:
            seen = value
    return seen


def _whole(number: int) -> int:
    if abs(number) >= 10**MOST_DIGITS:
        raise _UnfitError(f"has more than {MOST_DIGITS} digits")
    return number


def _double(number: Decimal) -> float:
    if len(number.normalize().as_tuple().digits) > MOST_DIGITS:
        raise _UnfitError(f"has more than {MOST_DIGITS} digits")
    return float(number)
