"""Decision tables of DMN models, version 1.1 to 1.5, read as tables of ours.

Only what our tables mean in the same way is taken: cells of S-FEEL, outputs that are literals, inputs that are names.
Everything else is a finding with its line.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from pydantic import ValidationError

from xconnector.domain.decision.cell_text import spelled, word_for
from xconnector.domain.decision.cells import ANY, Cell
from xconnector.domain.decision.table import DecisionTable
from xconnector.domain.decision.values import Kind, Value, kind_of
from xconnector.project.findings import Finding, named_like
from xconnector.project.tables.dmn_hit_policy import READ_AS, settled
from xconnector.project.tables.dmn_writing import KEPT, ROW_ID, TYPES, WORDS
from xconnector.project.tables.foreign import (
    ForeignColumn,
    ForeignRow,
    ForeignTable,
    UnsayableError,
    days_of,
    kind_of_column,
    kind_of_type,
    our_ids,
    our_name,
    output_word,
    refuse_large,
    shown,
    written_of,
)
from xconnector.project.tables.kept_beside import Kept, KeptColumn
from xconnector.project.tables.reading import read_table
from xconnector.project.tables.s_feel import (
    KEYWORDS,
    feel_cell,
    parse_feel_cell,
    parse_feel_value,
    parse_feel_values,
)
from xconnector.project.tables.safe_xml import (
    XmlElement,
    XmlRefusedError,
    child,
    children,
    line_of,
    name_of,
    namespace_of,
    read_xml,
    text_of,
)
from xconnector.project.tables.written import WrittenTable

NAMESPACES = frozenset(
    (
        "http://www.omg.org/spec/DMN/20151101/dmn.xsd",
        "http://www.omg.org/spec/DMN/20180521/MODEL/",
        "https://www.omg.org/spec/DMN/20191111/MODEL/",
        "https://www.omg.org/spec/DMN/20211108/MODEL/",
        "https://www.omg.org/spec/DMN/20230324/MODEL/",
    )
)
"""Of DMN 1.1 to 1.5."""

_PATH = re.compile(r"[^\W\d]\w*(?:[ .][^\W\d]\w*)*")
_INTEGERS = frozenset({"integer", "long"})
"""Types of tools that know whole numbers; FEEL has one type of numbers."""
_KINDS: Mapping[str, Kind] = {name: kind for kind, name in TYPES.items()} | {
    **dict.fromkeys(_INTEGERS, Kind.NUMBER),
    "double": Kind.NUMBER,
    "Any": Kind.ANY,
    "": Kind.ANY,
}
_WRITE = "write it in another way, in DMN or afterwards in our table"


def read_dmn(name: str, file: str, content: bytes) -> tuple[WrittenTable | None, list[Finding]]:
    """Return the table of this name, or the only one there is; else None with everything that is wrong with it."""
    try:
        root = read_xml(content)
    except XmlRefusedError as wrong:
        return None, [_finding(file, wrong.line, str(wrong), "export it again, as plain DMN")]
    if name_of(root) != "definitions" or namespace_of(root) not in NAMESPACES:
        return None, [_finding(file, line_of(root), "this is no model of DMN 1.1 to 1.5", "export it as DMN 1.3")]
    tables = [*_tables(root)]
    chosen = [one for one in tables if one.name == name] or tables
    if len(chosen) != 1:
        names = ", ".join(repr(one.name) for one in tables) or "none"
        message = f"the file has {len(chosen)} decision tables to choose from: {names}"
        return None, [_finding(file, 1, message, "name one of them: xconnector tables convert --table NAME")]
    table = chosen[0].element
    try:
        rules, inputs, outputs = (sum(1 for _ in children(table, kind)) for kind in ("rule", "input", "output"))
        refuse_large(rules, inputs + outputs)
    except UnsayableError as wrong:
        return None, [_finding(file, line_of(table), str(wrong), "divide it")]
    return _Import(name, file, root, chosen[0]).table()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Named:
    """A decision table, and the decision or function that it stands in."""

    name: str
    owner: XmlElement
    element: XmlElement


def _tables(root: XmlElement) -> Iterator[_Named]:
    for decision in children(root, "decision"):
        for element in children(decision, "decisionTable"):
            yield _Named(name=decision.get("name", ""), owner=decision, element=element)
    for model in children(root, "businessKnowledgeModel"):
        for logic in children(model, "encapsulatedLogic"):
            for element in children(logic, "decisionTable"):
                yield _Named(name=model.get("name", ""), owner=model, element=element)


class _Import:
    """One decision table on its way to a table of ours."""

    def __init__(self, name: str, file: str, root: XmlElement, table: _Named) -> None:
        self._name = name
        self._file = file
        self._root = root
        self._owner = table.owner
        self._table = table.element
        self._title = table.name
        self._line = line_of(table.element)
        self._findings: list[Finding] = []
        self._kept = self._kept_beside()
        self._inputs = [*children(table.element, "input")]
        self._outputs = [*children(table.element, "output")]
        self._rules = [*children(table.element, "rule")]
        self._ids = our_ids([rule.get("id", "").removeprefix(ROW_ID) for rule in self._rules])
        self._names = _known_names(root)

    def table(self) -> tuple[WrittenTable | None, list[Finding]]:
        self._refuse_hit_policy()
        self._refuse_languages()
        whens = self._columns("inputEntry", len(self._inputs))
        said = self._columns("outputEntry", len(self._outputs))
        cells = [self._cells(at, entries) for at, entries in enumerate(whens)]
        values = [self._values(at, entries) for at, entries in enumerate(said)]
        inputs = [self._input(one, cells[at]) for at, one in enumerate(self._inputs)]
        outputs = [self._output(one, values[at]) for at, one in enumerate(self._outputs)]
        self._refuse_same_names(inputs)
        self._refuse_same_names(outputs)
        if self._findings:
            return None, self._findings
        thens = [self._worded(one, values[at], outputs[at]) for at, one in enumerate(self._outputs)]
        if self._findings:
            return None, self._findings
        day = next((at for at, one in enumerate(self._inputs) if self._is_day(one)), None)
        rows = [
            ForeignRow(
                line=line_of(rule),
                id=self._ids[at],
                when=[spelled(column[at]) for place, column in enumerate(cells) if place != day],
                then=[column[at] for column in thens],
                words=self._words(at, ANY if day is None else cells[day][at]),
            )
            for at, rule in enumerate(self._rules)
        ]
        shown = [one for at, one in enumerate(inputs) if at != day]
        return self._settled(shown, outputs, rows)

    def _settled(
        self, inputs: Sequence[ForeignColumn], outputs: Sequence[ForeignColumn], rows: Sequence[ForeignRow]
    ) -> tuple[WrittenTable | None, list[Finding]]:
        """Return the table with rows and a hit policy that decide as those of the file."""
        said = self._hit_policy()
        table = ForeignTable(
            line=self._line,
            inputs=inputs,
            outputs=outputs,
            rows=rows,
            settings=self._kept.settings(READ_AS[said]),
            about=text_of(self._owner, "description"),
            tests=self._kept.tests_grid(self._line),
        )
        try:
            rows, hit = settled(said, rows, self._default_row(len(inputs), outputs), lambda: self._understood(table))
        except UnsayableError as wrong:
            self._find(self._table, f"{wrong}, and its hit policy is {said}", "choose another hit policy, or mend it")
            return None, self._findings
        if self._findings:
            return None, self._findings
        decided = replace(table, rows=rows, settings=self._kept.settings(hit))
        return written_of(self._name, self._file, decided), []

    def _understood(self, table: ForeignTable) -> DecisionTable | None:
        text, findings = read_table(written_of(self._name, self._file, table))
        self._findings += findings
        return None if text is None else text.table

    def _find(self, element: XmlElement, message: str, remedy: str) -> None:
        self._findings.append(_finding(self._file, line_of(element), f"table {self._title!r}: {message}", remedy))

    def _kept_beside(self) -> Kept:
        extensions = child(self._owner, "extensionElements")
        kept = None if extensions is None else next(extensions.iterchildren(KEPT), None)
        if kept is None:
            return Kept()
        try:
            return Kept.model_validate_json(kept.text or "")
        except ValidationError:
            self._find(kept, "what xConnector kept of the table was changed", "remove the element")
            return Kept()

    # ------------------------------------------------------------------------ the table as a whole

    def _hit_policy(self) -> str:
        return self._table.get("hitPolicy", "UNIQUE")

    def _refuse_hit_policy(self) -> None:
        said, aggregation = self._hit_policy(), self._table.get("aggregation")
        if said not in READ_AS:
            self._find(self._table, f"there is no hit policy {said!r}", named_like(said, READ_AS))
        if aggregation is not None:
            message = f"it aggregates what it collects ({aggregation}), and our tables do not reckon"
            self._find(self._table, message, "leave the aggregation out, and aggregate what comes back")

    def _refuse_languages(self) -> None:
        """Refuse what is written in another language than FEEL."""
        for element in (self._root, *self._table.iter()):
            language = element.get("expressionLanguage", "")
            if language and "feel" not in language.lower():
                self._find(element, f"it is written in {language!r}", "write it in FEEL")

    def _refuse_same_names(self, columns: Iterable[ForeignColumn]) -> None:
        names = [one.name for one in columns]
        for name in sorted({name for name in names if names.count(name) > 1}):
            self._find(self._table, f"two columns are called {name!r} in our words", "rename one of them")

    def _default_row(self, inputs: int, outputs: Sequence[ForeignColumn]) -> ForeignRow | None:
        """Return the row that the defaults of all outputs make; None where there is no default.

        Raises UnsayableError.
        """
        told = [one for output in self._outputs if (one := child(output, "defaultOutputEntry")) is not None]
        if not told:
            return None
        if len(told) < len(self._outputs):
            raise UnsayableError("only some of its outputs have a default")
        then = [
            output_word(parse_feel_value(text_of(one)), kind_of_type(column.type) or Kind.TEXT)
            for one, column in zip(told, outputs, strict=True)
        ]
        row_id = our_ids([*self._ids, "default"])[-1]
        return ForeignRow(line=line_of(told[0]), id=row_id, when=["-"] * inputs, then=then, words={})

    # ------------------------------------------------------------------------ columns

    def _input(self, one: XmlElement, cells: Sequence[Cell]) -> ForeignColumn:
        expression = child(one, "inputExpression")
        said = text_of(expression)
        if self._is_day(one):
            return ForeignColumn(name=said, type=Kind.DATE)
        column = self._typed(one, expression, said, cells)
        kept = self._kept.columns.get(one.get("id", ""))
        if (
            kept is None
            or kept.over_there != said
            or not _is_still(kept, expression, text_of(child(one, "inputValues")))
        ):
            return column
        return ForeignColumn(name=kept.name, type=kept.type, domain=kept.domain)

    def _typed(self, one: XmlElement, expression: XmlElement | None, said: str, cells: Sequence[Cell]) -> ForeignColumn:
        name = self._input_name(one, said)
        type_, allowed = self._type(one, expression.get("typeRef", "") if expression is not None else "")
        values = child(one, "inputValues")
        text = text_of(values) if values is not None else allowed
        domain = self._cell(one, text, f"the values of input {said}")
        kind = type_ or kind_of_column([*cells, domain])
        return ForeignColumn(name=name, type=kind, domain=spelled(domain))

    def _is_day(self, one: XmlElement) -> bool:
        """Say whether an input is the day on which our rows count."""
        return self._kept.day is not None and one.get("id") == self._kept.day

    def _input_name(self, one: XmlElement, said: str) -> str:
        is_name = said in self._names or (
            _PATH.fullmatch(said) is not None and not KEYWORDS & set(re.split(r"[. ]+", said))
        )
        try:
            if not is_name:
                raise UnsayableError(f"the input expression {shown(said)} is no name of an input")
            return our_name(said)
        except UnsayableError as wrong:
            self._find(one, str(wrong), "let an input of its own have what the expression makes")
            return said

    def _output(self, one: XmlElement, values: Sequence[Value | None]) -> ForeignColumn:
        said = one.get("name") or one.get("label") or self._table.get("outputLabel") or self._title
        variable = child(self._owner, "variable") if len(self._outputs) == 1 else None
        reference = one.get("typeRef") or (variable.get("typeRef", "") if variable is not None else "")
        type_, allowed = self._type(one, reference)
        text = text_of(child(one, "outputValues")) or allowed
        kept = self._kept.columns.get(one.get("id", ""))
        if kept is not None and kept.name == said and kept.kind is not None and TYPES.get(kept.kind) == reference:
            return ForeignColumn(name=kept.name, type=kept.type, domain=self._listed(one, text))
        kind = type_ or next((kind_of(value) for value in values if value is not None), Kind.TEXT)
        return ForeignColumn(name=self._output_name(one, said), type=kind, domain=self._listed(one, text))

    def _output_name(self, one: XmlElement, said: str) -> str:
        try:
            return our_name(said, is_output=True)
        except UnsayableError as wrong:
            self._find(one, str(wrong), "rename the output")
            return said

    def _listed(self, one: XmlElement, text: str) -> str:
        """Return the values of an output in our words."""
        if text in {"", "-"}:
            return "-"
        try:
            values = parse_feel_values(text)
            if None in values:
                raise UnsayableError("null is none of the values of an output")
            return ", ".join(word_for(value) for value in values)
        except UnsayableError as wrong:
            self._find(one, f"the values {shown(text)} of an output are not understood: {wrong}", "list literals")
            return "-"

    def _type(self, one: XmlElement, reference: str) -> tuple[str, str]:
        """Return our type and the allowed values of a type; both empty where the model leaves it open."""
        name = re.split(r"[:}]", reference)[-1]
        if name in _INTEGERS:
            return "integer", ""
        if name in _KINDS:
            kind = _KINDS[name]
            return ("" if kind is Kind.ANY else kind), ""
        definition = next((item for item in children(self._root, "itemDefinition") if item.get("name") == name), None)
        base = text_of(definition, "typeRef")
        if definition is None or re.split(r"[:}]", base)[-1] not in _KINDS or definition.get("isCollection") == "true":
            if child(one, "inputExpression") is not None or definition is None:
                self._find(
                    one, f"the type {reference!r} is none of our tables", f"use one of {', '.join(TYPES.values())}"
                )
            return "", ""
        return self._type(one, base)[0], text_of(child(definition, "allowedValues"))

    # ------------------------------------------------------------------------ rows

    def _columns(self, name: str, width: int) -> Sequence[Sequence[XmlElement]]:
        """Return the cells of each column; none where a row has too many or too few."""
        rows = [[*children(rule, name)] for rule in self._rules]
        odd = [at for at, row in enumerate(rows) if len(row) != width]
        for at in odd:
            message = f"row {self._ids[at]} has {len(rows[at])} cells ({name}) where the table has {width} columns"
            self._find(self._rules[at], message, "add or remove cells")
        return [[] if odd else [row[at] for row in rows] for at in range(width)]

    def _cells(self, at: int, entries: Sequence[XmlElement]) -> Sequence[Cell]:
        column = self._inputs[at].get("id", "")
        said = text_of(child(self._inputs[at], "inputExpression"))
        cells: list[Cell] = []
        for row, entry in zip(self._ids, entries, strict=False):
            text = text_of(entry)
            kept = self._kept.cell(row, column, text, feel_cell)
            cells.append(kept if kept is not None else self._cell(entry, text, f"row {row}, column {said}"))
        return cells

    def _cell(self, element: XmlElement, text: str, place: str) -> Cell:
        try:
            return parse_feel_cell(text)
        except UnsayableError as wrong:
            self._find(element, f"{place}: cell {shown(text)} is not understood: {wrong}", _WRITE)
            return ANY

    def _values(self, at: int, entries: Sequence[XmlElement]) -> Sequence[Value | None]:
        said = self._outputs[at].get("name") or self._title
        return [
            self._value(entry, text_of(entry), f"row {row}, column {said}")
            for row, entry in zip(self._ids, entries, strict=False)
        ]

    def _worded(self, one: XmlElement, values: Sequence[Value | None], column: ForeignColumn) -> Sequence[str]:
        """Return an output's column as our tables write it."""
        said = one.get("name") or self._title
        words: list[str] = []
        for row, value in enumerate(values):
            try:
                words.append(output_word(value, kind_of_type(column.type) or Kind.TEXT))
            except UnsayableError as wrong:
                self._find(self._rules[row], f"row {self._ids[row]}, column {said}: {wrong}", _WRITE)
        return words

    def _value(self, element: XmlElement, text: str, place: str) -> Value | None:
        try:
            return parse_feel_value(text)
        except UnsayableError as wrong:
            self._find(element, f"{place}: cell {shown(text)} is not understood: {wrong}", _WRITE)
            return None

    def _words(self, at: int, days: Cell) -> Mapping[str, str]:
        rule = self._rules[at]
        headers = [one.get("name", "") for one in children(self._table, "annotation")]
        texts = [text_of(one) for one in children(rule, "annotationEntry")]
        told = [(header, text) for header, text in zip(headers, texts, strict=False) if text]
        said = {header: text for header, text in told if header in WORDS}
        others = [f"{header}: {text}" if header else text for header, text in told if header not in WORDS]
        notes = [text for text in (said.get("note", ""), text_of(rule, "description"), *others) if text]
        if notes:
            said["note"] = "\n".join(notes)
        try:
            return {**said, **days_of(days)}
        except UnsayableError as wrong:
            self._find(rule, f"row {self._ids[at]}: {wrong}", _WRITE)
            return said


def _known_names(root: XmlElement) -> frozenset[str]:
    """Return every name that a model gives to data."""
    named = ("inputData", "decision", "formalParameter", "variable")
    return frozenset(one.get("name", "") for one in root.iter() if name_of(one) in named)


def _is_still(kept: KeptColumn, expression: XmlElement | None, values: str) -> bool:
    """Say whether an input still has the type and the values that were written for what was kept."""
    if kept.kind is None or expression is None:
        return False
    return expression.get("typeRef") == TYPES.get(kept.kind) and kept.reads_as(values, feel_cell)


def _finding(file: str, line: int, message: str, remedy: str) -> Finding:
    return Finding(file=file, line=line, message=message, remedy=remedy)
