"""What a foreign form cannot say of a table, kept beside what it can, so that nothing is lost on the way back.

What is kept never overrules what people see and edit over there: a kept word holds only as long as it would be written
as what stands there.
"""

from collections.abc import Callable, Mapping, Sequence

from pydantic import BaseModel, ConfigDict, Field

from xconnector.domain.decision.cell_text import CellError, parse_cell, spelled
from xconnector.domain.decision.cells import AnyValue, Cell
from xconnector.domain.decision.table import DecisionTable, HitPolicy, Row
from xconnector.domain.decision.values import Kind
from xconnector.project.tables.foreign import DAY, UnsayableError, kind_of_type
from xconnector.project.tables.writing import write_table
from xconnector.project.tables.written import Grid, Line, Part

WriteCell = Callable[[Cell, Kind], str]
ReadCell = Callable[[str, Kind], Cell]


class _Shape(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True, strict=True)


class KeptColumn(_Shape):
    """An input or output."""

    name: str
    """Its name in our tables."""
    type: str
    """Its type as our tables write it, such as `number step 0.01`."""
    domain: str = "-"
    """The domain of an input or the values of an output, as our tables write them."""
    called: str = ""
    """Its name over there, where that is another."""

    @property
    def over_there(self) -> str:
        """What it is called over there."""
        return self.called or self.name

    @property
    def kind(self) -> Kind | None:
        """The kind of its values; None where the type is none of ours."""
        return kind_of_type(self.type)

    def reads_as(self, said: str, write: WriteCell) -> bool:
        """Say whether the domain that was kept would be written as what is said there; nothing is said of anything."""
        if self.kind is None:
            return False
        try:
            cell = parse_cell(self.domain)
            return said.strip() == ("" if isinstance(cell, AnyValue) else write(cell, self.kind))
        except (CellError, UnsayableError):
            return False


class KeptTests(_Shape):
    """The tests that stand in the table's own file."""

    header: list[str]
    """The headers of their columns."""
    lines: list[list[str]]
    """The cells of each test."""


class Kept(_Shape):
    """What is kept of a table."""

    hit: str | None = None
    """The hit policy, where the other form has another word for it."""
    owner: str | None = None
    """Who answers for the table."""
    gaps: str | None = None
    """Why it may be that no row fits."""
    about: str = ""
    """What people read above the table."""
    order: list[str] = Field(default_factory=list[str])
    """Ids of the rows in the table's own order, where they had to be sorted."""
    day: str | None = None
    """Id of the column that says on which days a row counts."""
    columns: dict[str, KeptColumn] = Field(default_factory=dict[str, KeptColumn])
    """By column id: how our table speaks of it."""
    cells: dict[str, dict[str, str]] = Field(default_factory=dict[str, dict[str, str]])
    """By row and column id: a cell as it was written, where reading it back would word it otherwise."""
    tests: KeptTests | None = None
    """The table's tests."""

    def settings(self, hit: HitPolicy) -> Mapping[str, str]:
        """Return what our table says at its top, with this hit policy."""
        said = [("hit", None if hit is HitPolicy.FIRST else str(hit)), ("owner", self.owner), ("gaps", self.gaps)]
        return {name: text for name, text in said if text is not None}

    def tests_grid(self, line: int) -> Grid | None:
        if self.tests is None:
            return None
        lines = [Line(number=line, cells=cells) for cells in self.tests.lines]
        return Grid(header=Line(number=line, cells=self.tests.header), lines=lines)

    def cell(self, row: str, column: str, said: str, write: WriteCell) -> Cell | None:
        """Return the cell that was written as what is said there; None where none was kept or people changed it."""
        kept = self.cells.get(row, {}).get(column)
        known = self.columns.get(column)
        if kept is None or known is None or known.kind is None:
            return None
        try:
            cell = parse_cell(kept)
            return cell if write(cell, known.kind) == said.strip() else None
        except (CellError, UnsayableError):
            return None


def kept_of(
    table: DecisionTable, rows: Sequence[Row], names: Mapping[str, str], *, write: WriteCell, read: ReadCell
) -> Kept:
    """Return what is kept of a table.

    Args:
        table: ours.
        rows: its rows, in the order over there.
        names: by the ids of the columns over there, how each is called there: inputs before outputs.
        write: writes a cell in their language.
        read: reads it.
    """
    written = write_table(table, says_all=True)
    declared = [line for part in (Part.INPUTS, Part.OUTPUTS) for line in _lines(written.grids.get(part))]
    columns = {
        column: KeptColumn(
            name=line.cells[0],
            type=line.cells[1],
            domain=line.cells[2],
            called=called if called != line.cells[0] else "",
        )
        for (column, called), line in zip(names.items(), declared, strict=True)
    }
    tests = written.grids.get(Part.TESTS)
    sorted_ids = [row.id for row in table.rows]
    return Kept(
        hit=str(table.hit),
        owner=table.owner,
        gaps=table.gaps,
        about=table.about,
        order=sorted_ids if sorted_ids != [row.id for row in rows] else [],
        day=DAY if table.is_dated else None,
        columns=columns,
        cells={row.id: cells for row in rows if (cells := _reworded(row, table, [*names], write, read))},
        tests=None
        if tests is None
        else KeptTests(header=[*tests.header.cells], lines=[[*line.cells] for line in tests.lines]),
    )


def hit_of(kept: Kept, said: HitPolicy, *, means: Mapping[HitPolicy, HitPolicy]) -> HitPolicy:
    """Return the hit policy that was kept where it is still what is said there, else what is said there."""
    known = HitPolicy(kept.hit) if kept.hit in {*HitPolicy} else said
    return known if means.get(known, known) is said else said


def _lines(grid: Grid | None) -> Sequence[Line]:
    return grid.lines if grid is not None else ()


def _reworded(row: Row, table: DecisionTable, ids: Sequence[str], write: WriteCell, read: ReadCell) -> dict[str, str]:
    """Return the cells of a row that would come back in other words, as they are spelled."""
    cells: dict[str, str] = {}
    for column, one, cell in zip(ids, table.inputs, row.when, strict=False):
        try:
            again = read(write(cell, one.domain.kind), one.domain.kind)
        except UnsayableError:
            again = None
        if again != cell:
            cells[column] = spelled(cell)
    return cells
