"""Decision tables as JSON: the canonical form for programs. Cells are spelled as in Markdown; one row a line.

    {"table": "routing", "hit": "first",
     "inputs": [{"name": "customer.preference", "type": "text", "domain": "-"}],
     "outputs": [{"name": "route", "type": "text", "values": "-"}],
     "rows": [{"id": "R1", "when": {"customer.preference": "email"}, "then": {"route": "email, print"}, "cite": "§ 7"}]}

`hit`, `owner`, `gaps`, `about`, `tests`, and a row's `cite`, `owner`, `note`, `from` and `to` may be left out, and so
may an input in `when`: it is then `-`.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Annotated, cast

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from xconnector.domain.strict_json import StrictJsonError, read_json
from xconnector.project.findings import Finding
from xconnector.project.tables.written import Grid, Line, Part, Setting, WrittenTable

_WORDS = ("from", "to", "cite", "owner", "note")
_Cells = Annotated[dict[str, str], Field(default_factory=dict[str, str])]


class _Shape(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, populate_by_name=True)


class _InputShape(_Shape):
    name: str
    type: str
    domain: str = "-"


class _OutputShape(_Shape):
    name: str
    type: str = "text"
    values: str = "-"


class _RowShape(_Shape):
    id: str
    when: _Cells
    then: _Cells
    begins: str = Field(default="", alias="from")
    ends: str = Field(default="", alias="to")
    cite: str = ""
    owner: str = ""
    note: str = ""


class _TestShape(_Shape):
    test: str
    on: str = ""
    row: str = ""
    given: _Cells
    expect: _Cells


class _TableShape(_Shape):
    table: str
    hit: str = "first"
    owner: str | None = None
    gaps: str | None = None
    about: str = ""
    inputs: list[_InputShape]
    outputs: list[_OutputShape]
    rows: list[_RowShape]
    tests: list[_TestShape] = []


def read_json_table(file: str, content: bytes) -> tuple[WrittenTable | None, list[Finding]]:
    """Return what the file says, or None with everything that is wrong with its shape."""
    try:
        shape = _TableShape.model_validate(read_json(content))
    except StrictJsonError as wrong:
        return None, [Finding(file=file, line=1, message="this is no JSON", remedy=str(wrong))]
    except ValidationError as wrong:
        return None, [_misshapen(file, error["loc"], error["msg"]) for error in wrong.errors(include_url=False)]
    unknown = [*_unknown(shape)]
    if unknown:
        remedy = "name it under inputs or outputs, or leave it out"
        return None, [Finding(file=file, line=1, message=message, remedy=remedy) for message in unknown]
    return _written(shape, file, _line_of(content.decode())), []


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


def _misshapen(file: str, place: Sequence[int | str], said: str) -> Finding:
    where = ".".join(str(one) for one in place) or "the file"
    return Finding(file=file, line=1, message=f"{where} is not as it must be", remedy=f"mend it: {said.lower()}")


def _unknown(shape: _TableShape) -> Iterator[str]:
    """Yield every cell of a column that the table does not declare."""
    inputs, outputs = {one.name for one in shape.inputs}, {one.name for one in shape.outputs}
    for row in shape.rows:
        yield from (f"row {row.id}: there is no input {name!r}" for name in row.when if name not in inputs)
        yield from (f"row {row.id}: there is no output {name!r}" for name in row.then if name not in outputs)


def _line_of(text: str) -> Mapping[str, int]:
    """Return the line where each row begins, as far as it stands on one of its own."""
    return {
        line.split('"id": "', 1)[1].split('"', 1)[0]: number
        for number, line in enumerate(text.split("\n"), start=1)
        if '"id": "' in line
    }


def _written(shape: _TableShape, file: str, line_of: Mapping[str, int]) -> WrittenTable:
    settings = {"hit": shape.hit, "owner": shape.owner, "gaps": shape.gaps}
    grids = {
        Part.INPUTS: _grid(["input", "type", "domain"], ([one.name, one.type, one.domain] for one in shape.inputs)),
        Part.OUTPUTS: _grid(["output", "type", "values"], ([one.name, one.type, one.values] for one in shape.outputs)),
        Part.ROWS: _rows(shape, line_of),
        Part.TESTS: _tests(shape),
    }
    return WrittenTable(
        name=shape.table,
        file=file,
        about=shape.about.strip(),
        settings={name: Setting(number=1, text=text.strip()) for name, text in settings.items() if text is not None},
        grids={part: grid for part, grid in grids.items() if grid.lines or part is Part.ROWS},
    )


def _grid(header: Sequence[str], lines: Iterable[Sequence[str]]) -> Grid:
    return Grid(header=Line(number=1, cells=header), lines=[_line(1, cells) for cells in lines])


def _line(number: int, cells: Sequence[str]) -> Line:
    return Line(number=number, cells=[cell.strip() for cell in cells])


def _rows(shape: _TableShape, line_of: Mapping[str, int]) -> Grid:
    inputs, outputs = [one.name for one in shape.inputs], [one.name for one in shape.outputs]
    header = ["row", *(f"when {name}" for name in inputs), *(f"then {name}" for name in outputs), *_WORDS]
    lines = [
        _line(
            line_of.get(row.id, 1),
            [
                row.id,
                *(row.when.get(name, "-") for name in inputs),
                *(row.then.get(name, "") for name in outputs),
                *(row.begins, row.ends, row.cite, row.owner, row.note),
            ],
        )
        for row in shape.rows
    ]
    return Grid(header=Line(number=1, cells=header), lines=lines)


def _tests(shape: _TableShape) -> Grid:
    given = sorted({name for one in shape.tests for name in one.given})
    expect = sorted({name for one in shape.tests for name in one.expect})
    header = ["test", "on", "row", *(f"given {name}" for name in given), *(f"expect {name}" for name in expect)]
    return _grid(
        header,
        (
            [
                one.test,
                one.on,
                one.row,
                *(one.given.get(name, "") for name in given),
                *(one.expect.get(name, "") for name in expect),
            ]
            for one in shape.tests
        ),
    )


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
