from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date
from decimal import Decimal
from itertools import combinations
from time import perf_counter
from typing import Any

import pytest
from hypothesis import given, settings

from tests.domain.decision.made import every_case, one_of, table, tables, within
from xconnector.domain.decision import analysis
from xconnector.domain.decision.analysis import DAY, Analysis, TooEntangledError
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

    assert {one.row.id for one in Analysis(made).unreachable()} == {row.id for row in made.rows} - answering


@settings(deadline=None)
@given(tables())
def test_the_rows_that_stand_before_an_unreachable_one_take_all_of_its_cases(made: DecisionTable) -> None:
    for one in Analysis(made).unreachable():
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
    found = [*Analysis(made).overlaps()]

    assert {frozenset({one.first.id, one.second.id}) for one in found} == fit_together
    for one in found:
        assert {one.first.id, one.second.id} <= fitting(made, *split(one.example))


@settings(deadline=None)
@given(tables())
def test_gaps_are_exactly_the_cases_that_no_row_fits(made: DecisionTable) -> None:
    gaps = [*Analysis(made).gaps()]

    for gap in gaps:
        example, day = split(gap.example)
        assert not fitting(made, example, day)
        assert all(one.domain.holds(example[one.name]) for one in made.inputs)
    for case, day in every_case(made):
        seen = {**case, DAY: day}
        boxes = [gap for gap in gaps if all(fits_value(cell, seen[name]) for name, cell in gap.when.items())]
        assert len(boxes) == (not fitting(made, case, day))


def split(example: Mapping[str, Value | None]) -> tuple[Mapping[str, Value | None], date | None]:
    day = example.get(DAY)
    assert day is None or isinstance(day, date)
    return {name: value for name, value in example.items() if name != DAY}, day


def test_a_row_behind_one_that_takes_all_is_shadowed() -> None:
    (found,) = Analysis(table((ANY,), (one_of("a"),), kinds=TEXT)).unreachable()

    assert (found.row.id, [row.id for row in found.behind], found.is_shadowed) == ("R2", ["R1"], True)


def test_a_row_behind_several_that_share_its_cases_is_unreachable() -> None:
    made = table(
        (within(None, Decimal(5)),),
        (one_of(Decimal(7)),),
        (within(Decimal(5)),),
        (one_of(none=True, negated=True),),
        kinds=NUMBER,
    )

    unreachable = [*Analysis(made).unreachable()]

    assert [(one.row.id, [row.id for row in one.behind]) for one in unreachable] == [("R4", ["R1", "R3"])]


def test_a_row_that_nothing_of_the_domain_fits_is_unreachable_by_itself() -> None:
    whole = Domain(kind=Kind.NUMBER, cell=within(Decimal(0)), step=Decimal(1))
    made = replace(
        table((within(Decimal(1), Decimal(2), includes_low=False, includes_high=False),), (ANY,), kinds=NUMBER),
        inputs=(Input(name="x", domain=whole),),
    )

    (found,) = Analysis(made).unreachable()

    assert (found.row.id, found.behind) == ("R1", ())


def test_a_gap_is_told_as_the_row_that_would_close_it_with_a_case() -> None:
    made = table(
        (one_of("email"), within(None, Decimal(1000))),
        (one_of("email", negated=True), ANY),
        kinds={"preference": Kind.TEXT, "premium": Kind.NUMBER},
    )

    gaps = [*Analysis(made).gaps()]

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

    assert [gap.example for gap in Analysis(made).gaps()] == [{DAY: date(2026, 7, 1)}]


def test_a_table_that_is_too_entangled_to_be_proven_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(analysis, "_MOST_BOXES", 2)
    made = table((one_of("a"), one_of("b"), one_of("c")), kinds=dict.fromkeys("xyz", Kind.TEXT))

    with pytest.raises(TooEntangledError, match="more than 2 boxes"):
        list(Analysis(made).gaps())


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

    assert len([*Analysis(made).gaps()]) == 1
    with pytest.raises(NoRowFitsError):
        decide_plainly(made, {"x": "a"})
