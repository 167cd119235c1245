"""Tables, cells and inputs, made small enough that every case of them can be tried."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import date
from decimal import Decimal
from itertools import product
from typing import Any

from hypothesis import strategies as st

from xconnector.domain.decision.cells import ANY, Cell, OneOf, Within
from xconnector.domain.decision.table import DecisionTable, Domain, HitPolicy, Input, Output, Row
from xconnector.domain.decision.values import Kind, Value

TEXTS = ("print", "email", "portal")
NUMBERS = tuple(Decimal(number) for number in ("-1", "0", "5", "5.50", "10"))
DATES = (date(2026, 1, 1), date(2026, 1, 2), date(2026, 6, 30))
DAYS = (date(2025, 12, 31), *DATES, date(2026, 3, 1), date(2027, 1, 1))
ROUTES = ("way0", "way1", "way2")

EVERY_VALUE: Mapping[Kind, tuple[Value, ...]] = {
    Kind.TEXT: (*TEXTS, "fax"),
    Kind.NUMBER: (*NUMBERS, *(Decimal(number) for number in ("-2", "-0.5", "1", "3", "5.25", "6", "11"))),
    Kind.DATE: DAYS,
    Kind.YES_NO: (True, False),
}
"""Values of which one lies in each space that cells made of the ones above can cut."""


def one_of(*values: Value, none: bool = False, negated: bool = False) -> OneOf:
    return OneOf(values=frozenset(values), includes_none=none, negated=negated)


def within(
    low: Decimal | date | None = None,
    high: Decimal | date | None = None,
    *,
    includes_low: bool = True,
    includes_high: bool = True,
) -> OneOf:
    span = Within(low=low, high=high, includes_low=includes_low, includes_high=includes_high)
    return OneOf(ranges=frozenset({span}))


def table(*rows: tuple[Cell, ...], kinds: Mapping[str, Kind], hit: HitPolicy = HitPolicy.FIRST) -> DecisionTable:
    return DecisionTable(
        name="routing",
        inputs=tuple(Input(name=name, domain=Domain(kind=kind)) for name, kind in kinds.items()),
        outputs=(Output(name="route"),),
        rows=tuple(Row(id=f"R{at}", when=cells, then={"route": f"way{at}"}) for at, cells in enumerate(rows, start=1)),
        hit=hit,
    )


def values_of(kind: Kind) -> st.SearchStrategy[Any]:
    choices: Mapping[Kind, st.SearchStrategy[Any]] = {
        Kind.TEXT: st.sampled_from(TEXTS),
        Kind.NUMBER: st.sampled_from(NUMBERS),
        Kind.DATE: st.sampled_from(DATES),
        Kind.YES_NO: st.booleans(),
    }
    return choices[kind]


@st.composite
def ranges_of(draw: Callable[[st.SearchStrategy[Any]], Any], kind: Kind) -> Within:
    low, high = draw(st.none() | values_of(kind)), draw(st.none() | values_of(kind))
    if low is None and high is None:
        high = draw(values_of(kind))
    if low is not None and high is not None:
        low, high = sorted([low, high])
    closed = low == high
    includes_low = True if low is None or closed else draw(st.booleans())
    includes_high = True if high is None or closed else draw(st.booleans())
    return Within(low=low, high=high, includes_low=includes_low, includes_high=includes_high)


def lists_of(kind: Kind) -> st.SearchStrategy[OneOf]:
    ordered = kind in {Kind.NUMBER, Kind.DATE}
    ranges: st.SearchStrategy[frozenset[Within]] = (
        st.frozensets(ranges_of(kind), max_size=2) if ordered else st.just(frozenset())
    )
    made = st.builds(
        OneOf,
        values=st.frozensets(values_of(kind), max_size=2),
        ranges=ranges,
        includes_none=st.booleans(),
        negated=st.booleans(),
    )
    return made.filter(lambda cell: bool(cell.values or cell.ranges or cell.includes_none))


def cells_of(kind: Kind) -> st.SearchStrategy[Cell]:
    return st.just(ANY) | lists_of(kind)


def domains_of(kind: Kind) -> st.SearchStrategy[Domain]:
    steps = st.none() | st.sampled_from([Decimal(1), Decimal("0.25")]) if kind is Kind.NUMBER else st.none()
    return st.builds(Domain, kind=st.just(kind), cell=cells_of(kind), step=steps)


@st.composite
def rows_of(draw: Callable[[st.SearchStrategy[Any]], Any], at: int, inputs: tuple[Input, ...]) -> Row:
    days = sorted(draw(st.tuples(st.sampled_from(DATES), st.sampled_from(DATES))))
    dated = draw(st.integers(0, 3))
    return Row(
        id=f"R{at}",
        when=tuple(draw(cells_of(one.domain.kind)) for one in inputs),
        then={"route": draw(st.sampled_from(ROUTES))},
        valid_from=days[0] if dated in {1, 3} else None,
        valid_to=days[1] if dated in {2, 3} else None,
    )


@st.composite
def tables(draw: Callable[[st.SearchStrategy[Any]], Any], *, most_inputs: int = 3, most_rows: int = 5) -> DecisionTable:
    kinds = draw(st.lists(st.sampled_from([*EVERY_VALUE]), max_size=most_inputs))
    inputs = tuple(Input(name=f"i{at}", domain=draw(domains_of(kind))) for at, kind in enumerate(kinds))
    return DecisionTable(
        name="routing",
        inputs=inputs,
        outputs=(Output(name="route", values=(*draw(st.permutations(ROUTES)),)),),
        rows=tuple(draw(rows_of(at, inputs)) for at in range(1, draw(st.integers(0, most_rows)) + 1)),
        hit=draw(st.sampled_from(HitPolicy)),
    )


@st.composite
def asked(
    draw: Callable[[st.SearchStrategy[Any]], Any],
) -> tuple[DecisionTable, Mapping[str, Any], date | None]:
    """A table and what it is asked, which may be missing, odd or outside its domain."""
    asked_table: DecisionTable = draw(tables(most_inputs=4, most_rows=6))
    inputs = {
        one.name: draw(st.none() | st.sampled_from([*EVERY_VALUE[one.domain.kind], "odd", True, 3, (), []]))
        for one in asked_table.inputs
        if draw(st.integers(0, 9))
    }
    return asked_table, inputs, draw(st.none() | st.sampled_from(DAYS))


@st.composite
def asked_beside_the_domain(
    draw: Callable[[st.SearchStrategy[Any]], Any],
) -> tuple[DecisionTable, Mapping[str, Any], date | None]:
    """A table whose domains exclude values or spans, and one input that is among what its domain excludes."""
    kinds = draw(st.lists(st.sampled_from([*EVERY_VALUE]), min_size=1, max_size=2))
    domains = [replace(draw(domains_of(kind)), cell=replace(draw(lists_of(kind)), negated=True)) for kind in kinds]
    inputs = tuple(Input(name=f"i{at}", domain=domain) for at, domain in enumerate(domains))
    made = DecisionTable(
        name="routing",
        inputs=inputs,
        outputs=(Output(name="route", values=ROUTES),),
        rows=tuple(draw(rows_of(at, inputs)) for at in range(1, draw(st.integers(1, 4)) + 1)),
        hit=draw(st.sampled_from(HitPolicy)),
    )
    given = {one.name: draw(st.sampled_from([*taken(one.domain)] or [None])) for one in inputs}
    odd = draw(st.sampled_from(inputs))
    given[odd.name] = draw(st.sampled_from([*excluded(odd.domain)] or [None]))
    return made, given, draw(st.sampled_from(DAYS))


def taken(domain: Domain) -> Iterator[Value | None]:
    return (value for value in (None, *EVERY_VALUE[domain.kind]) if domain.holds(value))


def excluded(domain: Domain) -> Iterator[Value | None]:
    return (value for value in (None, *EVERY_VALUE[domain.kind]) if not domain.holds(value))


def every_case(of: DecisionTable) -> Iterator[tuple[Mapping[str, Value | None], date | None]]:
    """Yield each case that the domains hold, as far as cells can tell cases apart."""
    columns = [
        [value for value in (None, *EVERY_VALUE[one.domain.kind]) if one.domain.holds(value)] for one in of.inputs
    ]
    for values in product(*columns):
        for day in DAYS if of.is_dated else (None,):
            yield dict(zip(of.input_names, values, strict=True)), day
