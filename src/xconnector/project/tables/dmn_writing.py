"""A table as a DMN 1.3 model: one decision with a decision table, and the inputs that it asks for.

What DMN has no word for (steps of numbers, tests, why there may be gaps) is kept as an extension of the decision.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

from lxml import etree

from xconnector.domain.decision.cells import AnyValue
from xconnector.domain.decision.table import DecisionTable, HitPolicy, Input, Output, Row, validity_of
from xconnector.domain.decision.values import Kind
from xconnector.project.tables.foreign import DAY, UnsayableError, names_over_there, telling
from xconnector.project.tables.kept_beside import kept_of
from xconnector.project.tables.s_feel import KEYWORDS, feel_cell, feel_value, parse_feel_cell
from xconnector.project.tables.safe_xml import XmlElement

MODEL = "https://www.omg.org/spec/DMN/20191111/MODEL/"
OURS = "urn:xconnector:decision-tables"
KEPT = f"{{{OURS}}}kept"
ROW_ID = "row_"
"""Stands before the ids of rows: an id in XML begins with a letter."""
TYPES: Mapping[Kind, str] = {
    Kind.TEXT: "string",
    Kind.NUMBER: "number",
    Kind.DATE: "date",
    Kind.YES_NO: "boolean",
}
"""How FEEL calls our kinds; it has no word for any."""
HITS: Mapping[HitPolicy, str] = {
    HitPolicy.FIRST: "FIRST",
    HitPolicy.UNIQUE: "UNIQUE",
    HitPolicy.PRIORITY: "PRIORITY",
    HitPolicy.COLLECT: "RULE ORDER",
}
"""How DMN calls our hit policies; its COLLECT promises no order."""
WORDS = ("cite", "owner", "note")
"""Columns of a row that DMN keeps as annotations."""

_DMNDI = "https://www.omg.org/spec/DMN/20191111/DMNDI/"
_DC = "http://www.omg.org/spec/DMN/20180521/DC/"
_DI = "http://www.omg.org/spec/DMN/20180521/DI/"
_PREFIXES: Any = {None: MODEL, "dmndi": _DMNDI, "dc": _DC, "di": _DI}
_ODD = re.compile("[^\t\n\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

_Tree: TypeAlias = "dict[str, _Tree | Kind]"
"""Parts of an input's name, to what lies below them or the kind of the value there."""


def dmn_bytes(table: DecisionTable) -> bytes:
    """Return a DMN 1.3 file with the table as its one decision.

    Raises UnsayableError for what DMN cannot say.
    """
    names = names_over_there(table, _is_name)
    root = etree.Element(
        f"{{{MODEL}}}definitions",
        {
            "id": "definitions",
            "name": table.name,
            "namespace": OURS,
            "exporter": "xConnector",
        },
        nsmap=_PREFIXES,
    )
    roots = _tree(table, names)
    for name, below in roots.items():
        if isinstance(below, dict):
            _item(_add(root, "itemDefinition", name=_type_name(name)), below)
    _decision(root, table, names, len(roots))
    for at, (name, below) in enumerate(roots.items(), start=1):
        data = _add(root, "inputData", id=f"data_{at}", name=name)
        kind = _type_name(name) if isinstance(below, dict) else TYPES.get(below)
        _add(data, "variable", name=name, typeRef=kind)
    _diagram(root, len(roots))
    etree.indent(root)
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8")


def values_text(one: Output) -> str:
    """Return the values of an output as DMN lists them."""
    return ", ".join(feel_value(value) for value in one.values)


def domain_text(one: Input) -> str:
    """Return the domain of an input as DMN writes it; empty where anything goes."""
    cell = one.domain.cell
    return "" if isinstance(cell, AnyValue) else feel_cell(cell, one.domain.kind)


# ---------------------------------------------------------------------------- inputs


def _is_name(name: str) -> bool:
    """Say whether FEEL reads a path of ours as one."""
    return all(word not in KEYWORDS and not word[0].isdigit() for word in re.split(r"[. ]", name))


def _tree(table: DecisionTable, names: Sequence[str]) -> _Tree:
    """Return the inputs as data that hold one another; the day comes last."""
    roots: _Tree = {}
    for one, name in zip(table.inputs, names, strict=True):
        *levels, last = name.split(".")
        inner = roots
        for level in levels:
            below = inner.setdefault(level, {})
            assert isinstance(below, dict)
            inner = below
        inner[last] = one.domain.kind
    if table.is_dated:
        roots[DAY] = Kind.DATE
    return roots


def _item(definition: XmlElement, parts: _Tree) -> None:
    for name, below in parts.items():
        component = _add(definition, "itemComponent", name=name)
        if isinstance(below, dict):
            _item(component, below)
        else:
            _say(component, "typeRef", TYPES.get(below, "Any"))


def _type_name(name: str) -> str:
    return f"t_{name}"


# ---------------------------------------------------------------------------- the decision


def _decision(root: XmlElement, table: DecisionTable, names: Sequence[str], data: int) -> None:
    decision = _add(root, "decision", id="decision", name=table.name)
    if table.about:
        _say(decision, "description", table.about)
    kept = kept_of(
        table,
        table.rows,
        {f"input_{at}": name for at, name in enumerate(names, start=1)}
        | {f"output_{at}": name for at, name in enumerate(table.output_names, start=1)},
        write=feel_cell,
        read=lambda text, _: parse_feel_cell(text),
    )
    extension = etree.SubElement(_add(decision, "extensionElements"), KEPT, nsmap={"x": OURS})
    extension.text = kept.model_copy(update={"about": ""}).model_dump_json(exclude_defaults=True, ensure_ascii=True)
    _add(decision, "variable", name=table.name)
    for at in range(1, data + 1):
        _add(_add(decision, "informationRequirement", id=f"needs_{at}"), "requiredInput", href=f"#data_{at}")
    _table(_add(decision, "decisionTable", id="table", hitPolicy=HITS[table.hit]), table, names)


def _table(element: XmlElement, table: DecisionTable, names: Sequence[str]) -> None:
    for at, (one, name) in enumerate(zip(table.inputs, names, strict=True), start=1):
        _input(element, f"input_{at}", name, TYPES.get(one.domain.kind), domain_text(one))
    if table.is_dated:
        _input(element, DAY, DAY, "date", "")
    for at, one in enumerate(table.outputs, start=1):
        output = _add(element, "output", id=f"output_{at}", name=one.name, typeRef=TYPES.get(one.kind))
        if one.values:
            _say(_add(output, "outputValues"), "text", values_text(one))
    words = [word for word in WORDS if any(getattr(row, word) is not None for row in table.rows)]
    for word in words:
        _add(element, "annotation", name=word)
    for row in table.rows:
        _rule(element, row, table, words)


def _input(table: XmlElement, column: str, name: str, kind: str | None, domain: str) -> None:
    element = _add(table, "input", id=column, label=name)
    _say(_add(element, "inputExpression", typeRef=kind), "text", name)
    if domain:
        _say(_add(element, "inputValues"), "text", domain)


def _rule(element: XmlElement, row: Row, table: DecisionTable, words: Sequence[str]) -> None:
    rule = _add(element, "rule", id=f"{ROW_ID}{row.id}")
    for one, cell in zip(table.inputs, row.when, strict=True):
        with telling(f"row {row.id}, column {one.name}"):
            _say(_add(rule, "inputEntry"), "text", feel_cell(cell, one.domain.kind))
    if table.is_dated:
        _say(_add(rule, "inputEntry"), "text", feel_cell(validity_of(row), Kind.DATE))
    for output in table.outputs:
        with telling(f"row {row.id}, column {output.name}"):
            _say(_add(rule, "outputEntry"), "text", feel_value(row.then[output.name]))
    said = {"cite": row.cite, "owner": row.owner, "note": row.note}
    for word in words:
        _say(_add(rule, "annotationEntry"), "text", said[word] or "")


# ---------------------------------------------------------------------------- the diagram


def _diagram(root: XmlElement, data: int) -> None:
    """Draw the decision above its inputs, so that editors show them."""
    diagram = _add(_add(root, f"{{{_DMNDI}}}DMNDI"), f"{{{_DMNDI}}}DMNDiagram", id="diagram")
    _shape(diagram, "decision", x=160, y=80, height=80)
    for at in range(1, data + 1):
        _shape(diagram, f"data_{at}", x=160 + (at - 1) * 220, y=260, height=45)
    for at in range(1, data + 1):
        edge = _add(diagram, f"{{{_DMNDI}}}DMNEdge", id=f"edge_{at}", dmnElementRef=f"needs_{at}")
        _add(edge, f"{{{_DI}}}waypoint", x=f"{250 + (at - 1) * 220}", y="260")
        _add(edge, f"{{{_DI}}}waypoint", x="250", y="160")


def _shape(diagram: XmlElement, of: str, *, x: int, y: int, height: int) -> None:
    shape = _add(diagram, f"{{{_DMNDI}}}DMNShape", id=f"shape_{of}", dmnElementRef=of)
    _add(shape, f"{{{_DC}}}Bounds", x=f"{x}", y=f"{y}", width="180", height=f"{height}")


# ---------------------------------------------------------------------------- elements


def _add(parent: XmlElement, kind: str, /, **attributes: str | None) -> XmlElement:
    """Return a new child, of the model's namespace where its kind names none of its own."""
    tag = kind if kind.startswith("{") else f"{{{MODEL}}}{kind}"
    return etree.SubElement(parent, tag, {key: _plain(value) for key, value in attributes.items() if value is not None})


def _say(parent: XmlElement, name: str, text: str) -> None:
    _add(parent, name).text = _plain(text)


def _plain(text: str) -> str:
    if odd := _ODD.search(text):
        raise UnsayableError(f"XML has no sign U+{ord(odd[0]):04X}: remove it")
    return text
