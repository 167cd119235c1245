"""Cells: which values of an input a row takes."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, TypeAlias

from xconnector.domain.decision.values import Kind, Value, kind_of


@dataclass(frozen=True, slots=True)
class AnyValue:
    """`-`: fits whatever is there, and when nothing is there."""


@dataclass(frozen=True, slots=True)
class Within:
    """A comparison (`> 5`) or a range with two ends (`5..10`, `[5..10)`)."""

    low: Decimal | date | None = None
    high: Decimal | date | None = None
    includes_low: bool = True
    includes_high: bool = True


@dataclass(frozen=True, slots=True)
class OneOf:
    """`a, b` or `< 5, 7, [10..20)`, or with `not` all others.

    Nothing fits only where `none` is listed; so it fits `not a` as well, unless `none` is listed there.
    """

    values: frozenset[Value] = frozenset()
    ranges: frozenset[Within] = frozenset()
    includes_none: bool = False
    negated: bool = False


Cell: TypeAlias = AnyValue | OneOf

ANY = AnyValue()


def fits_value(cell: Cell, value: Value | None) -> bool:
    """Say whether a value of the column's kind, or nothing, fits a cell."""
    if isinstance(cell, AnyValue):
        return True
    if value is None:
        return cell.includes_none is not cell.negated
    listed = value in cell.values or any(is_within(span, value) for span in cell.ranges)
    return listed is not cell.negated


def is_within(span: Within, value: Value) -> bool:
    # Both sides are of the column's kind, so that they compare.
    given: Any = value
    above = span.low is None or bool(given >= span.low if span.includes_low else given > span.low)
    below = span.high is None or bool(given <= span.high if span.includes_high else given < span.high)
    return above and below


def values_of(cell: Cell) -> Iterator[Value]:
    """Yield every value that the cell names, ends of ranges included."""
    if isinstance(cell, AnyValue):
        return
    yield from cell.values
    for span in cell.ranges:
        yield from (end for end in (span.low, span.high) if end is not None)


def kinds_of(cell: Cell) -> frozenset[Kind]:
    return frozenset(kind_of(value) for value in values_of(cell))
