"""Decision tables as JSON: the canonical form for programs. Cells are spelled as in Markdown; one row a line.

    {"table": "routing", "hit": "first",
     "inputs": [{"name": "customer.preference", "type": "text", "domain": "-"}],
     "outputs": [{"name": "route", "type": "text", "values": "-"}],
     "rows": [{"id": "R1", "when": {"customer.preference": "email"}, "then": {"route": "email, print"}, "cite": "§ 7"}]}

`hit`, `owner`, `gaps`, `about`, `tests`, and a row's `cite`, `owner`, `note`, `from` and `to` may be left out, and so
may an input in `when`: it is then `-`.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Annotated, cast

from pydantic import BaseModel, ConfigDict, Field

from xconnector.domain.decision.table import HitPolicy
from xconnector.domain.strict_json import StrictJsonError, read_json
from xconnector.project.findings import Finding
from xconnector.project.shape import Shaped, shape
from xconnector.project.tables.json_lines import line_of_repeated_key, lines_of
from xconnector.project.tables.limits import MOST_COLUMNS, MOST_ROWS
from xconnector.project.tables.written import Grid, Line, Part, Setting, WrittenTable
from xconnector.project.yaml_file import YamlFile

_WORDS = ("from", "to", "cite", "owner", "note")
_MOST_NESTED = 8
_LINE = re.compile(r" at line (\d+), column \d+$")
_TYPE = Field(json_schema_extra={"pattern": r"^(text|number( step \d+(\.\d+)?)?|integer|date|yes/no|any)$"})
_Cells = Annotated[dict[str, str], Field(default_factory=dict[str, str], max_length=MOST_COLUMNS)]
_Day = Annotated[str, Field(json_schema_extra={"pattern": r"^(\d{4}-\d{2}-\d{2})?$"})]


class _Shape(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, use_attribute_docstrings=True)


class InputShape(_Shape):
    """A column that rows look at."""

    name: str
    """Name of the input, such as customer.preference."""
    type: Annotated[str, _TYPE]
    """text, number, number step 0.01, integer, date or yes/no; any where no row says a value."""
    domain: str = "-"
    """A cell that takes all values that may come; - for all of the type, and nothing."""


class OutputShape(_Shape):
    """A column that rows say."""

    name: str
    """Name of the output, such as route."""
    type: Annotated[str, _TYPE] = "text"
    """text, number, number step 0.01, integer, date or yes/no."""
    values: str = "-"
    """All that rows may say, the most important first, such as email, print; - for all of the type."""


class RowShape(_Shape):
    """One rule."""

    id: str
    """What names the row in decisions, such as R1; each has its own."""
    when: _Cells
    """Cells by input, such as > 1000; - where an input is left out."""
    then: _Cells
    """What the row says, by output."""
    begins: _Day = Field(default="", alias="from")
    """First day on which the row counts, such as 2026-07-01."""
    ends: _Day = Field(default="", alias="to")
    """Last day on which the row counts."""
    cite: str = ""
    """The rule or law behind the row."""
    owner: str = ""
    """Who answers for the row, where this is not the table's owner."""
    note: str = ""
    """What else people should know of it."""


class TableTestShape(_Shape):
    """A test of the table."""

    test: str
    """What the test shows; each has its own name."""
    on: _Day = ""
    """Day as of which is decided."""
    row: str = ""
    """Ids of the rows that must answer, such as R1, or none."""
    given: _Cells
    """Values by input; one that is left out is not given."""
    expect: _Cells
    """What the answer must say, by output."""


class TableShape(_Shape):
    """A decision table."""

    table: str
    """Name of the table, as its file is called."""
    hit: Annotated[str, Field(json_schema_extra={"enum": [str(one) for one in HitPolicy]})] = "first"
    """Which row answers where several fit."""
    owner: str | None = None
    """Who answers for the table."""
    gaps: str | None = None
    """Why it may be that no row fits; left out, that is a mistake."""
    about: str = ""
    """What people read above the table, in Markdown."""
    inputs: Annotated[list[InputShape], Field(max_length=MOST_COLUMNS)]
    """Columns that rows look at."""
    outputs: Annotated[list[OutputShape], Field(max_length=MOST_COLUMNS, json_schema_extra={"minItems": 1})]
    """Columns that rows say."""
    rows: Annotated[list[RowShape], Field(max_length=MOST_ROWS, json_schema_extra={"minItems": 1})]
    """Rules, in their order."""
    tests: Annotated[list[TableTestShape], Field(max_length=MOST_ROWS)] = []
    """Questions to the table with the answers that must come."""


def read_json_table(file: str, content: bytes) -> tuple[WrittenTable | None, list[Finding]]:
    """Return what the file says, or None with everything that is wrong with its shape."""
    content = content.removeprefix(b"\xef\xbb\xbf")
    try:
        said = read_json(content, depth=_MOST_NESTED)
    except StrictJsonError as wrong:
        return None, [_no_json(file, content, str(wrong))]
    where = YamlFile(file=file, content=said, lines=lines_of(content.decode()))
    table, findings = shape(TableShape, said, Shaped(file=where))
    if table is not None:
        findings = [*_unknown(table, where)]
    if table is None or findings:
        return None, findings
    return _written(table, where), []


def write_json_table(written: WrittenTable) -> str:
    """Return the file's text; `read_json_table` reads it as the same table."""
    rows = written.grids.get(Part.ROWS)
    tests = written.grids.get(Part.TESTS)
    settings = {name: setting.text for name, setting in written.settings.items()}
    parts: list[tuple[str, object]] = [("table", written.name), *settings.items()]
    if written.about:
        parts.append(("about", written.about))
    parts += [
        ("inputs", [_named(line, "domain") for line in _lines(written, Part.INPUTS)]),
        ("outputs", [_named(line, "values") for line in _lines(written, Part.OUTPUTS)]),
        ("rows", [_row(rows.header, line) for line in rows.lines] if rows else []),
    ]
    if tests:
        parts.append(("tests", [_nested(tests.header, line, ("given", "expect")) for line in tests.lines]))
    return "{\n" + ",\n".join(f"  {_json(name)}: {_spread(value)}" for name, value in parts) + "\n}\n"


def _no_json(file: str, content: bytes, said: str) -> Finding:
    if found := _LINE.search(said):
        line, said = int(found[1]), said.removesuffix(found[0])
    else:
        line = line_of_repeated_key(content.decode()) if "twice" in said else 1
    return Finding(file=file, line=line, message=f"this is no JSON that is taken: {said}", remedy="mend the line")


def _unknown(table: TableShape, where: YamlFile) -> Iterator[Finding]:
    """Yield every cell of a column that the table does not declare."""
    inputs, outputs = {one.name for one in table.inputs}, {one.name for one in table.outputs}
    for at, row in enumerate(table.rows):
        for word, name in [*(("when", name) for name in row.when), *(("then", name) for name in row.then)]:
            kind, known = ("input", inputs) if word == "when" else ("output", outputs)
            if name not in known:
                message = f"row {row.id}: there is no {kind} {name!r}"
                yield where.finding(("rows", at, word, name), message, f"name it under {kind}s, or leave it out")


def _written(table: TableShape, where: YamlFile) -> WrittenTable:
    settings = {"hit": table.hit, "owner": table.owner, "gaps": table.gaps}
    inputs = [[one.name, one.type, one.domain] for one in table.inputs]
    outputs = [[one.name, one.type, one.values] for one in table.outputs]
    grids = {
        Part.INPUTS: _grid(where, "inputs", ["input", "type", "domain"], inputs),
        Part.OUTPUTS: _grid(where, "outputs", ["output", "type", "values"], outputs),
        Part.ROWS: _rows(table, where),
        Part.TESTS: _tests(table, where),
    }
    return WrittenTable(
        name=table.table,
        file=where.file,
        about=table.about.strip(),
        settings={
            name: Setting(number=where.line_of((name,)), text=text.strip())
            for name, text in settings.items()
            if text is not None
        },
        grids={part: grid for part, grid in grids.items() if grid.lines or part is Part.ROWS},
    )


def _grid(where: YamlFile, key: str, header: Sequence[str], items: Iterable[Sequence[str]]) -> Grid:
    """Return a part whose items stand under a key, each with its line."""
    lines = [
        Line(number=where.line_of((key, at)), cells=[cell.strip() for cell in cells]) for at, cells in enumerate(items)
    ]
    return Grid(header=Line(number=where.line_of((key,)), cells=header), lines=lines)


def _rows(table: TableShape, where: YamlFile) -> Grid:
    inputs, outputs = [one.name for one in table.inputs], [one.name for one in table.outputs]
    header = ["row", *(f"when {name}" for name in inputs), *(f"then {name}" for name in outputs), *_WORDS]
    lines = (
        [
            row.id,
            *(row.when.get(name, "-") for name in inputs),
            *(row.then.get(name, "") for name in outputs),
            *(row.begins, row.ends, row.cite, row.owner, row.note),
        ]
        for row in table.rows
    )
    return _grid(where, "rows", header, lines)


def _tests(table: TableShape, where: YamlFile) -> Grid:
    given = sorted({name for one in table.tests for name in one.given})
    expect = sorted({name for one in table.tests for name in one.expect})
    header = ["test", "on", "row", *(f"given {name}" for name in given), *(f"expect {name}" for name in expect)]
    lines = (
        [
            *(one.test, one.on, one.row),
            *(one.given.get(name, "") for name in given),
            *(one.expect.get(name, "") for name in expect),
        ]
        for one in table.tests
    )
    return _grid(where, "tests", header, lines)


def _lines(written: WrittenTable, part: Part) -> Sequence[Line]:
    grid = written.grids.get(part)
    return grid.lines if grid is not None else ()


def _named(line: Line, last: str) -> Mapping[str, str]:
    return dict(zip(("name", "type", last), line.cells, strict=True))


def _row(header: Line, line: Line) -> Mapping[str, object]:
    nested = _nested(header, line, ("when", "then"))
    return {"id" if name == "row" else name: value for name, value in nested.items()}


def _nested(header: Line, line: Line, words: Sequence[str]) -> Mapping[str, object]:
    """Return a line as an object; columns whose header begins with one of the words go inside under that word."""
    found: dict[str, object] = {}
    inside: dict[str, dict[str, str]] = {word: {} for word in words}
    for column, text in zip(header.cells, line.cells, strict=True):
        word, _, name = column.partition(" ")
        if word in inside:
            found.setdefault(word, inside[word])
            if text:
                inside[word][name] = text
        elif text:
            found[column] = text
    return found


def _spread(value: object) -> str:
    """Return a list with one item a line."""
    if not isinstance(value, list) or not value:
        return json.dumps(value, ensure_ascii=False)
    items = cast("list[object]", value)
    return "[\n" + ",\n".join(f"    {_json(item)}" for item in items) + "\n  ]"


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)
