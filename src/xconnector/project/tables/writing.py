"""From a table to its written parts: what `read_table` reads as the same table."""

from collections.abc import Callable, Sequence
from decimal import Decimal

from xconnector.domain.decision.cell_text import spelled, word_for
from xconnector.domain.decision.cells import ANY, kinds_of
from xconnector.domain.decision.table import Case, DecisionTable, Domain, HitPolicy, Input, Output, Row
from xconnector.domain.decision.values import Kind, Value, spelled_number
from xconnector.project.tables.written import Grid, Line, Part, Setting, WrittenTable

_Column = tuple[str, Callable[[Row], str]]


def write_table(table: DecisionTable, *, says_all: bool = False) -> WrittenTable:
    """Return the table's parts; types and domains that go without saying are said only when asked for."""
    return WrittenTable(
        name=table.name,
        file="",
        about=table.about,
        settings={name: Setting(number=1, text=text) for name, text in _settings(table)},
        grids={part: grid for part, grid in _grids(table, says_all=says_all) if grid.lines or part is Part.ROWS},
    )


def said_type(kind: Kind, step: Decimal | None) -> str:
    """Return a type as tables say it."""
    if step is None:
        return kind
    return "integer" if step == 1 else f"{kind} step {spelled_number(step)}"


def _settings(table: DecisionTable) -> Sequence[tuple[str, str]]:
    settings = [("owner", table.owner), ("gaps", table.gaps)]
    hit = [] if table.hit is HitPolicy.FIRST else [("hit", str(table.hit))]
    return [*hit, *((name, text) for name, text in settings if text is not None)]


def _grids(table: DecisionTable, *, says_all: bool) -> Sequence[tuple[Part, Grid]]:
    return [
        (Part.INPUTS, _inputs(table, says_all=says_all)),
        (Part.OUTPUTS, _outputs(table, says_all=says_all)),
        (Part.ROWS, _rows(table)),
        (Part.TESTS, _cases(table)),
    ]


def _grid(header: Sequence[str], lines: Sequence[Sequence[str]]) -> Grid:
    return Grid(header=Line(number=1, cells=header), lines=[Line(number=1, cells=cells) for cells in lines])


def _inputs(table: DecisionTable, *, says_all: bool) -> Grid:
    declared = [one for at, one in enumerate(table.inputs) if says_all or one.domain != _inferred(at, table)]
    return _grid(["input", "type", "domain"], [_input(one) for one in declared])


def _inferred(at: int, table: DecisionTable) -> Domain:
    """Return the domain that a column has when nothing is said of it."""
    kinds = {kind for row in table.rows for kind in kinds_of(row.when[at])}
    return Domain(kind=next(iter(kinds), Kind.ANY), cell=ANY)


def _input(one: Input) -> Sequence[str]:
    return [one.name, said_type(one.domain.kind, one.domain.step), spelled(one.domain.cell)]


def _outputs(table: DecisionTable, *, says_all: bool) -> Grid:
    declared = [one for one in table.outputs if says_all or one != Output(name=one.name)]
    return _grid(["output", "type", "values"], [_output(one) for one in declared])


def _output(one: Output) -> Sequence[str]:
    values = ", ".join(word_for(value) for value in one.values)
    return [one.name, said_type(one.kind, one.step), values or "-"]


def _rows(table: DecisionTable) -> Grid:
    columns: Sequence[_Column] = [("row", lambda row: row.id), *_whens(table), *_thens(table), *_words(table)]
    return _grid([header for header, _ in columns], [[told(row) for _, told in columns] for row in table.rows])


def _whens(table: DecisionTable) -> Sequence[_Column]:
    return [(f"when {one.name}", lambda row, at=at: spelled(row.when[at])) for at, one in enumerate(table.inputs)]


def _thens(table: DecisionTable) -> Sequence[_Column]:
    return [(f"then {one.name}", lambda row, one=one: said_value(one, row.then[one.name])) for one in table.outputs]


def _words(table: DecisionTable) -> Sequence[_Column]:
    """Return the columns that some row has something in."""
    columns: Sequence[_Column] = [
        ("from", lambda row: row.valid_from.isoformat() if row.valid_from else ""),
        ("to", lambda row: row.valid_to.isoformat() if row.valid_to else ""),
        ("cite", lambda row: row.cite or ""),
        ("owner", lambda row: row.owner or ""),
        ("note", lambda row: row.note or ""),
    ]
    return [(header, told) for header, told in columns if any(told(row) for row in table.rows)]


def said_value(one: Output, value: Value | None) -> str:
    """Return what a row says for an output: text as it is, all else as cells say it."""
    return value if one.kind is Kind.TEXT and isinstance(value, str) else word_for(value)


def _cases(table: DecisionTable) -> Grid:
    outputs = {one.name: one for one in table.outputs}
    header = ["test", "on", "row"]
    header += [f"given {name}" for name in table.input_names]
    header += [f"expect {name}" for name in outputs]
    return _grid(header, [_case(case, table, outputs) for case in table.cases])


def _case(case: Case, table: DecisionTable, outputs: dict[str, Output]) -> Sequence[str]:
    return [
        case.name,
        case.on.isoformat() if case.on else "",
        "" if case.rows is None else ", ".join(case.rows) or "none",
        *(word_for(case.given[name]) if name in case.given else "" for name in table.input_names),
        *(said_value(one, case.then[name]) if name in case.then else "" for name, one in outputs.items()),
    ]
