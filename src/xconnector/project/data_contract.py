"""The data contract of a communication: which fields its template may rely on, and of which type.

policy_number: text
premium: money
note: text?                                   optional: null where it is missing
coverages: [{name: text, limit: money}]       a list of records
remarks: [text]                               a list of single values
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from math import isfinite
from typing import Any, TypeAlias, cast

_FIELD = re.compile(r"[a-z][a-z0-9_]{0,63}")
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_INTEGER = re.compile(r"[+-]?\d{1,18}")
_CURRENCY = re.compile(r"[A-Z]{3}")
# Beyond this it is no amount of this world, and writing it out would fill pages.
_MOST_DIGITS = 18
_MOST_DECIMALS = 12
_MOST_PROBLEMS = 20
_MOST_NESTED = 4


class ContractError(Exception):
    """Mapped data breaks the contract; the message names the paths of the fields, never their values."""

    def __init__(self, problems: Sequence[str]) -> None:
        self.problems = tuple(problems)
        shown = "; ".join(problems[:_MOST_PROBLEMS])
        more = len(problems) - _MOST_PROBLEMS
        super().__init__(f"{shown}; and {more} more" if more > 0 else shown)


class ContractSpellingError(ValueError):
    """The contract itself is wrong; `at` is the way to the wrong place."""

    def __init__(self, at: tuple[str | int, ...], message: str) -> None:
        super().__init__(message)
        self.at = at


class ScalarKind(StrEnum):
    """The types of single values."""

    TEXT = "text"
    MONEY = "money"
    DATE = "date"
    NUMBER = "number"
    INTEGER = "integer"
    BOOL = "bool"


@dataclass(frozen=True, slots=True)
class Money:
    """An exact amount; without a currency it is in the project's."""

    amount: Decimal
    currency: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Scalar:
    """One value."""

    kind: ScalarKind
    is_optional: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ListOf:
    """Values or records of one type."""

    item: "Scalar | DataContract"
    is_optional: bool = False


FieldType: TypeAlias = Scalar | ListOf


@dataclass(frozen=True, slots=True, kw_only=True)
class DataContract:
    """Fields by name."""

    fields: Mapping[str, FieldType]

    def read(self, data: Mapping[str, Any]) -> dict[str, Any]:
        """Return the data in Python's types (`Decimal`, `Money`, `date`); fields of no interest are left out.

        Raises ContractError naming every field that is missing or of another type.
        """
        reading = _Reading()
        values = reading.record(self, data, "data")
        if reading.problems:
            raise ContractError(reading.problems)
        return values


def parse_contract(content: object) -> DataContract:
    """Return the contract that a project file spells.

    Raises ContractSpellingError.
    """
    return _record(content, (), 0)


def _record(content: object, at: tuple[str | int, ...], depth: int) -> DataContract:
    if not isinstance(content, dict) or not content:
        raise ContractSpellingError(at, "write the fields as `name: type`")
    if depth > _MOST_NESTED:
        raise ContractSpellingError(at, f"lists are nested deeper than {_MOST_NESTED}")
    fields: dict[str, FieldType] = {}
    for name, spelled in cast("dict[object, object]", content).items():
        if not isinstance(name, str) or not _FIELD.fullmatch(name):
            raise ContractSpellingError((*at, str(name)), "a field's name has small letters, digits and underscores")
        fields[name] = _field(spelled, (*at, name), depth)
    return DataContract(fields=fields)


def _field(spelled: object, at: tuple[str | int, ...], depth: int) -> FieldType:
    if isinstance(spelled, str):
        return _scalar(spelled, at)
    if isinstance(spelled, list):
        items = cast("list[object]", spelled)
        if len(items) != 1:
            raise ContractSpellingError(at, "a list names one type of item, such as [text] or [{name: text}]")
        item = items[0]
        is_scalar = isinstance(item, str)
        return ListOf(item=_scalar(item, (*at, 0)) if is_scalar else _record(item, (*at, 0), depth + 1))
    raise ContractSpellingError(at, f"write one of {', '.join(ScalarKind)}, `?` behind it if optional, or a list")


def _scalar(spelled: str, at: tuple[str | int, ...]) -> Scalar:
    kind = spelled.removesuffix("?").strip()
    if kind not in {*ScalarKind}:
        raise ContractSpellingError(at, f"{spelled!r} is no type: use one of {', '.join(ScalarKind)}")
    return Scalar(kind=ScalarKind(kind), is_optional=spelled.endswith("?"))


class _Reading:
    """One pass over the data of one communication."""

    def __init__(self) -> None:
        self.problems: list[str] = []

    def record(self, contract: DataContract, data: Mapping[str, Any], path: str) -> dict[str, Any]:
        values: dict[str, Any] = {}
        for name, type_ in contract.fields.items():
            given = data.get(name)
            if isinstance(type_, Scalar):
                values[name] = self._scalar(type_, given, path, name)
            else:
                values[name] = self._list(type_, given, f"{path}.{name}")
        return values

    def _scalar(self, type_: Scalar, given: object, path: str, name: str) -> object:
        if given is None or given == "":
            if not type_.is_optional:
                self.problems.append(f"{path}.{name} is missing")
            return None
        value = _READERS[type_.kind](given)
        if value is None:
            self.problems.append(f"{path}.{name} is not {_EXPECTED[type_.kind]}")
        return value

    def _list(self, type_: ListOf, given: object, path: str) -> list[Any] | None:
        if given is None:
            self.problems.append(f"{path} is missing")
            return None
        if not isinstance(given, list):
            self.problems.append(f"{path} is no list")
            return None
        return list(self._items(type_.item, cast("list[object]", given), path))

    def _items(self, item: Scalar | DataContract, given: Sequence[object], path: str) -> Iterator[Any]:
        for index, one in enumerate(given):
            if isinstance(item, Scalar):
                yield self._scalar(item, one, path.rpartition(".")[0], f"{path.rpartition('.')[2]}[{index}]")
            elif isinstance(one, dict):
                yield self.record(item, cast("dict[str, Any]", one), f"{path}[{index}]")
            else:
                self.problems.append(f"{path}[{index}] is no record")


def read_number(given: object) -> Decimal | None:
    """Return the exact number that a JSON number or a text such as 1234.50 means; None where it means none."""
    if isinstance(given, bool) or not isinstance(given, (int, float, str, Decimal)):
        return None
    if isinstance(given, float) and not isfinite(given):
        return None
    try:
        number = Decimal(str(given)) if not isinstance(given, Decimal) else given
    except InvalidOperation:
        return None
    if not number.is_finite() or number.adjusted() >= _MOST_DIGITS:
        return None
    exponent = number.as_tuple().exponent
    return number if isinstance(exponent, int) and -exponent <= _MOST_DECIMALS else None


def _read_text(given: object) -> str | None:
    if isinstance(given, str):
        return given
    return str(given) if isinstance(given, int) and not isinstance(given, bool) else None


def _read_money(given: object) -> Money | None:
    if not isinstance(given, dict):
        amount = read_number(given)
        return None if amount is None else Money(amount)
    stated = cast("dict[str, object]", given)
    amount, currency = read_number(stated.get("amount")), stated.get("currency")
    if amount is None or not (currency is None or (isinstance(currency, str) and _CURRENCY.fullmatch(currency))):
        return None
    return Money(amount, currency)


def _read_date(given: object) -> date | None:
    if not isinstance(given, str) or not _DATE.fullmatch(given):
        return None
    try:
        return date.fromisoformat(given)
    except ValueError:
        return None


def _read_integer(given: object) -> int | None:
    if isinstance(given, bool):
        return None
    if isinstance(given, (int, str)) and _INTEGER.fullmatch(str(given)):
        return int(given)
    return None


def _read_bool(given: object) -> bool | None:
    return {"true": True, "false": False}.get(str(given).lower()) if isinstance(given, (bool, str)) else None


_READERS: dict[ScalarKind, Callable[[object], object]] = {
    ScalarKind.TEXT: _read_text,
    ScalarKind.MONEY: _read_money,
    ScalarKind.DATE: _read_date,
    ScalarKind.NUMBER: read_number,
    ScalarKind.INTEGER: _read_integer,
    ScalarKind.BOOL: _read_bool,
}
_EXPECTED = {
    ScalarKind.TEXT: "text",
    ScalarKind.MONEY: "an amount such as 1234.50",
    ScalarKind.DATE: "a date such as 2026-12-31",
    ScalarKind.NUMBER: "a number such as 1234.5",
    ScalarKind.INTEGER: "a whole number",
    ScalarKind.BOOL: "true or false",
}
