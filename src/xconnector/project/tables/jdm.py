"""Decision tables in GoRules' JDM, the JSON that zen-engine runs and jdm-editor edits: one table node between two ends.

What JDM has no word for (types, domains, tests, the policies `unique` and `priority`) is kept under `xconnector` in the
table's node. Our checks of inputs are not JDM's: whoever runs the file makes them before.
"""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from xconnector.domain.decision.cell_text import spelled
from xconnector.domain.decision.cells import ANY, Cell
from xconnector.domain.decision.table import DecisionTable, HitPolicy, Row, validity_of
from xconnector.domain.decision.values import Kind, Value, kind_of
from xconnector.domain.strict_json import StrictJsonError, read_json
from xconnector.project.findings import Finding, named_like
from xconnector.project.tables.foreign import (
    DAY,
    ForeignColumn,
    ForeignRow,
    ForeignTable,
    UnsayableError,
    days_of,
    kind_of_column,
    kind_of_type,
    names_over_there,
    our_ids,
    our_name,
    output_word,
    refuse_large,
    shown,
    telling,
    written_of,
)
from xconnector.project.tables.kept_beside import Kept, hit_of, kept_of
from xconnector.project.tables.reading import read_table
from xconnector.project.tables.written import WrittenTable
from xconnector.project.tables.zen_cells import (
    names_days,
    parse_zen_cell,
    parse_zen_path,
    parse_zen_value,
    zen_cell,
    zen_path,
    zen_value,
)

_TABLE_NODE = "decisionTableNode"
_MEANS = {HitPolicy.UNIQUE: HitPolicy.FIRST, HitPolicy.PRIORITY: HitPolicy.FIRST}
"""How JDM says what it has no word for: rows of a unique table never compete, those of priority are sorted."""
_ROW_ID = re.compile(r'"_id"\s*:\s*"([^"\\]*)"')
_WRITE = "write it in another way, in JDM or afterwards in our table"


def jdm_bytes(table: DecisionTable) -> bytes:
    """Return a JDM file with the table as its one table node.

    Raises UnsayableError for what JDM cannot say.
    """
    return (json.dumps(_document(table), ensure_ascii=False, indent=2) + "\n").encode()


def read_jdm(name: str, file: str, content: bytes) -> tuple[WrittenTable | None, list[Finding]]:
    """Return the table of this name, or the only one there is; else None with everything that is wrong with it."""
    try:
        nodes = _File.model_validate(read_json(content)).nodes
        tables = [_TableNode.model_validate(node) for node in nodes if node.get("type") == _TABLE_NODE]
    except StrictJsonError as wrong:
        return None, [_finding(file, 1, "this is no JSON", str(wrong))]
    except ValidationError as wrong:
        return None, [_misshapen(file, error["loc"], error["msg"]) for error in wrong.errors(include_url=False)]
    chosen = [one for one in tables if one.name == name] or tables
    if len(chosen) != 1:
        names = ", ".join(repr(one.name) for one in tables) or "none"
        message = f"the file has {len(chosen)} decision tables to choose from: {names}"
        return None, [_finding(file, 1, message, "name one of them: xconnector tables convert --table NAME")]
    table = chosen[0].content
    try:
        refuse_large(len(table.rules), len(table.inputs) + len(table.outputs))
    except UnsayableError as wrong:
        return None, [_finding(file, 1, str(wrong), "divide it")]
    return _Import(name, file, content.decode(), chosen[0]).table()


# ---------------------------------------------------------------------------- written


def _document(table: DecisionTable) -> Mapping[str, object]:
    ends = [("request", "inputNode", "Request", 0), ("response", "outputNode", "Response", 720)]
    nodes = [
        {"id": end, "type": type_, "name": name, "position": {"x": x, "y": 160}, "content": {}}
        for end, type_, name, x in ends
    ]
    position = {"x": 360, "y": 160}
    node = {"id": "table", "type": _TABLE_NODE, "name": table.name, "position": position, "content": _content(table)}
    edges = [
        {"id": f"{source}-{target}", "type": "edge", "sourceId": source, "targetId": target}
        for source, target in (("request", "table"), ("table", "response"))
    ]
    return {
        "contentType": "application/vnd.gorules.decision",
        "nodes": [nodes[0], node, nodes[1]],
        "edges": edges,
    }


def _content(table: DecisionTable) -> Mapping[str, object]:
    inputs = {f"input_{at}": name for at, name in enumerate(names_over_there(table), start=1)}
    outputs = {f"output_{at}": name for at, name in enumerate(table.output_names, start=1)}
    days = {DAY: DAY} if table.is_dated else {}
    rows = table.in_order_of_precedence()
    kept = kept_of(
        table,
        rows,
        inputs | outputs,
        write=zen_cell,
        read=lambda text, kind: parse_zen_cell(text, speaks_of_dates=kind is Kind.DATE),
    )
    return {
        "hitPolicy": str(_MEANS.get(table.hit, table.hit)),
        "inputs": [{"id": column, "name": name, "field": zen_path(name)} for column, name in (inputs | days).items()],
        "outputs": [{"id": column, "name": name, "field": name} for column, name in outputs.items()],
        "rules": [_rule(row, table) for row in rows],
        "passThrough": False,
        "inputField": None,
        "outputPath": None,
        "executionMode": "single",
        "xconnector": kept.model_dump(exclude_defaults=True),
    }


def _rule(row: Row, table: DecisionTable) -> Mapping[str, str]:
    words = [("_description", row.note), ("_cite", row.cite), ("_owner", row.owner)]
    rule = {"_id": row.id, **{word: text for word, text in words if text is not None}}
    for at, (one, cell) in enumerate(zip(table.inputs, row.when, strict=True), start=1):
        with telling(f"row {row.id}, column {one.name}"):
            rule[f"input_{at}"] = zen_cell(cell, one.domain.kind)
    if table.is_dated:
        rule[DAY] = zen_cell(validity_of(row), Kind.DATE)
    for at, output in enumerate(table.outputs, start=1):
        with telling(f"row {row.id}, column {output.name}"):
            rule[f"output_{at}"] = zen_value(row.then[output.name])
    return rule


# ---------------------------------------------------------------------------- read


class _Shape(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True, strict=True, populate_by_name=True)


class _Column(_Shape):
    id: str
    name: str = ""
    field: str | None = None


class _Content(_Shape):
    hit: str = Field(default="first", alias="hitPolicy")
    inputs: list[_Column]
    outputs: list[_Column]
    rules: list[dict[str, str]]
    input_field: str | None = Field(default=None, alias="inputField")
    output_path: str | None = Field(default=None, alias="outputPath")
    mode: str = Field(default="single", alias="executionMode")
    kept: Kept = Field(default=Kept(), alias="xconnector")


class _TableNode(_Shape):
    name: str
    content: _Content


class _File(_Shape):
    nodes: list[dict[str, Any]]


class _Import:
    """One table node on its way to a table of ours."""

    def __init__(self, name: str, file: str, text: str, node: _TableNode) -> None:
        self._name = name
        self._file = file
        self._node = node
        self._content = node.content
        self._kept = node.content.kept
        self._rules = node.content.rules
        self._ids = our_ids([rule.get("_id", "") for rule in self._rules])
        self._lines = _lines(text, [rule.get("_id", "") for rule in self._rules])
        self._line = _first_line(text, f'"{_TABLE_NODE}"')
        self._findings: list[Finding] = []

    def table(self) -> tuple[WrittenTable | None, list[Finding]]:
        self._refuse_modes()
        self._refuse_unknown_cells()
        inputs = [(one, self._input_name(one)) for one in self._content.inputs if one.id != self._kept.day]
        outputs = [(one, self._output_name(one)) for one in self._content.outputs]
        self._refuse_same_names([name for _, name in inputs], [name for _, name in outputs])
        cells = {one.id: self._cells(one) for one in self._content.inputs}
        values = {one.id: self._values(one) for one in self._content.outputs}
        words = [self._words(at, cells) for at in range(len(self._rules))]
        if self._findings:
            return None, self._findings
        typed = [self._output(one, name, values[one.id]) for one, name in outputs]
        thens = [self._worded(one, typed[at].type, values[one.id]) for at, (one, _) in enumerate(outputs)]
        if self._findings:
            return None, self._findings
        rows = [
            ForeignRow(
                line=self._lines[at],
                id=row_id,
                when=[spelled(cells[one.id][at]) for one, _ in inputs],
                then=[column[at] for column in thens],
                words=words[at],
            )
            for at, row_id in enumerate(self._ids)
        ]
        return self._written(
            [self._input(one, name, cells[one.id]) for one, name in inputs],
            typed,
            rows,
        )

    def _written(
        self, inputs: Sequence[ForeignColumn], outputs: Sequence[ForeignColumn], rows: Sequence[ForeignRow]
    ) -> tuple[WrittenTable | None, list[Finding]]:
        hit = hit_of(self._kept, HitPolicy(self._content.hit), means=_MEANS)
        in_our_order = sorted(rows, key=lambda row: _place(row.id, self._kept.order))
        table = ForeignTable(
            line=self._line,
            inputs=inputs,
            outputs=outputs,
            rows=in_our_order if hit is HitPolicy.PRIORITY else rows,
            settings=self._kept.settings(hit),
            about=self._kept.about,
            tests=self._kept.tests_grid(self._line),
        )
        written = written_of(self._name, self._file, table)
        if hit is HitPolicy.PRIORITY:
            self._refuse_other_order(written, [row.id for row in rows])
        return (None, self._findings) if self._findings else (written, [])

    def _find(self, line: int, message: str, remedy: str) -> None:
        self._findings.append(_finding(self._file, line, f"table {self._node.name!r}: {message}", remedy))

    # ------------------------------------------------------------------------ the node as a whole

    def _refuse_modes(self) -> None:
        content = self._content
        modes = [
            (content.mode != "single", f"runs in mode {content.mode!r} (executionMode)", "choose single"),
            (content.input_field, f"reads its inputs below {content.input_field!r}", "write it before each field"),
            (content.output_path, f"writes its outputs below {content.output_path!r}", "leave the path empty"),
            (content.hit not in {"first", "collect"}, f"has the hit policy {content.hit!r}", "write first or collect"),
        ]
        for is_so, said, remedy in modes:
            if is_so:
                self._find(self._line, f"the node {said}, which our tables cannot", remedy)

    def _refuse_unknown_cells(self) -> None:
        known = {one.id for one in (*self._content.inputs, *self._content.outputs)}
        for at, rule in enumerate(self._rules):
            for key in rule:
                if key not in known and not key.startswith("_"):
                    message = f"row {self._ids[at]} has a cell for column {key!r}, and there is none"
                    self._find(self._lines[at], message, named_like(key, known))

    def _refuse_same_names(self, inputs: Sequence[str], outputs: Sequence[str]) -> None:
        for names in (inputs, outputs):
            for name in sorted({name for name in names if names.count(name) > 1}):
                self._find(self._line, f"two columns are called {name!r} in our words", "rename one of them")

    def _refuse_other_order(self, written: WrittenTable, order: Sequence[str]) -> None:
        text, findings = read_table(written)
        self._findings += findings
        if text is not None and [row.id for row in text.table.in_order_of_precedence()] != order:
            message = "the rows no longer stand in the order of the outputs' values, by which priority decides"
            self._find(self._line, message, "restore their order, or leave `hit` out under `xconnector`")

    # ------------------------------------------------------------------------ columns

    def _input_name(self, one: _Column) -> str:
        if one.field is None or not one.field.strip():
            self._find(self._line, f"column {one.name!r} has no field: its cells are whole conditions", _WRITE)
            return one.id
        kept = self._kept.columns.get(one.id)
        if kept is not None and zen_path(kept.over_there) == one.field.strip():
            return kept.name
        return self._named(one, parse=parse_zen_path, is_output=False)

    def _output_name(self, one: _Column) -> str:
        return self._named(one, parse=str.strip, is_output=True)

    def _named(self, one: _Column, *, parse: Callable[[str], str], is_output: bool) -> str:
        try:
            if is_output and (one.field or "").strip().endswith("[]"):
                raise UnsayableError("an output that collects by itself is none of our tables")
            return our_name(parse(one.field or ""), is_output=is_output)
        except UnsayableError as wrong:
            self._find(self._line, f"column {one.name!r}: {wrong}", "rename it, or write it in another way")
            return one.id

    def _input(self, one: _Column, name: str, cells: Sequence[Cell]) -> ForeignColumn:
        kept = self._kept.columns.get(one.id)
        if kept is not None and kept.kind is not None:
            return ForeignColumn(name=name, type=kept.type, domain=kept.domain)
        return ForeignColumn(name=name, type=kind_of_column(cells))

    def _output(self, one: _Column, name: str, values: Sequence[Value | None]) -> ForeignColumn:
        kept = self._kept.columns.get(one.id)
        if kept is not None and kept.kind is not None:
            return ForeignColumn(name=name, type=kept.type, domain=kept.domain)
        return ForeignColumn(name=name, type=_kind_of_values(values))

    # ------------------------------------------------------------------------ rows

    def _cells(self, one: _Column) -> Sequence[Cell]:
        kept = self._kept.columns.get(one.id)
        texts = [rule.get(one.id, "") for rule in self._rules]
        is_date = one.id == self._kept.day or (kept is not None and kept.kind is Kind.DATE)
        is_date = is_date or any(names_days(text) for text in texts)
        return [self._cell(at, one, text, is_date=is_date) for at, text in enumerate(texts)]

    def _cell(self, at: int, one: _Column, text: str, *, is_date: bool) -> Cell:
        kept = self._kept.cell(self._ids[at], one.id, text, zen_cell)
        if kept is not None:
            return kept
        try:
            return parse_zen_cell(text, speaks_of_dates=is_date)
        except UnsayableError as wrong:
            self._refuse_cell(at, one, text, wrong)
            return ANY

    def _values(self, one: _Column) -> Sequence[Value | None]:
        return [self._value(at, one, rule.get(one.id, "")) for at, rule in enumerate(self._rules)]

    def _worded(self, one: _Column, type_: str, values: Sequence[Value | None]) -> Sequence[str]:
        """Return an output's column as our tables write it."""
        kind = kind_of_type(type_) or Kind.TEXT
        words: list[str] = []
        for at, value in enumerate(values):
            try:
                words.append(output_word(value, kind, days_are_text=True))
            except UnsayableError as wrong:
                self._refuse_cell(at, one, self._rules[at].get(one.id, ""), wrong)
        return words

    def _value(self, at: int, one: _Column, text: str) -> Value | None:
        try:
            return parse_zen_value(text)
        except UnsayableError as wrong:
            self._refuse_cell(at, one, text, wrong)
            return None

    def _refuse_cell(self, at: int, one: _Column, text: str, wrong: UnsayableError) -> None:
        place = f"row {self._ids[at]}, column {one.name or one.field!r}"
        self._find(self._lines[at], f"{place}: cell {shown(text)} is not understood: {wrong}", _WRITE)

    def _words(self, at: int, cells: Mapping[str, Sequence[Cell]]) -> Mapping[str, str]:
        rule = self._rules[at]
        words = {"note": "_description", "cite": "_cite", "owner": "_owner"}
        said = {word: rule[key] for word, key in words.items() if rule.get(key)}
        day = next((one for one in self._content.inputs if one.id == self._kept.day), None)
        if day is None:
            return said
        try:
            return {**said, **days_of(cells[day.id][at])}
        except UnsayableError as wrong:
            self._refuse_cell(at, day, rule.get(day.id, ""), wrong)
            return said


def _kind_of_values(values: Sequence[Value | None]) -> Kind:
    return next((kind_of(value) for value in values if value is not None), Kind.TEXT)


def _place(row_id: str, order: Sequence[str]) -> int:
    return order.index(row_id) if row_id in order else len(order)


def _lines(text: str, ids: Sequence[str]) -> Sequence[int]:
    """Return the line of each row's id; 1 where it cannot be found."""
    lines: dict[str, int] = {}
    for number, line in enumerate(text.split("\n"), start=1):
        for found in _ROW_ID.finditer(line):
            lines.setdefault(found[1], number)
    return [lines.get(row_id, 1) for row_id in ids]


def _first_line(text: str, word: str) -> int:
    return text.count("\n", 0, max(text.find(word), 0)) + 1


def _misshapen(file: str, place: Sequence[int | str], said: str) -> Finding:
    where = ".".join(str(one) for one in place) or "the file"
    return _finding(file, 1, f"{where} is not as it must be in JDM", f"mend it: {said.lower()}")


def _finding(file: str, line: int, message: str, remedy: str) -> Finding:
    return Finding(file=file, line=line, message=message, remedy=remedy)
