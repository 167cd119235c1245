"""A decision table: typed inputs and outputs, a hit policy, rows with their law, and its own tests."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import StrEnum
from functools import cached_property

from xconnector.domain.decision.cell_text import spelled
from xconnector.domain.decision.cells import ANY, Cell, OneOf, Within, fits_value
from xconnector.domain.decision.values import Kind, Value, is_multiple, spelled_number, spelled_value


class HitPolicy(StrEnum):
    """What counts where several rows fit."""

    FIRST = "first"
    """The row that stands highest."""
    UNIQUE = "unique"
    """No two rows may ever fit at once."""
    COLLECT = "collect"
    """All of them, in their order; none is an answer as well."""
    PRIORITY = "priority"
    """The row whose outputs stand first in their domains, the first output before the second; then the higher row."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Domain:
    """The values that an input or output can have."""

    kind: Kind
    cell: Cell = ANY
    """Which values of the kind; for an input, nothing as well where the cell takes it."""
    step: Decimal | None = None
    """Numbers are multiples of it: 1 for whole numbers, 0.01 for cents. Above zero."""

    def holds(self, value: Value | None) -> bool:
        """Say whether a value of this kind, or nothing, lies in the domain."""
        if not fits_value(self.cell, value):
            return False
        return self.step is None or not isinstance(value, Decimal) or is_multiple(value, self.step)


@dataclass(frozen=True, slots=True, kw_only=True)
class Input:
    """A column that rows look at."""

    name: str
    domain: Domain


@dataclass(frozen=True, slots=True, kw_only=True)
class Output:
    """A column that rows say."""

    name: str
    kind: Kind = Kind.TEXT
    values: tuple[Value, ...] = ()
    """All that rows may say, the most important first; empty where anything of the kind goes."""
    step: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One rule."""

    id: str
    when: tuple[Cell, ...]
    """One cell for each input of the table."""
    then: Mapping[str, Value | None]
    """By output; None is nothing, which only outputs that are no text can say."""
    cite: str | None = None
    """The rule or law behind it."""
    owner: str | None = None
    """Who answers for it, where this is not the table's owner."""
    note: str | None = None
    valid_from: date | None = None
    """The first day on which it counts."""
    valid_to: date | None = None
    """The last day on which it counts."""

    def is_valid_on(self, day: date) -> bool:
        return (self.valid_from is None or self.valid_from <= day) and (self.valid_to is None or day <= self.valid_to)

    def said(self, output: str, otherwise: str) -> str:
        """Return what the row says for an output as text, or something else where there is no such output."""
        if output not in self.then:
            return otherwise
        value = self.then[output]
        return value if isinstance(value, str) else spelled_value(value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A test that stands in the table's own file."""

    name: str
    given: Mapping[str, Value | None]
    """By input; one that is not here is not given."""
    on: date | None = None
    rows: tuple[str, ...] | None = None
    """Ids of the rows that must answer; None where the test does not say."""
    then: Mapping[str, Value | None] = field(default_factory=dict[str, "Value | None"])
    """What the answer must say, by output."""


@dataclass(frozen=True, kw_only=True)
class DecisionTable:
    """A table, typed and in its rows' order."""

    name: str
    inputs: tuple[Input, ...]
    outputs: tuple[Output, ...]
    rows: tuple[Row, ...] = field(repr=False)
    hit: HitPolicy = HitPolicy.FIRST
    owner: str | None = None
    about: str = ""
    """What people read above the table, in Markdown."""
    gaps: str | None = None
    """Why it may be that no row fits; None where that is a mistake."""
    cases: tuple[Case, ...] = field(default=(), repr=False)

    def __hash__(self) -> int:
        return hash(self.sha256)

    @property
    def input_names(self) -> tuple[str, ...]:
        return tuple(one.name for one in self.inputs)

    @property
    def output_names(self) -> tuple[str, ...]:
        return tuple(one.name for one in self.outputs)

    @cached_property
    def row_by_id(self) -> Mapping[str, Row]:
        return {row.id: row for row in self.rows}

    @cached_property
    def is_dated(self) -> bool:
        """Whether some row counts on some days only, so that a decision needs a day."""
        return any(row.valid_from is not None or row.valid_to is not None for row in self.rows)

    @cached_property
    def sha256(self) -> str:
        """Digest of what the table decides and by which law, without its layout, owners, notes and tests."""
        return hashlib.sha256(self.canonical.encode()).hexdigest()

    @cached_property
    def canonical(self) -> str:
        """What the table decides, as one JSON text that does not depend on how it was laid out."""
        content = {
            "name": self.name,
            "hit": self.hit,
            "inputs": [
                {"name": one.name, "kind": one.domain.kind, "domain": spelled(one.domain.cell), "step": _step(one)}
                for one in self.inputs
            ],
            "outputs": [
                {"name": one.name, "kind": one.kind, "values": [spelled_value(value) for value in one.values]}
                for one in self.outputs
            ],
            "rows": [_canonical_row(row) for row in self.rows],
        }
        return json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))

    def in_order_of_precedence(self) -> tuple[Row, ...]:
        """Return the rows so that of those that fit the first one wins; the rows' own order but for `priority`."""
        if self.hit is not HitPolicy.PRIORITY:
            return self.rows
        ranks = [(one.name, {value: rank for rank, value in enumerate(one.values)}) for one in self.outputs]
        return tuple(sorted(self.rows, key=lambda row: [_rank(row.then[name], rank) for name, rank in ranks]))


def validity_of(row: Row) -> Cell:
    """Return the days on which a row counts, as a cell."""
    if row.valid_from is None and row.valid_to is None:
        return ANY
    return OneOf(ranges=frozenset({Within(low=row.valid_from, high=row.valid_to)}))


def _rank(value: Value | None, ranks: Mapping[Value, int]) -> int:
    """Return the place of a value in its output's domain; an output without one says nothing about precedence."""
    return ranks.get(value, len(ranks)) if value is not None else len(ranks)


def _step(one: Input) -> str | None:
    return None if one.domain.step is None else spelled_number(one.domain.step)


def _canonical_row(row: Row) -> Mapping[str, object]:
    return {
        "id": row.id,
        "when": [spelled(cell) for cell in row.when],
        "then": {name: spelled_value(value) for name, value in row.then.items()},
        "cite": row.cite,
        "from": row.valid_from and row.valid_from.isoformat(),
        "to": row.valid_to and row.valid_to.isoformat(),
    }
