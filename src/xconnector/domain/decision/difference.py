"""What changed between two versions of a table, told by rows and columns rather than by lines of a file."""

from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from xconnector.domain.decision.cell_text import spelled, word_for
from xconnector.domain.decision.table import DecisionTable, HitPolicy, Input, Output, Row
from xconnector.domain.decision.values import spelled_number


class Change(StrEnum):
    """What happened."""

    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"
    MOVED = "moved"
    """The row stands elsewhere among the others, where their order counts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One change."""

    change: Change
    row: str | None
    """None where it concerns the whole table."""
    column: str | None = None
    old: str | None = None
    new: str | None = None
    cite: str | None = None
    """The law behind the row, as the new version names it."""
    decides: bool = True
    """Whether decisions can come out otherwise; notes and owners never make them so."""

    def __str__(self) -> str:
        cited = f", cite {self.cite}" if self.cite else ""
        place = "the table" if self.row is None else f"row {self.row}"
        if self.change is Change.CHANGED:
            return f"{place}: {self.column} {self.old or 'nothing'} becomes {self.new or 'nothing'}{cited}"
        if self.change is Change.MOVED:
            return f"{place} moves {self.new}{cited}"
        return f"{place}: {self.column} is {self.change}" if self.column else f"{place} is {self.change}{cited}"


def differences(old: DecisionTable, new: DecisionTable) -> Iterator[Difference]:
    """Yield every change from one version of a table to the next: the table's own, then row by row."""
    yield from _changed(_settings(old), _settings(new), row=None, cite=None)
    for name, row in old.row_by_id.items():
        if name not in new.row_by_id:
            yield Difference(change=Change.REMOVED, row=name, cite=row.cite)
    moved = _moved(old, new)
    for row in new.rows:
        before = old.row_by_id.get(row.id)
        if before is None:
            yield Difference(change=Change.ADDED, row=row.id, cite=row.cite)
            continue
        yield from _changed(_columns(before, old), _columns(row, new), row=row.id, cite=row.cite)
        if row.id in moved:
            yield Difference(change=Change.MOVED, row=row.id, new=_place(row, new), cite=row.cite)


_SAID_ONLY = frozenset({"owner", "note", "about", "gaps"})


def _changed(
    old: Mapping[str, str | None], new: Mapping[str, str | None], *, row: str | None, cite: str | None
) -> Iterator[Difference]:
    for name in dict.fromkeys([*old, *new]):
        # A column that only one version has says in the other what goes without saying.
        unsaid = "-" if name.startswith("when ") else None
        before, after = old.get(name, unsaid), new.get(name, unsaid)
        if before != after:
            is_new = before is None and row is None
            change = Change.ADDED if is_new else Change.REMOVED if after is None and row is None else Change.CHANGED
            yield Difference(
                change=change, row=row, column=name, old=before, new=after, cite=cite, decides=name not in _SAID_ONLY
            )


def _settings(table: DecisionTable) -> Mapping[str, str | None]:
    return {
        "hit": table.hit,
        "owner": table.owner,
        "gaps": table.gaps,
        "about": table.about or None,
        **{f"input {one.name}": _input(one) for one in table.inputs},
        **{f"output {one.name}": _output(one) for one in table.outputs},
    }


def _input(one: Input) -> str:
    step = f" step {spelled_number(one.domain.step)}" if one.domain.step else ""
    return f"{one.domain.kind}{step} {spelled(one.domain.cell)}"


def _output(one: Output) -> str:
    return f"{one.kind} {', '.join(word_for(value) for value in one.values) or '-'}"


def _columns(row: Row, table: DecisionTable) -> Mapping[str, str | None]:
    """Return what a row says, by column."""
    return {
        **{f"when {one.name}": spelled(cell) for one, cell in zip(table.inputs, row.when, strict=True)},
        **{f"then {name}": row.said(name, "") for name in table.output_names},
        "from": row.valid_from.isoformat() if row.valid_from else None,
        "to": row.valid_to.isoformat() if row.valid_to else None,
        "cite": row.cite,
        "owner": row.owner,
        "note": row.note,
    }


def _moved(old: DecisionTable, new: DecisionTable) -> frozenset[str]:
    """Return the fewest rows whose move explains the new order; none where the order says nothing."""
    if new.hit is HitPolicy.UNIQUE:
        return frozenset()
    places = {row.id: at for at, row in enumerate(old.rows)}
    kept = [row.id for row in new.rows if row.id in places]
    return frozenset(kept) - _longest_rising(kept, places)


def _longest_rising(ids: Sequence[str], places: Mapping[str, int]) -> frozenset[str]:
    """Return the longest run of rows, not necessarily neighbours, that stand in their old order."""
    ends: list[int] = []
    runs: list[tuple[str, ...]] = []
    for one in ids:
        at = bisect_left(ends, places[one])
        run = (*(runs[at - 1] if at else ()), one)
        ends[at : at + 1] = [places[one]]
        runs[at : at + 1] = [run]
    return frozenset(runs[-1] if runs else ())


def _place(row: Row, table: DecisionTable) -> str:
    at = table.rows.index(row)
    return "to the top" if at == 0 else f"below row {table.rows[at - 1].id}"
