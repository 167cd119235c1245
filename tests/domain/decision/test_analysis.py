from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date
from decimal import Decimal
from itertools import combinations
from random import Random
from time import perf_counter
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.domain.decision.made import every_case, one_of, table, tables, within
from xconnector.domain.decision.analysis import (
    DAY,
    Analysis,
    Gap,
    Overlap,
    UnprovenCases,
    UnprovenRow,
    Unreachable,
)
from xconnector.domain.decision.cell_text import spelled
from xconnector.domain.decision.cells import ANY, fits_value
from xconnector.domain.decision.deciding import NoRowFitsError, decide_plainly
from xconnector.domain.decision.table import DecisionTable, Domain, HitPolicy, Input, Output, Row
from xconnector.domain.decision.values import Kind, Value

TEXT = {"x": Kind.TEXT}
NUMBER = {"x": Kind.NUMBER}


def fitting(of: DecisionTable, case: Mapping[str, Value | None], day: date | None) -> frozenset[str]:
    """Rows that fit, by the plain way."""
    every = replace(of, hit=HitPolicy.COLLECT)
    return frozenset(match.row.id for match in decide_plainly(every, case, on=day))


def winner(of: DecisionTable, case: Mapping[str, Value | None], day: date | None) -> frozenset[str]:
    """Rows that answer, or would where a unique table did not refuse."""
    rows = fitting(of, case, day)
    if of.hit in {HitPolicy.UNIQUE, HitPolicy.COLLECT}:
        return rows
    return frozenset([row.id for row in of.in_order_of_precedence() if row.id in rows][:1])


@settings(deadline=None)
@given(tables())
def test_unreachable_rows_are_exactly_those_that_answer_no_case(made: DecisionTable) -> None:
    answering = {row for case, day in every_case(made) for row in winner(made, case, day)}

    found = [*Analysis(made).unreachable()]

    assert all(isinstance(one, Unreachable) for one in found)
    assert {one.row.id for one in found} == {row.id for row in made.rows} - answering


@settings(deadline=None)
@given(tables())
def test_the_rows_that_stand_before_an_unreachable_one_take_all_of_its_cases(made: DecisionTable) -> None:
    for one in Analysis(made).unreachable():
        assert isinstance(one, Unreachable)
        taking = {row.id for row in one.behind}
        for case, day in every_case(made):
            rows = fitting(made, case, day)
            assert one.row.id not in rows or rows & taking


@settings(deadline=None)
@given(tables())
def test_overlaps_are_exactly_the_pairs_that_fit_one_case(made: DecisionTable) -> None:
    fit_together = {
        frozenset(pair) for case, day in every_case(made) for pair in combinations(fitting(made, case, day), 2)
    }
    found = overlaps_of(made)

    assert {frozenset({one.first.id, one.second.id}) for one in found} == fit_together
    for one in found:
        assert {one.first.id, one.second.id} <= fitting(made, *split(one.example))


@settings(deadline=None)
@given(tables())
def test_gaps_are_exactly_the_cases_that_no_row_fits(made: DecisionTable) -> None:
    gaps = gaps_of(made)

    for gap in gaps:
        example, day = split(gap.example)
        assert not fitting(made, example, day)
        assert all(one.domain.holds(example[one.name]) for one in made.inputs)
    for case, day in every_case(made):
        seen = {**case, DAY: day}
        boxes = [gap for gap in gaps if all(fits_value(cell, seen[name]) for name, cell in gap.when.items())]
        assert len(boxes) == (not fitting(made, case, day))


def gaps_of(made: DecisionTable) -> list[Gap]:
    """All gaps of a table that is proven to the end."""
    found = [*Analysis(made).gaps()]
    assert not [one for one in found if isinstance(one, UnprovenCases)]
    return [one for one in found if isinstance(one, Gap)]


def overlaps_of(made: DecisionTable) -> list[Overlap]:
    found = [*Analysis(made).overlaps()]
    assert not [one for one in found if isinstance(one, UnprovenRow)]
    return [one for one in found if isinstance(one, Overlap)]


def unreachable_in(made: DecisionTable) -> list[Unreachable]:
    found = [*Analysis(made).unreachable()]
    assert not [one for one in found if isinstance(one, UnprovenRow)]
    return [one for one in found if isinstance(one, Unreachable)]


def split(example: Mapping[str, Value | None]) -> tuple[Mapping[str, Value | None], date | None]:
    day = example.get(DAY)
    assert day is None or isinstance(day, date)
    return {name: value for name, value in example.items() if name != DAY}, day


def test_a_row_behind_one_that_takes_all_is_shadowed() -> None:
    (found,) = unreachable_in(table((ANY,), (one_of("a"),), kinds=TEXT))

    assert (found.row.id, [row.id for row in found.behind], found.is_shadowed) == ("R2", ["R1"], True)


def test_a_row_behind_several_that_share_its_cases_is_unreachable() -> None:
    made = table(
        (within(None, Decimal(5)),),
        (one_of(Decimal(7)),),
        (within(Decimal(5)),),
        (one_of(none=True, negated=True),),
        kinds=NUMBER,
    )

    unreachable = unreachable_in(made)

    assert [(one.row.id, [row.id for row in one.behind]) for one in unreachable] == [("R4", ["R1", "R3"])]


def test_a_row_that_nothing_of_the_domain_fits_is_unreachable_by_itself() -> None:
    whole = Domain(kind=Kind.NUMBER, cell=within(Decimal(0)), step=Decimal(1))
    made = replace(
        table((within(Decimal(1), Decimal(2), includes_low=False, includes_high=False),), (ANY,), kinds=NUMBER),
        inputs=(Input(name="x", domain=whole),),
    )

    (found,) = unreachable_in(made)

    assert (found.row.id, found.behind) == ("R1", ())


def test_a_gap_is_told_as_the_row_that_would_close_it_with_a_case() -> None:
    made = table(
        (one_of("email"), within(None, Decimal(1000))),
        (one_of("email", negated=True), ANY),
        kinds={"preference": Kind.TEXT, "premium": Kind.NUMBER},
    )

    gaps = gaps_of(made)

    assert [{name: spelled(cell) for name, cell in gap.when.items()} for gap in gaps] == [
        {"preference": "email", "premium": "none, > 1000"}
    ]
    assert gaps[0].example == {"preference": "email", "premium": Decimal(1001)}


def test_a_gap_in_time_has_its_day() -> None:
    made = DecisionTable(
        name="dated",
        inputs=(),
        outputs=(Output(name="route"),),
        rows=(
            Row(id="OLD", when=(), then={"route": "print"}, valid_to=date(2026, 6, 30)),
            Row(id="NEW", when=(), then={"route": "email"}, valid_from=date(2026, 7, 2)),
        ),
    )

    assert [gap.example for gap in gaps_of(made)] == [{DAY: date(2026, 7, 1)}]


@settings(deadline=None)
@given(tables(), st.integers(0, 60))
def test_within_a_bound_gaps_are_true_and_what_is_left_open_holds_all_others(made: DecisionTable, steps: int) -> None:
    found = [*Analysis(made, most_steps=steps).gaps()]

    for case, day in every_case(made):
        seen = {**case, DAY: day}
        told = [one for one in found if all(fits_value(cell, seen[name]) for name, cell in one.when.items())]
        assert len(told) <= 1
        fits = bool(fitting(made, case, day))
        assert fits or told
        assert not fits or not any(isinstance(one, Gap) for one in told)


@settings(deadline=None)
@given(tables(most_rows=7), st.integers(0, 60))
def test_within_a_bound_no_row_is_wrongly_called_unreachable_and_none_forgotten(
    made: DecisionTable, steps: int
) -> None:
    answering = {row for case, day in every_case(made) for row in winner(made, case, day)}

    found = [*Analysis(made, most_steps=steps).unreachable()]

    proven = {one.row.id for one in found if isinstance(one, Unreachable)}
    assert not proven & answering
    assert {row.id for row in made.rows} - answering <= {one.row.id for one in found}
    for one in found:
        if isinstance(one, Unreachable) and one.behind:
            taking = {row.id for row in one.behind}
            for case, day in every_case(made):
                rows = fitting(made, case, day)
                assert one.row.id not in rows or rows & taking


@settings(deadline=None)
@given(tables(), st.integers(0, 400))
def test_within_a_bound_every_overlap_is_told_or_its_first_row_is_unproven(made: DecisionTable, steps: int) -> None:
    fit_together = {
        frozenset(pair) for case, day in every_case(made) for pair in combinations(fitting(made, case, day), 2)
    }
    found = [*Analysis(made, most_steps=steps).overlaps()]

    told = {frozenset({one.first.id, one.second.id}) for one in found if isinstance(one, Overlap)}
    unproven = {one.row.id for one in found if isinstance(one, UnprovenRow)}
    assert told <= fit_together
    assert all(pair & unproven for pair in fit_together - told)


def test_a_row_behind_two_others_is_found_or_said_to_be_unproven() -> None:
    made = table((within(None, Decimal(5)),), (within(Decimal(5)),), (within(Decimal(3), Decimal(7)),), kinds=NUMBER)

    (found,) = unreachable_in(made)
    unproven = [*Analysis(made, most_steps=1).unreachable()]

    assert [row.id for row in found.behind] == ["R1", "R2"]
    assert UnprovenRow(row=made.rows[2]) in unproven


def entangled(rows: int = 120, inputs: int = 30) -> DecisionTable:
    """Rows of which each looks at three inputs: they leave over more boxes than anybody could look at."""
    drawn = Random(5)
    looked_at = [frozenset(drawn.sample(range(inputs), 3)) for _ in range(rows)]
    cells = [tuple(one_of("a") if column in at else ANY for column in range(inputs)) for at in looked_at]
    return table(*cells, kinds={f"i{column}": Kind.TEXT for column in range(inputs)})


def test_a_table_that_is_too_entangled_to_be_proven_says_so_in_time() -> None:
    made = entangled()

    begun = perf_counter()
    found = [*Analysis(made).gaps()]

    assert any(isinstance(one, UnprovenCases) for one in found)
    # Many times what it takes: the machine may be busy with other things.
    assert perf_counter() - begun < 60


def test_a_last_row_for_the_rest_proves_the_most_entangled_table() -> None:
    made = entangled()
    last = replace(made.rows[0], id="LAST", when=tuple(ANY for _ in made.inputs))

    assert [*Analysis(replace(made, rows=(*made.rows, last))).gaps()] == []


def routing(rows: int) -> DecisionTable:
    """A table as a large insurer has it: some inputs, most cells open, a last row for the rest."""
    cells: list[tuple[Any, ...]] = [
        (
            one_of(f"document {at % 23}"),
            one_of(f"state {at % 50}") if at % 3 else ANY,
            within(Decimal(at % 17 * 100), Decimal(at % 17 * 100 + 150)) if at % 2 else ANY,
            one_of(at % 4 == 0) if at % 5 else ANY,
        )
        for at in range(rows - 1)
    ]
    kinds = {"document": Kind.TEXT, "state": Kind.TEXT, "amount": Kind.NUMBER, "has email": Kind.YES_NO}
    return table(*cells, (ANY, ANY, ANY, ANY), kinds=kinds)


@pytest.mark.parametrize("rows, seconds", [(30, 0.02), (500, 2.0)])
def test_it_is_fast_enough_to_run_at_every_check(rows: int, seconds: float) -> None:
    made = routing(rows)

    def prove() -> None:
        found = Analysis(made)
        assert [*found.gaps()] == []
        list(found.unreachable())
        list(found.overlaps())

    # Several times what it takes: the machine may be busy with other things.
    assert min(seconds_of(prove) for _ in range(3)) < seconds


def seconds_of(work: Callable[[], object]) -> float:
    begun = perf_counter()
    work()
    return perf_counter() - begun


def test_no_row_at_all_leaves_one_gap() -> None:
    made = table(kinds=TEXT)

    assert len(gaps_of(made)) == 1
    with pytest.raises(NoRowFitsError):
        decide_plainly(made, {"x": "a"})
