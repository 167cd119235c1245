"""Decision tables in Markdown: one pipe table a file, each cell in a closed grammar.

    | row | when customer.preference | when data.premium | then route     | then review | cite |
    |-----|--------------------------|-------------------|----------------|-------------|------|
    | R1  | email                    | > 1000            | email, print   | compliance  | § 7  |
    | R2  | -                        | -                 | print          | none        |      |

Cells of `when`: `-` anything · `none` nothing there · `a, b` · `not a, b` · `not none` · `> 5` `>= 5` `< 5` `<= 5` ·
`5..10` with both ends · `yes` `no` · numbers · dates as 2026-12-31 · "quoted" text. One kind of value a column.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from xconnector.domain.decision import (
    AnyValue,
    Cell,
    DecisionTable,
    Kind,
    OneOf,
    Row,
    Value,
    Within,
    spelled,
    unreachable_rows,
)
from xconnector.project.findings import Finding, named_like

_MOST_ROWS = 2_000
_LONGEST_CELL = 2_000
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,39}")
_INPUT = re.compile(r"[a-z][a-z0-9_]*(?:[. ][A-Za-z0-9_]+)*")
_OUTPUT = re.compile(r"[a-z][a-z0-9_]*")
_RULE = re.compile(r":?-+:?")
_CODE_FENCE = re.compile(r"\s{0,3}(```|~~~)")
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?")
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_COMPARISON = re.compile(r"(>=|<=|>|<)\s*(\S+)")
# A comma that stands outside quotes.
_SPLIT = re.compile(r',(?=(?:[^"]*"[^"]*")*[^"]*$)')
_SIGNS = re.compile(r'["<>=]|\.\.')


class _CellError(ValueError):
    """A cell is not in the grammar; the text says what to write."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Line:
    number: int
    cells: Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Header:
    """Which column means what."""

    line: int
    row: int
    inputs: Sequence[tuple[int, str]]
    outputs: Sequence[tuple[int, str]]
    cite: int | None
    note: int | None
    width: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TableText:
    """A table, and where its rows stand."""

    table: DecisionTable
    file: str
    header: int
    """Line of the header."""
    rows: Mapping[str, int]
    """Line of each row, by its id."""

    def finding(self, row: str | None, message: str, remedy: str) -> Finding:
        """Return a finding about a row, or about the header."""
        line = self.header if row is None else self.rows[row]
        return Finding(file=self.file, line=line, message=message, remedy=remedy)


def parse_table(name: str, file: str, text: str) -> tuple[TableText | None, list[Finding]]:
    """Return the table, or None with everything that is wrong with it."""
    return _Parsing(name, file).table(text)


def parse_cell(text: str) -> Cell:
    """Return what a cell of `when` means.

    Raises ValueError saying what to write instead.
    """
    text = text.strip()
    if len(text) > _LONGEST_CELL:
        raise _CellError(f"a cell has at most {_LONGEST_CELL} characters: divide the row")
    if not text:
        raise _CellError("an empty cell says nothing: write - for anything, none for nothing")
    if text == "-":
        return AnyValue()
    if found := _COMPARISON.fullmatch(text):
        return _comparison(found[1], _bound(found[2]))
    if ".." in text and not text.startswith('"'):
        return _range(text)
    negated = text.startswith("not ")
    return _one_of(text.removeprefix("not ").strip(), negated=negated)


class _Parsing:
    def __init__(self, name: str, file: str) -> None:
        self._name = name
        self._file = file
        self._findings: list[Finding] = []

    def table(self, text: str) -> tuple[TableText | None, list[Finding]]:
        lines = self._the_table(text)
        header = self._header(lines[0]) if lines else None
        if header is None:
            return None, self._findings
        rows = [row for line in lines[1:] if (row := self._row(line, header)) is not None]
        kinds = tuple(
            self._kind_of_column(name, [(line, row.when[at]) for line, row in rows])
            for at, (_, name) in enumerate(header.inputs)
        )
        self._refuse_repeated_ids(rows)
        if not rows and not self._findings:
            self._find(header.line, "the table has no row", "add one; the first row that fits wins")
        if self._findings:
            return None, self._findings
        table = DecisionTable(
            name=self._name,
            inputs=tuple(name for _, name in header.inputs),
            kinds=kinds,
            outputs=tuple(name for _, name in header.outputs),
            rows=tuple(row for _, row in rows),
        )
        places = {row.id: line.number for line, row in rows}
        found = TableText(table=table, file=self._file, header=header.line, rows=places)
        self._report_unreachable(found)
        return found, self._findings

    def _find(self, line: int, message: str, remedy: str) -> None:
        self._findings.append(Finding(file=self._file, line=line, message=message, remedy=remedy))

    def _the_table(self, text: str) -> Sequence[_Line]:
        """Return header and rows of the file's one table, without the rule between them."""
        tables = list(_pipe_tables(text))
        if not tables:
            self._find(1, "there is no table", "write one: | row | when … | then route |, a line of dashes, then rows")
            return ()
        for extra in tables[1:]:
            self._find(
                extra[0].number, "there is a second table", "keep one table a file; put it into a file of its own"
            )
        lines = tables[0]
        if len(lines) < 2 or not all(_RULE.fullmatch(cell) for cell in lines[1].cells):  # noqa: PLR2004 - header and rule
            self._find(lines[0].number, "the line below the header is no rule", "write |---|---| below the header")
            return ()
        if len(lines) > _MOST_ROWS:
            self._find(lines[0].number, f"the table has more than {_MOST_ROWS} rows", "divide it")
            return ()
        return [lines[0], *lines[2:]]

    def _header(self, line: _Line) -> _Header | None:
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
                case ["row" | "cite" | "note"]:
                    places[cell] = at
                case _:
                    remedy = named_like(cell, ["row", "when <input>", "then route", "then review", "cite", "note"])
                    self._find(line.number, f"column {at + 1}: the header {cell!r} is unknown", remedy)
        self._refuse_repeated_columns(line)
        if "row" not in places:
            self._find(line.number, "there is no column `row`", "add it: each row needs an id such as R1")
        if not outputs:
            self._find(line.number, "there is no column `then …`", "add `then route`")
        if len(self._findings) > before:
            return None
        return _Header(
            line=line.number,
            row=places["row"],
            inputs=inputs,
            outputs=outputs,
            cite=places.get("cite"),
            note=places.get("note"),
            width=len(line.cells),
        )

    def _refuse_repeated_columns(self, line: _Line) -> None:
        for cell in sorted({cell for cell in line.cells if line.cells.count(cell) > 1}):
            self._find(line.number, f"the column {cell!r} stands there twice", "leave one out")

    def _row(self, line: _Line, header: _Header) -> tuple[_Line, Row] | None:
        if len(line.cells) != header.width:
            message = f"the row has {len(line.cells)} cells where the header has {header.width}"
            self._find(line.number, message, r"add or remove cells; a | inside a cell is written \|")
            return None
        row_id = line.cells[header.row]
        if not _ID.fullmatch(row_id):
            self._find(line.number, f"{row_id!r} is no row id", "use letters, digits, dots and hyphens, such as R1")
            return None
        when = [self._when(line, row_id, at, name) for at, name in header.inputs]
        then = {name: self._then(line, row_id, at, name) for at, name in header.outputs}
        if None in when:
            return None
        return line, Row(
            id=row_id,
            when=tuple(cell for cell in when if cell is not None),
            then=then,
            cite=_words(line, header.cite),
            note=_words(line, header.note),
        )

    def _when(self, line: _Line, row_id: str, at: int, name: str) -> Cell | None:
        try:
            return parse_cell(line.cells[at])
        except _CellError as wrong:
            message = f"row {row_id}, column {at + 1} (when {name}): cell {line.cells[at]!r} is not understood"
            self._find(line.number, message, str(wrong))
            return None

    def _then(self, line: _Line, row_id: str, at: int, name: str) -> str:
        cell = line.cells[at]
        if not cell:
            message = f"row {row_id}, column {at + 1} (then {name}) is empty"
            self._find(line.number, message, "say what follows; every row says everything")
        return cell

    def _kind_of_column(self, name: str, cells: Sequence[tuple[_Line, Cell]]) -> Kind:
        kind = Kind.ANY
        for line, cell in cells:
            for value in _values_of(cell):
                own = _kind_of(value)
                if kind is Kind.ANY:
                    kind = own
                elif kind is not own:
                    message = f"column `when {name}` speaks of {kind} above and of {own} in {spelled(cell)!r}"
                    self._find(line.number, message, 'keep one kind a column; text that looks otherwise is "quoted"')
                    return kind
        return kind

    def _refuse_repeated_ids(self, rows: Sequence[tuple[_Line, Row]]) -> None:
        first: dict[str, int] = {}
        for line, row in rows:
            if row.id in first:
                message = f"row id {row.id} stands in line {first[row.id]} too"
                self._find(line.number, message, "give each row an id of its own: decisions are explained by it")
            first.setdefault(row.id, line.number)

    def _report_unreachable(self, found: TableText) -> None:
        for row, earlier in unreachable_rows(found.table):
            message = f"row {row.id} can never be reached: row {earlier.id} takes everything it would fit"
            self._findings.append(found.finding(row.id, message, "move it above that row, or remove it"))


def _pipe_tables(text: str) -> Iterator[list[_Line]]:
    """Yield each block of lines that begin with a pipe, outside fenced code."""
    block: list[_Line] = []
    fenced = False
    for number, raw in enumerate(text.splitlines(), start=1):
        if _CODE_FENCE.match(raw):
            fenced = not fenced
        if not fenced and raw.strip().startswith("|"):
            block.append(_Line(number=number, cells=_cells(raw.strip())))
        elif block:
            yield block
            block = []
    if block:
        yield block


def _cells(line: str) -> Sequence[str]:
    parts = re.split(r"(?<!\\)\|", line.removeprefix("|"))
    if not parts[-1].strip():
        parts.pop()
    return [part.replace("\\|", "|").replace("`", "").strip() for part in parts]


def _words(line: _Line, at: int | None) -> str | None:
    return (line.cells[at] or None) if at is not None else None


def _comparison(sign: str, bound: Decimal | date) -> Within:
    match sign:
        case ">":
            return Within(low=bound, includes_low=False)
        case ">=":
            return Within(low=bound)
        case "<":
            return Within(high=bound, includes_high=False)
        case _:
            return Within(high=bound)


def _range(text: str) -> Within:
    low_text, _, high_text = text.partition("..")
    low, high = _bound(low_text.strip()), _bound(high_text.strip())
    if type(low) is not type(high):
        raise _CellError("write both ends as numbers, or both as dates")
    if low > high:  # pyright: ignore[reportOperatorIssue] - both are of one type
        raise _CellError("write the lower end first")
    return Within(low=low, high=high)


def _bound(text: str) -> Decimal | date:
    value = _value(text)
    if isinstance(value, (str, bool)):
        raise _CellError("compare with a number such as 1000.50, or a date such as 2026-12-31")
    return value


def _one_of(text: str, *, negated: bool) -> OneOf:
    words = [word.strip() for word in _SPLIT.split(text)]
    if "-" in words:
        raise _CellError("- stands alone: it means anything")
    values = frozenset(_value(word) for word in words if word != "none")
    return OneOf(values=values, includes_none="none" in words, negated=negated)


def _value(word: str) -> Value:
    if len(word) > 1 and word[0] == word[-1] == '"':
        return word[1:-1]
    if word in {"yes", "no"}:
        return word == "yes"
    if _NUMBER.fullmatch(word):
        return Decimal(word)
    if _DATE.fullmatch(word):
        try:
            return date.fromisoformat(word)
        except ValueError:
            raise _CellError(f"there is no day {word}") from None
    if not word or _SIGNS.search(word) or word.startswith("not "):
        raise _CellError('write a value, a, b, not a, > 5, 5..10, yes, no, none or -; put odd text in "quotes"')
    return word


def _values_of(cell: Cell) -> Iterator[Value]:
    match cell:
        case AnyValue():
            return
        case OneOf():
            yield from cell.values
        case Within():
            yield from (bound for bound in (cell.low, cell.high) if bound is not None)


def _kind_of(value: Value) -> Kind:
    if isinstance(value, bool):
        return Kind.YES_NO
    if isinstance(value, Decimal):
        return Kind.NUMBER
    return Kind.DATE if isinstance(value, date) else Kind.TEXT
