"""From a table as it is written to a table that is understood: types, rows, tests, and what is wrong with each."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import TypeVar

from xconnector.domain.decision.cell_text import CellError, parse_cell, parse_value, parse_values, spelled
from xconnector.domain.decision.cells import ANY, Cell, kinds_of
from xconnector.domain.decision.table import Case, DecisionTable, Domain, HitPolicy, Input, Output, Row
from xconnector.domain.decision.values import Kind, Value, is_multiple, kind_of
from xconnector.project.findings import Finding, named_like
from xconnector.project.tables.limits import LONGEST_TEXT, MOST_COLUMNS, MOST_ROWS
from xconnector.project.tables.markdown import holds_only_prose
from xconnector.project.tables.text import TableText, on_sheet
from xconnector.project.tables.written import Grid, Line, Part, Setting, WrittenTable

_MOST_EXPECTED = 200
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,39}")
_INPUT = re.compile(r"[a-z][a-z0-9_]*(?:[. ][A-Za-z0-9_]+)*")
_OUTPUT = re.compile(r"[a-z][a-z0-9_]*(?: [a-z0-9_]+)*")
_TYPE = re.compile(r"(text|number|integer|date|yes/no|any)(?:\s+step\s+(\d+(?:\.\d+)?))?")
_TYPES = "text, number, number step 0.01, integer, date or yes/no"
_ODD = re.compile("[\x00-\x08\x0b-\x1f\x7f\x85\u2028\u2029\ud800-\udfff\ufffe\uffff]")
_SETTINGS = {
    "hit": "write first, unique, priority or collect behind it, or leave it out",
    "owner": "write who answers for the table behind it, or leave it out",
    "gaps": "write why no row may fit behind it, or leave it out",
}
_QUOTE = 'keep one kind a column; text that looks otherwise is "quoted"'

_LONGEST_TOLD = 60

_Read = TypeVar("_Read")


def read_table(written: WrittenTable) -> tuple[TableText | None, list[Finding]]:
    """Return the table, or None with everything that is wrong with it."""
    text, findings = _Reading(written).table()
    return (None, findings) if findings else (text, findings)


def read_partly(written: WrittenTable) -> TableText | None:
    """Return what is understood of a table: rows that are whole, with `-` for cells that are not understood.

    It decides nothing: it is for proving what can be proven of the cells that are understood. None where the columns
    are not understood.
    """
    text, _ = _Reading(written).table()
    # What a test gives may be what was not understood.
    return None if text is None else replace(text, table=replace(text.table, cases=()), cases={})


@dataclass(frozen=True, slots=True, kw_only=True)
class _Columns:
    """Which column of the rows means what."""

    inputs: Sequence[tuple[int, str]]
    outputs: Sequence[tuple[int, str]]
    places: Mapping[str, int]
    """By word: row, cite, owner, note, from, to."""
    width: int


class _Reading:
    def __init__(self, written: WrittenTable) -> None:
        self._written = written
        self._findings: list[Finding] = []

    def table(self) -> tuple[TableText | None, list[Finding]]:
        """Return as much of the table as its columns allow, and everything that is wrong."""
        grid, tests = self._written.grids[Part.ROWS], self._written.grids.get(Part.TESTS)
        self._refuse_size()
        if self._findings:
            return None, self._findings
        self._refuse_odd_signs()
        columns = self._columns(grid.header)
        if columns is None:
            return None, self._findings
        hit = self._hit()
        outputs = self._outputs([name for _, name in columns.outputs])
        rows = [(line, row) for line in grid.lines if (row := self._row(line, columns, outputs)) is not None]
        inputs = self._inputs([name for _, name in columns.inputs], rows)
        self._refuse_repeated(rows)
        if not rows and not self._findings:
            self._find(grid.header, "the table has no row", "add one; the first row that fits wins")
        if hit is HitPolicy.PRIORITY and not any(one.values for one in outputs):
            self._find(grid.header, "no output says which of its values come first", "list them under `values`")
        cases = self._cases(inputs, outputs, {row.id for _, row in rows})
        if not holds_only_prose(self._written.about):
            self._find(1, "the text about the table holds a table or code that does not end", "leave it out")
        table = DecisionTable(
            name=self._written.name,
            inputs=inputs,
            outputs=outputs,
            rows=tuple(row for _, row in rows),
            hit=hit,
            owner=self._setting("owner"),
            about=self._written.about,
            gaps=self._setting("gaps"),
            cases=tuple(case for _, case in cases),
        )
        return TableText(
            table=table,
            file=self._written.file,
            header=grid.header.number,
            rows={row.id: line.number for line, row in rows},
            cases={case.name: line.number for line, case in cases},
            sheets=(grid.header.sheet, tests.header.sheet if tests is not None else ""),
            columns={name: at + 1 for at, name in columns.inputs},
        ), self._findings

    def _refuse_size(self) -> None:
        for part, grid in self._written.grids.items():
            if len(grid.lines) > MOST_ROWS:
                self._find(grid.header, f"there are more than {MOST_ROWS} {part}s", "divide the table")
            if len(grid.header.cells) > MOST_COLUMNS:
                self._find(grid.header, f"the {part}s have more than {MOST_COLUMNS} columns", "divide the table")

    def _refuse_odd_signs(self) -> None:
        """Refuse what not every form can keep."""
        said = [*self._said()]
        for number in sorted({number for number, text in said if _ODD.search(text)}):
            self._find(number, "there is a sign that cannot be printed", "remove control characters")
        for number in sorted({number for number, text in said if len(text) > LONGEST_TEXT}):
            message = f"a cell, a setting or a line of prose has more than {LONGEST_TEXT} signs"
            self._find(number, message, "say it in fewer, or say where it stands")

    def _said(self) -> Iterator[tuple[int, str]]:
        """Yield all text with its line."""
        for grid in self._written.grids.values():
            for line in (grid.header, *grid.lines):
                yield from ((line.number, text) for text in line.cells)
        yield from ((1, line) for line in self._written.about.split("\n"))
        yield from ((one.number, one.text.replace("\n", "\0")) for one in self._written.settings.values())

    def _find(self, place: int | Line | Setting, message: str, remedy: str) -> None:
        number, sheet = (place, "") if isinstance(place, int) else (place.number, place.sheet)
        told = on_sheet(sheet, message)
        self._findings.append(Finding(file=self._written.file, line=number, message=told, remedy=remedy))

    def _understood(self, line: Line, place: str, read: Callable[[str], _Read], text: str) -> _Read | None:
        """Return what a cell says; a cell that is not understood is a finding."""
        try:
            return read(text)
        except CellError as wrong:
            self._find(line, f"{place}: cell {_told(text)} is not understood", str(wrong))
            return None

    # ------------------------------------------------------------------------ the table as a whole

    def _setting(self, name: str) -> str | None:
        setting = self._written.settings.get(name)
        return setting.text if setting is not None else None

    def _hit(self) -> HitPolicy:
        for name, setting in self._written.settings.items():
            if name not in _SETTINGS:
                self._find(setting, f"the setting {name!r} is unknown", named_like(name, _SETTINGS))
            elif not setting.text:
                self._find(setting, f"the setting {name!r} says nothing", _SETTINGS[name])
        setting = self._written.settings.get("hit")
        if setting is None or not setting.text:
            return HitPolicy.FIRST
        if setting.text not in {*HitPolicy}:
            self._find(
                setting,
                f"there is no hit policy {setting.text!r}",
                named_like(setting.text, [str(one) for one in HitPolicy]),
            )
            return HitPolicy.FIRST
        return HitPolicy(setting.text)

    def _columns(self, line: Line) -> _Columns | None:
        before = len(self._findings)
        places: dict[str, int] = {}
        inputs: list[tuple[int, str]] = []
        outputs: list[tuple[int, str]] = []
        for at, cell in enumerate(line.cells):
            match cell.split(" ", 1):
                case ["when", name] if _INPUT.fullmatch(name.strip()):
                    inputs.append((at, name.strip()))
                case ["then", name] if _OUTPUT.fullmatch(name.strip()):
                    outputs.append((at, name.strip()))
                case ["row" | "cite" | "owner" | "note" | "from" | "to"]:
                    places[cell] = at
                case _:
                    words = ["row", "when <input>", "then route", "then review", "cite", "owner", "note", "from", "to"]
                    self._find(line, f"column {at + 1}: the header {cell!r} is unknown", named_like(cell, words))
        self._refuse_repeated_columns(line)
        if "row" not in places:
            self._find(line, "there is no column `row`", "add it: each row needs an id such as R1")
        if not outputs:
            self._find(line, "there is no column `then …`", "add `then route`")
        if len(self._findings) > before:
            return None
        return _Columns(inputs=inputs, outputs=outputs, places=places, width=len(line.cells))

    def _refuse_repeated_columns(self, line: Line) -> None:
        for cell in sorted({cell for cell in line.cells if line.cells.count(cell) > 1}):
            self._find(line, f"the column {cell!r} stands there twice", "leave one out")

    def _is_whole(self, line: Line, width: int) -> bool:
        if len(line.cells) == width:
            return True
        message = f"the row has {len(line.cells)} cells where the header has {width}"
        self._find(line, message, r"add or remove cells; a | inside a cell is written \|")
        return False

    # ------------------------------------------------------------------------ what inputs and outputs may be

    def _declared(self, part: Part, header: Sequence[str], names: Sequence[str]) -> Mapping[str, Line]:
        """Return the line that declares each input or output; those that no column has are findings."""
        grid = self._written.grids.get(part)
        if grid is None:
            return {}
        if tuple(grid.header.cells) != tuple(header):
            self._find(grid.header, f"the header of the {part}s is unknown", f"write | {' | '.join(header)} |")
            return {}
        declared: dict[str, Line] = {}
        for line in grid.lines:
            if not self._is_whole(line, len(header)):
                continue
            name = line.cells[0]
            if name not in names:
                self._find(line, f"no column speaks of {part} {name!r}", named_like(name, names))
            elif name in declared:
                self._find(line, f"{part} {name!r} is declared twice", "leave one out")
            else:
                declared[name] = line
        return declared

    def _inputs(self, names: Sequence[str], rows: Sequence[tuple[Line, Row]]) -> tuple[Input, ...]:
        declared = self._declared(Part.INPUTS, ("input", "type", "domain"), names)
        inputs: list[Input] = []
        for at, name in enumerate(names):
            cells = [(line, row.when[at]) for line, row in rows]
            domain = self._domain(declared[name]) if name in declared else None
            if domain is None:
                domain = Domain(kind=self._kind_of_column(name, cells))
            else:
                self._refuse_other_kinds(name, domain.kind, cells)
            inputs.append(Input(name=name, domain=domain))
        return tuple(inputs)

    def _domain(self, line: Line) -> Domain | None:
        name, type_, text = line.cells
        typed = self._type(line, type_)
        cell = self._understood(line, f"input {name}, column 3 (domain)", parse_cell, text)
        if typed is None or cell is None:
            return None
        kind, step = typed
        if kinds_of(cell) - {kind}:
            self._find(line, f"the domain of {name} speaks of another kind than {kind}", _QUOTE)
            return None
        return Domain(kind=kind, cell=cell, step=step)

    def _type(self, line: Line, text: str) -> tuple[Kind, Decimal | None] | None:
        found = _TYPE.fullmatch(text)
        step = Decimal(found[2]) if found and found[2] else None
        if found is None or (step is not None and (found[1] != "number" or step == 0)):
            self._find(line, f"there is no type {text!r}", f"write {_TYPES}")
            return None
        if found[1] == "integer":
            return Kind.NUMBER, Decimal(1)
        return Kind(found[1]), step

    def _kind_of_column(self, name: str, cells: Sequence[tuple[Line, Cell]]) -> Kind:
        kind = Kind.ANY
        for line, cell in cells:
            for own in sorted(kinds_of(cell)):
                if kind is Kind.ANY:
                    kind = own
                elif kind is not own:
                    message = f"column `when {name}` speaks of {kind} above and of {own} in {spelled(cell)!r}"
                    self._find(line, message, _QUOTE)
                    return kind
        return kind

    def _refuse_other_kinds(self, name: str, kind: Kind, cells: Sequence[tuple[Line, Cell]]) -> None:
        for line, cell in cells:
            for own in sorted(kinds_of(cell) - {kind}):
                row = f"row {line.cells[0]}, column `when {name}`"
                self._find(line, f"{row}: {spelled(cell)!r} speaks of {own}, the input is {kind}", _QUOTE)

    def _outputs(self, names: Sequence[str]) -> tuple[Output, ...]:
        declared = self._declared(Part.OUTPUTS, ("output", "type", "values"), names)
        return tuple(self._output(name, declared[name]) if name in declared else Output(name=name) for name in names)

    def _output(self, name: str, line: Line) -> Output:
        typed = self._type(line, line.cells[1])
        text = line.cells[2]
        values = () if text == "-" else self._understood(line, f"output {name}, column 3 (values)", parse_values, text)
        if typed is None or values is None:
            return Output(name=name)
        kind, step = typed
        if any(kind_of(value) is not kind for value in values):
            self._find(line, f"the values of {name} are of another kind than {kind}", _QUOTE)
            return Output(name=name)
        return Output(name=name, kind=kind, values=values, step=step)

    # ------------------------------------------------------------------------ rows

    def _row(self, line: Line, columns: _Columns, outputs: Iterable[Output]) -> Row | None:
        if not self._is_whole(line, columns.width):
            return None
        row_id = line.cells[columns.places["row"]]
        if not _ID.fullmatch(row_id):
            self._find(line, f"{row_id!r} is no row id", "use letters, digits, dots and hyphens, such as R1")
            return None
        when = [
            self._understood(line, f"row {row_id}, column {at + 1} (when {name})", parse_cell, line.cells[at]) or ANY
            for at, name in columns.inputs
        ]
        then = {
            one.name: self._then(line, f"row {row_id}, column {at + 1} (then {one.name})", one, line.cells[at])
            for one, (at, _) in zip(outputs, columns.outputs, strict=True)
        }
        days = [self._day(line, row_id, columns, word) for word in ("from", "to")]
        if days[0] is not None and days[1] is not None and days[1] < days[0]:
            self._find(line, f"row {row_id} ends before it begins", "write the earlier day under `from`")
        words = {word: line.cells[at] or None for word, at in columns.places.items()}
        return Row(
            id=row_id,
            when=tuple(when),
            then=then,
            cite=words.get("cite"),
            owner=words.get("owner"),
            note=words.get("note"),
            valid_from=days[0],
            valid_to=days[1],
        )

    def _then(self, line: Line, place: str, output: Output, text: str) -> Value | None:
        if not text:
            self._find(line, f"{place} is empty", "say what follows; every row says everything")
            return None
        if output.kind is Kind.TEXT:
            value: Value | None = text
        else:
            before = len(self._findings)
            value = self._understood(line, place, parse_value, text)
            if len(self._findings) > before:
                return None
            if value is not None and kind_of(value) is not output.kind:
                self._find(line, f"{place}: {_told(text)} is not of the kind {output.kind}", "write such a value")
                return None
        if output.step is not None and isinstance(value, Decimal) and not is_multiple(value, output.step):
            self._find(line, f"{place}: {_told(text)} is no multiple of {output.step}", "write such a number")
        if output.values and value not in output.values:
            self._find(
                line,
                f"{place}: {_told(text)} is not among its values",
                named_like(text, map(str, output.values)),
            )
        return value

    def _day(self, line: Line, row_id: str, columns: _Columns, word: str) -> date | None:
        at = columns.places.get(word)
        if at is None or not line.cells[at]:
            return None
        try:
            value = parse_value(line.cells[at])
        except CellError:
            value = None
        if not isinstance(value, date):
            message = f"row {row_id}, column {at + 1} ({word}): {line.cells[at]!r} is no day"
            self._find(line, message, "write it as 2026-12-31, or leave the cell empty")
            return None
        return value

    def _refuse_repeated(self, rows: Sequence[tuple[Line, Row]]) -> None:
        first: dict[str, int] = {}
        for line, row in rows:
            if row.id in first:
                message = f"row id {row.id} stands in line {first[row.id]} too"
                self._find(line, message, "give each row an id of its own: decisions are explained by it")
            first.setdefault(row.id, line.number)

    # ------------------------------------------------------------------------ tests

    def _cases(self, inputs: Sequence[Input], outputs: Sequence[Output], rows: set[str]) -> Sequence[tuple[Line, Case]]:
        grid = self._written.grids.get(Part.TESTS)
        if grid is None:
            return []
        kinds = {f"given {one.name}": one.domain.kind for one in inputs}
        expected = {f"expect {one.name}": one for one in outputs}
        known = ["test", "on", "row", *kinds, *expected]
        before = len(self._findings)
        for at, cell in enumerate(grid.header.cells):
            if cell not in known:
                self._find(grid.header, f"column {at + 1}: the header {cell!r} is unknown", named_like(cell, known))
        self._refuse_repeated_columns(grid.header)
        if len(self._findings) > before:
            return []
        cases = [
            (line, self._case(line, grid, kinds, expected, rows))
            for line in grid.lines
            if self._is_whole(line, len(grid.header.cells))
        ]
        names = [case.name for _, case in cases]
        for line, case in cases:
            if not case.name or names.count(case.name) > 1:
                self._find(line, f"the test {case.name!r} has no name of its own", "give each test one")
        return cases

    def _case(
        self,
        line: Line,
        grid: Grid,
        kinds: Mapping[str, Kind],
        expected: Mapping[str, Output],
        rows: set[str],
    ) -> Case:
        said = {header: text for header, text in zip(grid.header.cells, line.cells, strict=True) if text}
        name = said.get("test", "")
        given = {
            header.removeprefix("given "): self._given(line, f"test {name!r} ({header})", kind, said[header])
            for header, kind in kinds.items()
            if header in said
        }
        then = {
            one.name: self._then(line, f"test {name!r} ({header})", one, said[header])
            for header, one in expected.items()
            if header in said
        }
        on = self._day_of_case(line, said.get("on"))
        return Case(name=name, given=given, on=on, rows=self._rows_of_case(line, said.get("row"), rows), then=then)

    def _given(self, line: Line, place: str, kind: Kind, text: str) -> Value | None:
        value = self._understood(line, place, parse_value, text)
        if value is not None and kind not in {Kind.ANY, kind_of(value)}:
            self._find(line, f"{place}: {_told(text)} is not of the kind {kind}", _QUOTE)
        return value

    def _day_of_case(self, line: Line, text: str | None) -> date | None:
        if text is None:
            return None
        day = self._understood(line, "column on", parse_value, text)
        if not isinstance(day, date):
            self._find(line, f"column on: {text!r} is no day", "write it as 2026-12-31")
            return None
        return day

    def _rows_of_case(self, line: Line, text: str | None, rows: set[str]) -> tuple[str, ...] | None:
        if text is None:
            return None
        if text == "none":
            return ()
        ids = tuple(word.strip() for word in text.split(","))
        if len(ids) > _MOST_EXPECTED:
            self._find(line, f"the test expects more than {_MOST_EXPECTED} rows", "ask for less at once")
        for one in ids:
            if one not in rows:
                self._find(line, f"there is no row {one!r}", named_like(one, rows))
        return ids


def _told(text: str) -> str:
    """Return a cell in quotes, as it is told inside a line."""
    return repr(text if len(text) <= _LONGEST_TOLD else f"{text[:_LONGEST_TOLD]}…")
