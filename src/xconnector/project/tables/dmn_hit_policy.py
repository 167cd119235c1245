"""Hit policies of DMN that ours mean in other words: rows are put in another order, or proven not to compete."""

from collections.abc import Callable, Mapping, Sequence

from xconnector.domain.decision.analysis import Analysis, Overlap
from xconnector.domain.decision.table import DecisionTable, HitPolicy
from xconnector.project.tables.dmn_writing import HITS
from xconnector.project.tables.foreign import ForeignRow, UnsayableError

READ_AS: Mapping[str, HitPolicy] = {said: hit for hit, said in HITS.items()} | {
    "COLLECT": HitPolicy.COLLECT,
    "OUTPUT ORDER": HitPolicy.PRIORITY,
    "ANY": HitPolicy.FIRST,
}
"""Our policy under which the rows are understood, before they are settled."""


def settled(
    said: str, rows: Sequence[ForeignRow], default: ForeignRow | None, understood: Callable[[], DecisionTable | None]
) -> tuple[Sequence[ForeignRow], HitPolicy]:
    """Return rows and a hit policy that decide as DMN's policy does.

    Args:
        said: the hit policy's name in DMN.
        rows: in the order of the file.
        default: what is said where no row fits.
        understood: gives the table of these rows under READ_AS, or None where it is not understood.

    Raises UnsayableError.
    """
    if default is not None and READ_AS[said] is HitPolicy.COLLECT:
        raise UnsayableError("a default beside rows that are collected is none of our tables")
    if said == "OUTPUT ORDER":
        return _by_precedence(rows, understood()), HitPolicy.COLLECT
    if said == "ANY" and (table := understood()) is not None:
        _refuse_contradictions(table)
    if default is None:
        return rows, READ_AS[said]
    if said == "PRIORITY":
        rows = _by_precedence(rows, understood())
    if said == "UNIQUE" and (table := understood()) is not None:
        _refuse_overlaps(table)
    return [*rows, default], HitPolicy.FIRST


def _by_precedence(rows: Sequence[ForeignRow], table: DecisionTable | None) -> Sequence[ForeignRow]:
    """Return the rows in the order of the outputs' values."""
    if table is None:
        return rows
    places = {row.id: at for at, row in enumerate(table.in_order_of_precedence())}
    return sorted(rows, key=lambda row: places[row.id])


def _refuse_contradictions(table: DecisionTable) -> None:
    for one in Analysis(table).overlaps():
        if not isinstance(one, Overlap):
            raise UnsayableError(f"it cannot be proven that row {one.row.id} says what others say: divide the table")
        if one.first.then != one.second.then:
            raise UnsayableError(f"rows {one.first.id} and {one.second.id} both fit and say something else")


def _refuse_overlaps(table: DecisionTable) -> None:
    """Refuse rows that overlap: beside a default, the highest row wins, which is right only where one fits."""
    for one in Analysis(table).overlaps():
        if not isinstance(one, Overlap):
            raise UnsayableError(f"it cannot be proven that row {one.row.id} fits alone: divide the table")
        raise UnsayableError(f"rows {one.first.id} and {one.second.id} both fit, and only one may")
