"""What changed between two versions of a table, told by rows and columns rather than by lines of a file.

What a table is called is not looked at: a file carries its version in its name.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from xconnector.domain.decision.cell_text import spelled, word_for
from xconnector.domain.decision.order import moved
from xconnector.domain.decision.table import Case, DecisionTable, HitPolicy, Input, Output, Row
from xconnector.domain.decision.values import spelled_number


class Change(StrEnum):
    """What happened."""

    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"
    MOVED = "moved"
    """It stands elsewhere among the others."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One change."""

    change: Change
    row: str | None = None
    """Id of the row that it concerns."""
    test: str | None = None
    """Name of the test that it concerns. Neither row nor test: it concerns the whole table."""
    column: str | None = None
    """Header of the column, or the setting; None where it concerns the whole row or test."""
    old: str | None = None
    new: str | None = None
    """For what moved, where it stands now."""
    cite: str | None = None
    """The law behind the row, as the new version names it."""
    decides: bool = True
    """Whether decisions can come out otherwise; citations, notes, owners and tests never make them so."""

    def __str__(self) -> str:
        same = "" if self.decides else " (decides the same)"
        return f"{self._place}{self._happened}{self._law}{same}"

    @property
    def _place(self) -> str:
        if self.test is not None:
            return f"test {self.test!r}"
        return "the table" if self.row is None else f"row {self.row}"

    @property
    def _happened(self) -> str:
        match self.change:
            case Change.CHANGED:
                return f": {self.column} {_brief(self.old)} becomes {_brief(self.new)}"
            case Change.MOVED:
                return f": {self.column} moves {self.new}" if self.column else f" moves {self.new}"
            case _:
                return f": {self.column} is {self.change}" if self.column else f" is {self.change}"

    @property
    def _law(self) -> str:
        return f", cite {self.cite}" if self.cite and self.column != "cite" else ""


def differences(old: DecisionTable, new: DecisionTable) -> Iterator[Difference]:
    """Yield every change from one version of a table to the next: the table's own, then row by row, then the tests."""
    yield from _of_table(old, new)
    yield from _of_rows(old, new)
    yield from _of_tests(old, new)


_SAID_ONLY = frozenset({"owner", "note", "about", "gaps", "cite"})
_LONGEST_TOLD = 120


def _brief(text: str | None) -> str:
    """Return a text as it is told inside a line."""
    told = " ".join(text.split()) if text else "nothing"
    return told if len(told) <= _LONGEST_TOLD else f"{told[:_LONGEST_TOLD]}…"


def _place_in(names: Sequence[str], at: int, after: str) -> str:
    return "to the top" if at == 0 else f"{after} {names[at - 1]}"


# ------------------------------------------------------------------------- table


def _of_table(old: DecisionTable, new: DecisionTable) -> Iterator[Difference]:
    ranks = HitPolicy.PRIORITY in {old.hit, new.hit}
    yield from _changed(_settings(old), _settings(new), decides=lambda name: name not in _SAID_ONLY)
    yield from _of_inputs(old, new)
    yield from _of_outputs(old, new, ranks=ranks)


def _settings(table: DecisionTable) -> Mapping[str, str | None]:
    return {"hit": table.hit, "owner": table.owner, "gaps": table.gaps, "about": table.about or None}


def _of_inputs(old: DecisionTable, new: DecisionTable) -> Iterator[Difference]:
    """Yield what became of the inputs; where rows look at one that is new or gone, that is told row by row."""
    before = {one.name: _input(one) for one in old.inputs}
    after = {one.name: _input(one) for one in new.inputs}
    yield from _columns_changed("input", before, after, decides=lambda _name: True)
    # A row is asked from left to right: where an input is missing, the order says whether that is noticed.
    yield from _columns_moved("input", old.input_names, new.input_names, decides=True)


def _of_outputs(old: DecisionTable, new: DecisionTable, *, ranks: bool) -> Iterator[Difference]:
    """Yield what became of the outputs; their values and order only decide where they say which row goes first."""
    kinds_before = {one.name: one.kind for one in old.outputs}
    kinds_after = {one.name: one.kind for one in new.outputs}
    before = {one.name: _output(one) for one in old.outputs}
    after = {one.name: _output(one) for one in new.outputs}

    def decides(name: str) -> bool:
        return ranks or kinds_before.get(name) is not kinds_after.get(name)

    yield from _columns_changed("output", before, after, decides=decides)
    yield from _columns_moved("output", old.output_names, new.output_names, decides=ranks)


def _input(one: Input) -> str:
    return f"{one.domain.kind}{_step(one.domain.step)} {spelled(one.domain.cell)}"


def _output(one: Output) -> str:
    return f"{one.kind}{_step(one.step)} {', '.join(word_for(value) for value in one.values) or '-'}"


def _step(step: Decimal | None) -> str:
    return f" step {spelled_number(step)}" if step is not None else ""


def _columns_changed(
    what: str, old: Mapping[str, str], new: Mapping[str, str], *, decides: Callable[[str], bool]
) -> Iterator[Difference]:
    for name in dict.fromkeys([*old, *new]):
        before, after = old.get(name), new.get(name)
        if before == after:
            continue
        change = Change.ADDED if before is None else Change.REMOVED if after is None else Change.CHANGED
        yield Difference(change=change, column=f"{what} {name}", old=before, new=after, decides=decides(name))


def _columns_moved(what: str, old: Sequence[str], new: Sequence[str], *, decides: bool) -> Iterator[Difference]:
    for name in moved(old, new):
        place = _place_in(new, new.index(name), f"behind {what}")
        yield Difference(change=Change.MOVED, column=f"{what} {name}", new=place, decides=decides)


# -------------------------------------------------------------------------- rows


def _of_rows(old: DecisionTable, new: DecisionTable) -> Iterator[Difference]:
    for name, row in old.row_by_id.items():
        if name not in new.row_by_id:
            yield Difference(change=Change.REMOVED, row=name, cite=row.cite)
    ids = [row.id for row in new.rows]
    elsewhere = frozenset(moved([row.id for row in old.rows], ids))
    for at, row in enumerate(new.rows):
        before = old.row_by_id.get(row.id)
        if before is None:
            yield Difference(change=Change.ADDED, row=row.id, cite=row.cite)
            continue
        yield from _changed(
            _columns(before, old),
            _columns(row, new),
            row=row.id,
            cite=row.cite,
            decides=lambda name: name not in _SAID_ONLY,
        )
        if row.id in elsewhere:
            place, decides = _place_in(ids, at, "below row"), new.hit is not HitPolicy.UNIQUE
            yield Difference(change=Change.MOVED, row=row.id, new=place, cite=row.cite, decides=decides)


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


def _changed(
    old: Mapping[str, str | None],
    new: Mapping[str, str | None],
    *,
    decides: Callable[[str], bool],
    row: str | None = None,
    test: str | None = None,
    cite: str | None = None,
) -> Iterator[Difference]:
    for name in dict.fromkeys([*old, *new]):
        # A column that only one version has says in the other what goes without saying.
        unsaid = "-" if name.startswith("when ") else None
        before, after = old.get(name, unsaid), new.get(name, unsaid)
        if before != after:
            yield Difference(
                change=Change.CHANGED,
                row=row,
                test=test,
                column=name,
                old=before,
                new=after,
                cite=cite,
                decides=decides(name),
            )


# ------------------------------------------------------------------------- tests


def _of_tests(old: DecisionTable, new: DecisionTable) -> Iterator[Difference]:
    before = {case.name: case for case in old.cases}
    after = {case.name: case for case in new.cases}
    for name in before:
        if name not in after:
            yield Difference(change=Change.REMOVED, test=name, decides=False)
    for name, case in after.items():
        if name not in before:
            yield Difference(change=Change.ADDED, test=name, decides=False)
        else:
            told = (_test_columns(before[name]), _test_columns(case))
            yield from _changed(*told, test=name, decides=lambda _column: False)


def _test_columns(case: Case) -> Mapping[str, str | None]:
    """Return what a test says, by column."""
    return {
        "on": case.on.isoformat() if case.on else None,
        **{f"given {name}": word_for(value) for name, value in case.given.items()},
        "row": None if case.rows is None else ", ".join(case.rows) or "none",
        **{f"expect {name}": word_for(value) for name, value in case.then.items()},
    }
