import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.domain.decision.made import asked, every_case, one_of, table, tables
from tests.project.tables.parsed import parse_table
from tests.project.tables.second_opinion import SecondOpinion, as_zen_says
from tests.project.tables.test_round_trip import TABLES, told
from xconnector.domain.decision.cell_text import parse_cell
from xconnector.domain.decision.deciding import DecisionError, NoRowFitsError, decide_all
from xconnector.domain.decision.table import DecisionTable, HitPolicy, Input
from xconnector.domain.decision.values import Kind
from xconnector.project.tables.files import table_bytes, understood
from xconnector.project.tables.foreign import UnsayableError
from xconnector.project.tables.jdm import jdm_bytes

Change = Callable[[dict[str, Any]], None]


@settings(deadline=None, max_examples=80)
@given(made=told())
def test_a_table_comes_back_from_jdm_as_it_was(made: DecisionTable) -> None:
    if not made.rows or (made.hit is HitPolicy.PRIORITY and not made.outputs[0].values):
        return

    found, wrong = understood("routing", "t", jdm_bytes(made), form=".jdm.json")

    assert wrong == []
    assert found is not None
    assert found.table == made


@settings(deadline=None, max_examples=100)
@given(made=tables())
def test_zen_agrees_on_every_case_of_a_table(made: DecisionTable) -> None:
    opinion = SecondOpinion(jdm_bytes(made))
    for inputs, on in islice(every_case(made), 200):
        try:
            matches = decide_all(made, inputs, on=on)
        except NoRowFitsError:
            matches = ()
        except DecisionError:
            continue
        assert opinion.answers(made, inputs, on) == as_zen_says(made, matches)


@settings(deadline=None, max_examples=200)
@given(made=asked())
def test_zen_agrees_wherever_our_table_answers(
    made: tuple[DecisionTable, Mapping[str, Any], date | None],
) -> None:
    decided, inputs, on = made
    try:
        matches = decide_all(decided, inputs, on=on)
    except NoRowFitsError:
        matches = ()
    except DecisionError:
        # Ours refuses what is irregular; zen takes it for "does not fit".
        return

    answers = SecondOpinion(jdm_bytes(decided)).answers(decided, inputs, on)

    assert answers == as_zen_says(decided, matches)


@pytest.mark.parametrize("file", TABLES, ids=lambda file: f"{file.parents[1].name}-{file.stem}")
def test_the_tests_of_the_examples_come_out_the_same_in_zen(file: Path) -> None:
    found, wrong = parse_table(file.stem, file.name, file.read_bytes())
    assert found is not None, wrong
    opinion = SecondOpinion(table_bytes(found.table, form=".jdm.json"))

    for case in found.table.cases:
        on = case.on or date(2026, 11, 23)
        try:
            matches = decide_all(found.table, case.given, on=on)
        except DecisionError:
            continue
        assert opinion.answers(found.table, case.given, on) == as_zen_says(found.table, matches)


def test_an_input_whose_name_begins_with_another_has_an_underscore_over_there() -> None:
    made = table((one_of("a"), one_of("b")), kinds=dict.fromkeys(["data", "data.sum"], Kind.TEXT))

    fields = [one["field"] for one in json.loads(jdm_bytes(made))["nodes"][1]["content"]["inputs"]]
    found, _ = understood("routing", "t", jdm_bytes(made), form=".jdm.json")

    assert fields == ["data", "data_sum"]
    assert SecondOpinion(jdm_bytes(made)).answers(made, {"data": "a", "data.sum": "b"}, None) == [{"route": "way1"}]
    assert found is not None
    assert found.table == made


def test_inputs_whose_names_are_no_words_of_zen_are_found_by_it() -> None:
    made = table((one_of("a"), one_of("b"), one_of("c")), kinds=dict.fromkeys(["has email", "in", "x.2nd"], Kind.TEXT))

    answers = SecondOpinion(jdm_bytes(made)).answers(made, {"has email": "a", "in": "b", "x.2nd": "c"}, None)

    assert answers == [{"route": "way1"}]


@pytest.mark.parametrize(
    "made, said",
    [
        (
            replace(
                table((one_of("a"),), kinds={"day": Kind.TEXT}),
                rows=(replace(table((one_of("a"),), kinds={"day": Kind.TEXT}).rows[0], valid_from=date(2026, 1, 1)),),
            ),
            "need an input 'day' of their own",
        ),
        (
            table((one_of("a"),) * 3, kinds=dict.fromkeys(["data", "data.sum", "data_sum"], Kind.TEXT)),
            "two inputs would be called data_sum over there",
        ),
    ],
)
def test_what_jdm_cannot_say_is_refused(made: DecisionTable, said: str) -> None:
    assert isinstance(made.inputs[0], Input)
    with pytest.raises(UnsayableError, match=said):
        jdm_bytes(made)


# ---------------------------------------------------------------------------- files of others


def foreign(change: Change = lambda _: None) -> list[str]:
    """Return what is found wrong in a file as jdm-editor writes it, once it is changed."""
    document: dict[str, Any] = {
        "nodes": [
            {"id": "1", "type": "inputNode", "name": "Request", "position": {"x": 0, "y": 0}},
            {
                "id": "2",
                "type": "decisionTableNode",
                "name": "Fees",
                "content": {
                    "hitPolicy": "first",
                    "inputs": [
                        {"id": "a", "name": "Tier", "field": "customer.tierName"},
                        {"id": "b", "name": "Sum", "field": "amount"},
                    ],
                    "outputs": [{"id": "c", "name": "Fee", "field": "feePercent"}],
                    "rules": [
                        {"_id": "r1", "a": '"gold", "silver"', "b": "> 1000", "c": "0.5", "_description": "large"},
                        {"_id": "r2", "a": 'not in ["gold"]', "b": "", "c": "2"},
                        {"_id": "r3", "c": "1"},
                    ],
                },
            },
            {"id": "3", "type": "outputNode", "name": "Response", "position": {"x": 0, "y": 0}},
        ],
        "edges": [],
    }
    change(document["nodes"][1]["content"])
    found, wrong = understood("fees", "fees.jdm.json", json.dumps(document, indent=1).encode(), form=".jdm.json")
    if found is None:
        return [str(finding) for finding in wrong]
    assert not wrong
    rows = [(row.id, *(row.then[name] for name in found.table.output_names)) for row in found.table.rows]
    return [*found.table.input_names, *found.table.output_names, *map(str, rows)]


def test_a_table_of_jdm_editor_is_read_in_our_words() -> None:
    assert foreign() == [
        "customer.tierName",
        "amount",
        "fee_percent",
        "('r1', Decimal('0.5'))",
        "('r2', Decimal('2'))",
        "('r3', Decimal('1'))",
    ]


def in_row(at: int, column: str, cell: str) -> Change:
    return lambda content: content["rules"][at].update({column: cell})


def in_node(**said: object) -> Change:
    return lambda content: content.update(said)


def in_input(**said: object) -> Change:
    return lambda content: content["inputs"][1].update(said)


def in_output(**said: object) -> Change:
    return lambda content: content["outputs"][0].update(said)


@pytest.mark.parametrize(
    "change, said",
    [
        (
            in_row(0, "b", "> > 5"),
            "fees.jdm.json:39: table 'Fees': row r1, column 'Sum': cell '> > 5' is not understood",
        ),
        (in_row(1, "a", 'not("gold")'), "row r2, column 'Tier': cell 'not(\"gold\")' is not understood"),
        (in_row(2, "a", "customer.name"), "row r3, column 'Tier': cell 'customer.name' is not understood"),
        (in_row(2, "z", "5"), "row r3 has a cell for column 'z', and there is none"),
        (in_row(0, "c", "amount * 2"), "row r1, column 'Fee': cell 'amount * 2' is not understood"),
        (in_row(0, "c", ""), "row r1, column 'Fee': cell '' is not understood: the cell ends too early"),
        (in_row(0, "c", '"half"'), "cell '2' is not understood: the column speaks of text"),
        (in_row(1, "b", '"a"'), "speaks of text, the input is number"),
        (in_node(executionMode="loop"), "runs in mode 'loop' (executionMode)"),
        (in_node(inputField="customer"), "reads its inputs below 'customer'"),
        (in_node(outputPath="fees"), "writes its outputs below 'fees'"),
        (in_node(hitPolicy="outputOrder"), "has the hit policy 'outputOrder'"),
        (in_node(rules=[{"a": 5}]), "content.rules.0.a is not as it must be in JDM"),
        (in_node(rules=[]), "the table has no row"),
        (in_input(field=None), "column 'Sum' has no field: its cells are whole conditions"),
        (in_input(field="len(x)"), "the field 'len(x)' is no path"),
        (in_input(field="customer.tierName"), "two columns are called 'customer.tierName' in our words"),
        (in_output(field="fees[]"), "collects by itself"),
    ],
)
def test_what_our_tables_cannot_say_is_told_with_its_place(change: Change, said: str) -> None:
    assert said in "\n".join(foreign(change))


def test_inputs_that_a_node_passes_through_change_no_row() -> None:
    assert foreign(in_node(passThrough=True)) == foreign()


def test_one_of_several_tables_is_chosen_by_its_name() -> None:
    made = table((one_of("a"),), kinds={"x": Kind.TEXT})
    document = json.loads(jdm_bytes(made))
    document["nodes"].append({**document["nodes"][1], "name": "other", "id": "9"})
    content = json.dumps(document).encode()

    found, _ = understood("routing", "t", content, form=".jdm.json")
    _, wrong = understood("neither", "t", content, form=".jdm.json")

    assert found is not None
    assert found.table == made
    assert "2 decision tables to choose from: 'routing', 'other'" in str(wrong[0])


def exported(made: DecisionTable, change: Change) -> bytes:
    document = json.loads(jdm_bytes(made))
    change(document["nodes"][1]["content"])
    return json.dumps(document).encode()


def test_a_cell_that_was_edited_over_there_counts_as_it_stands_there() -> None:
    made = table((parse_cell("not > 5"),), kinds={"x": Kind.NUMBER})

    untouched, _ = understood("routing", "t", jdm_bytes(made), form=".jdm.json")
    edited, wrong = understood("routing", "t", exported(made, in_row(0, "input_1", "> 7")), form=".jdm.json")

    assert untouched is not None
    assert untouched.table == made
    assert edited is not None, wrong
    assert edited.table.rows[0].when == (parse_cell("> 7"),)


def test_rows_of_a_priority_table_that_were_moved_are_found() -> None:
    made = table((one_of("a"),), (one_of("a"),), kinds={"x": Kind.TEXT}, hit=HitPolicy.PRIORITY)
    made = replace(made, outputs=(replace(made.outputs[0], values=("way2", "way1")),))

    found, _ = understood("routing", "t", jdm_bytes(made), form=".jdm.json")
    _, wrong = understood("routing", "t", exported(made, lambda one: one["rules"].reverse()), form=".jdm.json")

    assert found is not None
    assert found.table == made
    assert "no longer stand in the order of the outputs' values" in str(wrong[0])


@given(content=st.binary(max_size=200) | st.text(st.sampled_from('{}[]":nodes,1')).map(str.encode))
def test_whatever_the_file_holds_there_is_a_finding(content: bytes) -> None:
    found, wrong = understood("t", "t", content, form=".jdm.json")

    assert found is None
    assert wrong


def test_what_is_too_large_for_a_table_is_refused_before_it_is_read() -> None:
    assert "the table has more than 2000 rows" in foreign(in_node(rules=[{"_id": "r"}] * 2_001))[0]


def test_a_long_cell_is_told_in_part() -> None:
    assert len(foreign(in_row(0, "b", "x" * 5_000))[0]) < 600


def test_a_field_that_was_edited_over_there_counts_as_it_stands_there() -> None:
    made = table((one_of("a"),), kinds={"x": Kind.TEXT})
    content = exported(made, lambda one: one["inputs"][0].update(field="customer.y"))

    found, wrong = understood("routing", "t", content, form=".jdm.json")

    assert found is not None, wrong
    assert found.table.input_names == ("customer.y",)
