from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from tests.domain.decision.made import one_of, table
from tests.project.tables.parsed import parse_table
from tests.project.tables.test_round_trip import TABLES, told
from xconnector.domain.decision.cell_text import parse_cell
from xconnector.domain.decision.deciding import decide, decide_all
from xconnector.domain.decision.table import DecisionTable, Domain, HitPolicy, Input
from xconnector.domain.decision.values import Kind
from xconnector.project.tables.dmn import NAMESPACES
from xconnector.project.tables.dmn_writing import dmn_bytes
from xconnector.project.tables.files import understood
from xconnector.project.tables.foreign import UnsayableError


def read(content: bytes | str, name: str = "routing") -> tuple[DecisionTable | None, str]:
    content = content.encode() if isinstance(content, str) else content
    found, wrong = understood(name, "t.dmn", content, form=".dmn")
    return found and found.table, "\n".join(map(str, wrong))


@settings(deadline=None, max_examples=80)
@given(made=told())
def test_a_table_comes_back_from_dmn_as_it_was(made: DecisionTable) -> None:
    if not made.rows or (made.hit is HitPolicy.PRIORITY and not made.outputs[0].values):
        return

    assert read(dmn_bytes(made)) == (made, "")


@pytest.mark.parametrize("file", TABLES, ids=lambda file: f"{file.parents[1].name}-{file.stem}")
def test_the_tables_of_the_examples_come_back_as_they_were(file: Path) -> None:
    found, wrong = parse_table(file.stem, file.name, file.read_bytes())
    assert found is not None, wrong

    assert read(dmn_bytes(found.table), file.stem) == (found.table, "")


def test_a_model_says_everything_in_words_of_dmn() -> None:
    made = table((one_of("a", "b", negated=True), one_of(True)), kinds={"x.y": Kind.TEXT, "has email": Kind.YES_NO})
    made = replace(made, rows=(replace(made.rows[0], cite="§ 7", valid_from=date(2026, 1, 1)),))

    root = etree.fromstring(dmn_bytes(made))

    def texts(path: str) -> list[str]:
        return [str(one.text) for one in root.iterfind(path, {"d": "https://www.omg.org/spec/DMN/20191111/MODEL/"})]

    assert texts(".//d:inputExpression/d:text") == ["x.y", "has email", "day"]
    assert texts(".//d:inputEntry/d:text") == ['not("a", "b")', "true", '>= date("2026-01-01")']
    assert texts(".//d:outputEntry/d:text") == ['"way1"']
    assert texts(".//d:annotationEntry/d:text") == ["§ 7"]
    assert texts(".//d:itemComponent/d:typeRef") == ["string"]


@pytest.mark.parametrize("sign", ["\x01", "\ufffe", "\ud800"])
def test_signs_that_xml_has_not_are_refused(sign: str) -> None:
    made = table((one_of("a"),), kinds={"x": Kind.TEXT})
    made = replace(made, rows=(replace(made.rows[0], cite=f"§{sign}"),))

    with pytest.raises(UnsayableError, match="XML has no sign"):
        dmn_bytes(made)


def test_names_of_which_feel_makes_something_else_have_underscores_over_there() -> None:
    made = table((one_of("a"), one_of("b")), kinds={"x.in": Kind.TEXT, "part of it": Kind.TEXT})

    assert b"<text>x_in</text>" in dmn_bytes(made)
    assert b"<text>part_of_it</text>" in dmn_bytes(made)
    assert read(dmn_bytes(made)) == (made, "")
    with pytest.raises(UnsayableError, match="input in cannot be called so over there"):
        dmn_bytes(table((one_of("a"),), kinds={"in": Kind.TEXT}))


# ---------------------------------------------------------------------------- models of others


def model(
    rules: str,
    *,
    hit: str = 'hitPolicy="FIRST"',
    age: str = '<inputExpression typeRef="number"><text>Applicant Age</text></inputExpression>',
    out: str = 'name="Way" typeRef="string">',
    more: str = "",
    namespace: str = "https://www.omg.org/spec/DMN/20230324/MODEL/",
) -> str:
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<definitions xmlns="{namespace}" xmlns:feel="f" name="m" namespace="n">
  <inputData name="Applicant Age" id="i"/>{more}
  <decision name="Ways" id="w">
    <variable name="Ways"/>
    <decisionTable {hit}>
      <input id="a">{age}</input>
      <output id="o" {out}</output>
{rules}
    </decisionTable>
  </decision>
</definitions>"""


def rule(tests: str, said: str) -> str:
    tests = tests.replace("<", "&lt;")
    return (
        f"      <rule><inputEntry><text>{tests}</text></inputEntry>"
        f"<outputEntry><text>{said}</text></outputEntry></rule>\n"
    )


TWO = rule(">= 18", '"a"') + rule("-", '"b"')


@pytest.mark.parametrize("namespace", sorted(NAMESPACES))
@pytest.mark.parametrize("type_", ["number", "feel:number", "{f}number", "integer", "double", "Any", "tAge"])
def test_models_of_every_version_are_read_in_our_words(namespace: str, type_: str) -> None:
    age = f'<inputExpression typeRef="{type_}"><text>Applicant  Age</text></inputExpression>'
    item = (
        '<itemDefinition name="tAge"><typeRef>feel:number</typeRef>'
        "<allowedValues><text>[0..150]</text></allowedValues></itemDefinition>"
    )

    found, wrong = read(model(TWO, age=age.replace("  ", " "), more=item, namespace=namespace))

    assert wrong == ""
    assert found is not None
    assert (found.input_names, found.output_names) == (("applicant_age",), ("way",))
    assert found.inputs[0].domain.kind is Kind.NUMBER
    assert found.inputs[0].domain.holds(Decimal(200)) is (type_ != "tAge")
    assert decide(found, {"applicant_age": 18}).outputs == {"way": "a"}


def answers(content: str, age: object) -> list[str]:
    found, wrong = read(content)
    assert found is not None, wrong
    return [str(match.outputs["way"]) for match in decide_all(found, {"applicant_age": age})]


def test_rows_of_output_order_come_in_the_order_of_the_outputs_values() -> None:
    out = 'name="Way"><outputValues><text>"b","a"</text></outputValues>'

    assert answers(model(TWO, hit='hitPolicy="OUTPUT ORDER"', out=out), 20) == ["b", "a"]
    assert answers(model(TWO, hit='hitPolicy="PRIORITY"', out=out), 20) == ["b"]
    assert answers(model(TWO, hit='hitPolicy="RULE ORDER"', out=out), 20) == ["a", "b"]
    assert answers(model(TWO, hit='hitPolicy="COLLECT"', out=out), 20) == ["a", "b"]


DEFAULT = (
    'name="Way"><outputValues><text>"a","b","c"</text></outputValues>'
    '<defaultOutputEntry><text>"c"</text></defaultOutputEntry>'
)


@pytest.mark.parametrize("hit", ["FIRST", "UNIQUE", "PRIORITY", "ANY"])
def test_a_default_is_the_last_row_where_it_is_the_same(hit: str) -> None:
    rows = rule(">= 18", '"b"') + rule("[5..10)", '"a"')
    content = model(rows, hit=f'hitPolicy="{hit}"', out=DEFAULT)

    assert [answers(content, age) for age in (20, 5, 10, None)] == [["b"], ["a"], ["c"], ["c"]]


def test_rows_of_priority_stand_in_the_order_of_the_outputs_values_before_a_default() -> None:
    content = model(TWO, hit='hitPolicy="PRIORITY"', out=DEFAULT.replace('"a","b"', '"b","a"'))

    assert [answers(content, age) for age in (20, 5)] == [["b"], ["b"]]


def test_without_a_word_the_hit_policy_is_unique() -> None:
    found, _ = read(model(rule(">= 18", '"a"'), hit=""))

    assert found is not None
    assert found.hit is HitPolicy.UNIQUE


def test_annotations_and_descriptions_are_kept() -> None:
    annotations = '<annotation name="Cite"/><annotation name="cite"/>'
    row = rule("-", '"a"').replace("<rule>", "<rule><description>why</description>")
    row = row.replace(
        "</rule>",
        "<annotationEntry><text>x</text></annotationEntry><annotationEntry><text>§ 7</text></annotationEntry></rule>",
    )

    found, wrong = read(model(annotations + row))

    assert found is not None, wrong
    assert (found.rows[0].cite, found.rows[0].note) == ("§ 7", "why\nCite: x")


@pytest.mark.parametrize(
    "content, said",
    [
        (model(rule("> > 5", '"a"')), "t.dmn:9: table 'Ways': row R1, column Applicant Age: cell '> > 5' is not"),
        (model(rule("-", '"a"') + rule("-", "Age * 2")), "t.dmn:10: table 'Ways': row R2, column Way: cell 'Age * 2'"),
        (model(rule("-", "null")), "row R1, column Way: the column speaks of text"),
        (model(rule("-", "5")), "row R1, column Way: the column speaks of text"),
        (model(rule("-", "")), "cell '' is not understood: the cell ends too early"),
        (model(TWO, hit='hitPolicy="COLLECT" aggregation="SUM"'), "it aggregates what it collects (SUM)"),
        (model(TWO, hit='hitPolicy="MOST"'), "there is no hit policy 'MOST'"),
        (
            model(TWO, hit='hitPolicy="ANY"'),
            "rows R1 and R2 both fit and say something else, and its hit policy is ANY",
        ),
        (model(TWO, hit='hitPolicy="UNIQUE"', out=DEFAULT), "rows R1 and R2 both fit, and only one may"),
        (model(TWO, hit='hitPolicy="COLLECT"', out=DEFAULT), "a default beside rows that are collected"),
        (model(TWO, age="<inputExpression><text>Age + 1</text></inputExpression>"), "'Age + 1' is no name of an input"),
        (model(TWO, age="<inputExpression><text>x in y</text></inputExpression>"), "'x in y' is no name of an input"),
        (model(TWO, age='<inputExpression typeRef="time"><text>x</text></inputExpression>'), "the type 'time' is none"),
        (
            model(TWO, age='<inputExpression expressionLanguage="juel"><text>x</text></inputExpression>'),
            "it is written in 'juel'",
        ),
        (model("<rule><inputEntry><text>-</text></inputEntry></rule>"), "row R1 has 0 cells (outputEntry) where the"),
        (model(TWO, out='name="Way"><outputValues><text>f(x)</text></outputValues>'), "the values 'f(x)' of an output"),
        (model(""), "the table has no row"),
        (model(TWO).replace("20230324", "20300101"), "this is no model of DMN 1.1 to 1.5"),
        ("<a/>", "this is no model of DMN"),
        ("<a>", "this is no well-formed XML"),
        ('<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>', "the file has a document type"),
        ("<a>" * 65 + "</a>" * 65, "elements are nested deeper than 64"),
        (model(TWO).replace("decisionTable", "context"), "the file has 0 decision tables to choose from: none"),
    ],
)
def test_what_our_tables_cannot_say_is_told_with_its_line(content: str, said: str) -> None:
    found, wrong = read(content)

    assert found is None
    assert said in wrong


def test_one_of_several_tables_is_chosen_by_its_name() -> None:
    first, end = model(TWO).split("</definitions>")
    content = (
        first + "<decision" + first.split("<decision", 1)[1].replace('"Ways"', '"Others"') + "</definitions>" + end
    )

    found, _ = read(content, "Others")
    _, wrong = read(content, "neither")

    assert found is not None
    assert "the file has 2 decision tables to choose from: 'Ways', 'Others'" in wrong


def test_a_cell_that_was_edited_over_there_counts_as_it_stands_there() -> None:
    made = table((parse_cell("not > 5"),), kinds={"x": Kind.NUMBER})
    content = dmn_bytes(made)

    untouched, _ = read(content)
    edited, wrong = read(content.replace(b"null, &lt;= 5", b"&gt; 7"))

    assert untouched == made
    assert edited is not None, wrong
    assert edited.rows[0].when == (parse_cell("> 7"),)


@given(content=st.binary(max_size=200) | st.text(st.sampled_from("<>/a=\"' &;![]")).map(str.encode))
def test_whatever_the_file_holds_there_is_a_finding(content: bytes) -> None:
    found, wrong = read(content)

    assert found is None
    assert wrong


def test_what_is_too_large_for_a_table_is_refused_before_it_is_read() -> None:
    _, wrong = read(model(rule("-", '"a"') * 2_001))

    assert "the table has more than 2000 rows or 200 columns" in wrong


def test_values_and_types_that_were_edited_over_there_count_as_they_stand_there() -> None:
    made = table((one_of("a"),), kinds={"x": Kind.TEXT})
    made = replace(made, inputs=(Input(name="x", domain=Domain(kind=Kind.TEXT, cell=one_of("a", "b"))),))
    content = dmn_bytes(made)

    narrowed, wrong = read(content.replace(b'"a", "b"', b'"a", "c"'))
    retyped, other_kind = read(content.replace(b'typeRef="string"', b'typeRef="number"', 1))

    assert narrowed is not None, wrong
    assert narrowed.inputs[0].domain.cell == one_of("a", "c")
    assert retyped is None
    assert "of another kind than number" in other_kind
