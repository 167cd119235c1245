"""Decisions of tables: how many a second on one core, with and without every reason, and how long a proof takes."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import Decimal
from random import Random
from statistics import median
from time import process_time
from typing import Any

from xconnector.domain.decision.analysis import Analysis
from xconnector.domain.decision.cells import ANY, Cell, OneOf, Within
from xconnector.domain.decision.deciding import decide, decide_plainly
from xconnector.domain.decision.explaining import explain
from xconnector.domain.decision.table import DecisionTable, Domain, HitPolicy, Input, Output, Row
from xconnector.domain.decision.values import Kind
from xconnector.testing.bench.measured import Figure

_GOAL = ">= 200,000"
_KINDS: Mapping[str, Kind] = {
    "document": Kind.TEXT,
    "state": Kind.TEXT,
    "amount": Kind.NUMBER,
    "has email": Kind.YES_NO,
}
_PREFERENCES = ("print", "email", "portal")
_SEVERAL = 1000
"""Inputs that differ; they are asked in turn."""


def decision_figures(*, decisions: int, rounds: int) -> list[Figure]:
    """Measure so many decisions of a table with 30 rows and one for the rest, by processor time."""
    table = routing_table(30)
    asked = [*_inputs(_SEVERAL)]
    compiled = _per_second(lambda inputs: decide(table, inputs), asked, decisions, rounds)
    plain = _per_second(lambda inputs: decide_plainly(table, inputs), asked, decisions // 10, rounds)
    explained = _per_second(lambda inputs: explain(table, inputs), asked, decisions // 50, rounds)
    return [
        Figure(name="decisions a second, compiled", value=compiled, goal=_GOAL),
        Figure(name="decisions a second, cell by cell", value=plain),
        Figure(name="compiled over cell by cell", value=compiled / plain),
        Figure(name="decisions a second, every row with its reason", value=explained),
        *(_proof(rows, rounds) for rows in (30, 500)),
    ]


def routing_table(rows: int) -> DecisionTable:
    """Return a table as a large insurer has it: some inputs, many cells open, a last row for the rest."""
    return DecisionTable(
        name="routing",
        inputs=tuple(Input(name=name, domain=Domain(kind=kind)) for name, kind in _KINDS.items()),
        outputs=(Output(name="route"), Output(name="review"), Output(name="days", kind=Kind.NUMBER)),
        rows=(
            *(_row(f"R{at}", _cells(at), at) for at in range(rows)),
            _row("REST", (ANY,) * len(_KINDS), 0),
        ),
        hit=HitPolicy.FIRST,
    )


def _row(name: str, when: tuple[Cell, ...], at: int) -> Row:
    then = {"route": _PREFERENCES[at % len(_PREFERENCES)], "review": "none", "days": Decimal(at % 9)}
    return Row(id=name, when=when, then=then, cite=f"§ {at}")


def _cells(at: int) -> tuple[Cell, ...]:
    low = Decimal(at % 17 * 100)
    return (
        OneOf(values=frozenset({f"document {at % 23}"})),
        OneOf(values=frozenset({f"state {at % 50}", f"state {at * 7 % 50}"})) if at % 3 else ANY,
        OneOf(ranges=frozenset({Within(low=low, high=low + 150)})) if at % 2 else ANY,
        OneOf(values=frozenset({at % 4 == 0})) if at % 5 else ANY,
    )


def _inputs(several: int) -> Iterator[Mapping[str, Any]]:
    drawn = Random(4)  # noqa: S311 - the same inputs at every measurement
    for _ in range(several):
        yield {
            "document": f"document {drawn.randrange(25)}",
            "state": f"state {drawn.randrange(50)}",
            "amount": f"{drawn.randrange(200_000) / 100}",
            "has email": drawn.random() > 0.3,
        }


def _per_second(
    work: Callable[[Mapping[str, Any]], object], asked: Sequence[Mapping[str, Any]], decisions: int, rounds: int
) -> float:
    passes = max(1, decisions // len(asked))
    work(asked[0])

    def measured() -> float:
        begun = process_time()
        for _ in range(passes):
            for inputs in asked:
                work(inputs)
        return passes * len(asked) / (process_time() - begun)

    return median(measured() for _ in range(rounds))


def _proof(rows: int, rounds: int) -> Figure:
    """Measure everything that is proven of a table."""
    table = routing_table(rows - 1)

    def measured() -> float:
        begun = process_time()
        analysis = Analysis(table)
        for found in (analysis.gaps(), analysis.unreachable(), analysis.overlaps()):
            for _ in found:
                pass
        return 1000 * (process_time() - begun)

    return Figure(name=f"proof of {rows} rows", value=median(measured() for _ in range(rounds)), unit="ms")
