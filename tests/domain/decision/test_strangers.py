"""What a cell names and its column never has."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xconnector.domain.decision.cell_text import parse_cell, spelled
from xconnector.domain.decision.cells import OneOf, Within, fits_value
from xconnector.domain.decision.strangers import strangers
from xconnector.domain.decision.table import Domain
from xconnector.domain.decision.values import Kind, Value

WORDS = st.sampled_from(["email", "emial", "portal", "portall", "print"])
NUMBERS = st.integers(-9, 9).map(Decimal)
DAYS = st.integers(1, 20).map(lambda day: date(2026, 1, day))


def ranges(values: st.SearchStrategy[Decimal] | st.SearchStrategy[date]) -> st.SearchStrategy[Within]:
    ends = st.lists(values, min_size=2, max_size=2, unique=True).map(sorted)
    both = st.tuples(ends, st.booleans(), st.booleans()).map(
        lambda one: Within(low=one[0][0], high=one[0][1], includes_low=one[1], includes_high=one[2])
    )
    return both | values.map(lambda low: Within(low=low)) | values.map(lambda high: Within(high=high))


def cells(kind: Kind) -> st.SearchStrategy[OneOf]:
    of_kind = {Kind.TEXT: WORDS, Kind.NUMBER: NUMBERS, Kind.DATE: DAYS, Kind.YES_NO: st.booleans()}[kind]
    spans = {
        Kind.NUMBER: st.frozensets(ranges(NUMBERS), max_size=2),
        Kind.DATE: st.frozensets(ranges(DAYS), max_size=2),
    }
    return st.builds(
        OneOf,
        values=st.frozensets(of_kind, min_size=1, max_size=3),
        ranges=spans.get(kind, st.just(frozenset[Within]())),
        includes_none=st.booleans(),
        negated=st.booleans(),
    )


@st.composite
def columns(draw: st.DrawFn) -> tuple[Domain, list[OneOf]]:
    kind = draw(st.sampled_from([Kind.TEXT, Kind.NUMBER, Kind.DATE, Kind.YES_NO]))
    step = draw(st.sampled_from([None, Decimal(1), Decimal(2)])) if kind is Kind.NUMBER else None
    domain = Domain(kind=kind, cell=draw(cells(kind)), step=step)
    return domain, draw(st.lists(cells(kind), max_size=4))


@given(columns())
def test_a_value_is_found_exactly_when_the_domain_does_not_hold_it(column: tuple[Domain, list[OneOf]]) -> None:
    domain, asked = column
    found = [*strangers(domain, asked)]
    values: set[tuple[int, Value | None]] = {
        (at, value) for at, cell in enumerate(asked) for value in cell.values if not domain.holds(value)
    }
    nothing = {
        at for at, cell in enumerate(asked) if cell.includes_none and not cell.negated and not domain.holds(None)
    }

    assert {(at, value) for at, test in found for value in test.values} == values
    assert {at for at, test in found if test.includes_none} == nothing
    assert len({*found}) == len(found)


@given(columns())
def test_a_range_is_found_exactly_when_no_value_of_the_domain_lies_in_it(
    column: tuple[Domain, list[OneOf]],
) -> None:
    domain, asked = column
    half = Decimal("0.5") if domain.step is None else Decimal(1)
    tried: list[Value] = (
        [half * at for at in range(-24, 25)]
        if domain.kind is Kind.NUMBER
        else [date(2025, 12, 31), *(date(2026, 1, day) for day in range(1, 32))]
    )
    held = [value for value in tried if domain.holds(value)] if domain.kind in {Kind.NUMBER, Kind.DATE} else []
    empty = {
        (at, span)
        for at, cell in enumerate(asked)
        for span in cell.ranges
        if not any(fits_value(OneOf(ranges=frozenset({span})), value) for value in held)
    }

    assert {(at, span) for at, test in strangers(domain, asked) for span in test.ranges} == empty


@pytest.mark.parametrize(
    "domain, cell, found",
    [
        ("email, portal, print, none", "email, portall", ["portall"]),
        ("email, portal, print, none", "not(emial)", ["emial"]),
        ("email, portal, print, none", "not none, email", []),
        ("email, portal", "not none", []),
        ("email, portal", "email, none", ["none"]),
        ("not none", "whatever", []),
        ("0..1000", "5, -3", ["-3"]),
        ("0..1000", "> 2000, 7", ["> 2000"]),
        ("0..1000", "> 1000", ["> 1000"]),
        ("0..1000", ">= 1000", []),
        ("0..1000", "email", []),
    ],
)
def test_each_is_found_by_itself(domain: str, cell: str, found: list[str]) -> None:
    kind = Kind.NUMBER if domain.startswith("0") else Kind.TEXT

    assert [
        spelled(one) for _, one in strangers(Domain(kind=kind, cell=parse_cell(domain)), [parse_cell(cell)])
    ] == found
