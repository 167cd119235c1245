from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st
from hypothesis.strategies import DataObject

from tests.domain.decision.made import DAYS, ROUTES, cells_of, domains_of, every_case, one_of, table, tables
from xconnector.domain.decision.cells import ANY
from xconnector.domain.decision.deciding import DecisionError, decide_plainly
from xconnector.domain.decision.difference import Change, differences
from xconnector.domain.decision.table import Case, DecisionTable, Domain, HitPolicy, Input, Output, Row
from xconnector.domain.decision.values import Kind, Value

TABLE = table((one_of("a"),), (one_of("b"),), (one_of("c"),), (ANY,), kinds={"x": Kind.TEXT})


def told(old: DecisionTable, new: DecisionTable) -> list[str]:
    return [str(one) for one in differences(old, new)]


def test_a_value_that_changed_is_told_with_its_law() -> None:
    days = replace(
        TABLE,
        outputs=(Output(name="days", kind=Kind.NUMBER),),
        rows=(replace(TABLE.rows[0], then={"days": Decimal(5)}),),
    )
    longer = replace(days, rows=(replace(days.rows[0], then={"days": Decimal(7)}, cite="§ 7"),))

    assert told(days, longer) == [
        "row R1: then days 5 becomes 7, cite § 7",
        "row R1: cite nothing becomes § 7 (decides the same)",
    ]


def test_rows_are_known_by_their_id() -> None:
    first, second, third, last = TABLE.rows
    new = replace(TABLE, rows=(third, first, replace(second, id="R9"), last))

    assert told(TABLE, new) == ["row R2 is removed", "row R3 moves to the top", "row R9 is added"]


def test_a_move_decides_nothing_where_only_one_row_can_fit() -> None:
    unique = replace(TABLE, hit=HitPolicy.UNIQUE)
    first, second, *others = unique.rows

    assert told(unique, replace(unique, rows=(second, first, *others))) == [
        "row R2 moves to the top (decides the same)"
    ]


def test_a_move_may_decide_where_the_highest_row_wins() -> None:
    first, second, *others = TABLE.rows

    (found,) = differences(TABLE, replace(TABLE, rows=(second, first, *others)))

    assert (found.change, found.row, found.new, found.decides) == (Change.MOVED, "R2", "to the top", True)


def test_inputs_and_outputs_that_change_places_are_told() -> None:
    x, y = (Input(name=name, domain=Domain(kind=Kind.TEXT)) for name in "xy")
    route, days = Output(name="route"), Output(name="days", kind=Kind.NUMBER)
    row = Row(id="R1", when=(one_of("a"), ANY), then={"route": "print", "days": Decimal(5)})
    old = DecisionTable(name="t", inputs=(x, y), outputs=(route, days), rows=(row,))
    new = replace(old, inputs=(y, x), outputs=(days, route), rows=(replace(row, when=(ANY, one_of("a"))),))

    assert told(old, new) == [
        "the table: input y moves to the top",
        "the table: output days moves to the top (decides the same)",
    ]
    ranked = (replace(old, hit=HitPolicy.PRIORITY), replace(new, hit=HitPolicy.PRIORITY))
    assert told(*ranked)[1] == "the table: output days moves to the top"


def test_the_step_kind_and_values_of_an_output_are_told() -> None:
    days = replace(TABLE, outputs=(Output(name="days", kind=Kind.NUMBER, step=Decimal(1)),), rows=())
    halves = replace(days, outputs=(Output(name="days", kind=Kind.NUMBER, step=Decimal("0.5")),))
    weeks = replace(days, outputs=(replace(days.outputs[0], values=(Decimal(7), Decimal(14))),))
    words = replace(days, outputs=(Output(name="days"),))

    assert told(days, halves) == ["the table: output days number step 1 - becomes number step 0.5 - (decides the same)"]
    assert told(days, weeks) == [
        "the table: output days number step 1 - becomes number step 1 7, 14 (decides the same)"
    ]
    assert told(days, words) == ["the table: output days number step 1 - becomes text -"]


def test_tests_are_told_and_decide_nothing() -> None:
    stays = Case(name="stays", given={"x": "a"}, rows=("R1",))
    goes = Case(name="goes", given={}, rows=())
    old = replace(TABLE, cases=(stays, goes))
    changed = replace(stays, given={"x": "b"}, on=date(2026, 7, 1), rows=("R2",), then={"route": "way2"})
    new = replace(TABLE, cases=(changed, replace(goes, name="comes")))

    assert told(old, new) == [
        "test 'goes' is removed (decides the same)",
        "test 'stays': on nothing becomes 2026-07-01 (decides the same)",
        "test 'stays': given x a becomes b (decides the same)",
        "test 'stays': row R1 becomes R2 (decides the same)",
        "test 'stays': expect route nothing becomes way2 (decides the same)",
        "test 'comes' is added (decides the same)",
    ]


def test_long_texts_are_told_in_brief() -> None:
    (said,) = told(TABLE, replace(TABLE, about="# Title\n\n" + "word " * 100))

    assert said.startswith("the table: about nothing becomes # Title word word")
    assert "\n" not in said
    assert len(said) < 200


def test_an_input_that_is_added_is_told_once_and_where_rows_look_at_it() -> None:
    new = replace(
        TABLE,
        inputs=(*TABLE.inputs, Input(name="y", domain=Domain(kind=Kind.YES_NO))),
        rows=tuple(replace(row, when=(*row.when, one_of(True) if at else ANY)) for at, row in enumerate(TABLE.rows)),
    )

    assert told(TABLE, new)[:2] == ["the table: input y is added", "row R2: when y - becomes yes"]


def test_only_what_people_read_never_changes_a_decision() -> None:
    new = replace(TABLE, owner="Legal", about="# Title", rows=tuple(replace(row, note="n") for row in TABLE.rows))

    assert not [one for one in differences(TABLE, new) if one.decides]


@given(tables())
def test_a_table_does_not_differ_from_itself(made: DecisionTable) -> None:
    assert [*differences(made, made)] == []


@given(tables(), st.data())
def test_every_change_is_told_and_one_that_decides_nothing_decides_nothing(
    old: DecisionTable, data: DataObject
) -> None:
    new = old
    for change in data.draw(st.lists(st.sampled_from(CHANGES), max_size=2)):
        new = change(new, data)

    found = [*differences(old, new)]

    assert bool(found) is (old != new)
    if any(one.decides for one in found):
        return
    for case, day in [*every_case(old)][:300]:
        assert answer(old, case, day) == answer(new, case, day)


def answer(of: DecisionTable, inputs: Mapping[str, Value | None], day: date | None) -> object:
    try:
        return [(match.row.id, dict(match.outputs)) for match in decide_plainly(of, inputs, on=day)]
    except DecisionError as refused:
        return type(refused)


Changing = Callable[[DecisionTable, DataObject], DecisionTable]


def row_changed(change: Callable[[Row, DecisionTable, DataObject], Row]) -> Changing:
    def changed(of: DecisionTable, data: DataObject) -> DecisionTable:
        if not of.rows:
            return of
        at = data.draw(st.integers(0, len(of.rows) - 1))
        return replace(of, rows=(*of.rows[:at], change(of.rows[at], of, data), *of.rows[at + 1 :]))

    return changed


def with_other_cell(row: Row, of: DecisionTable, data: DataObject) -> Row:
    if not of.inputs:
        return row
    at = data.draw(st.integers(0, len(of.inputs) - 1))
    cell = data.draw(cells_of(of.inputs[at].domain.kind))
    return replace(row, when=(*row.when[:at], cell, *row.when[at + 1 :]))


def with_inputs_in_another_order(of: DecisionTable, data: DataObject) -> DecisionTable:
    order = data.draw(st.permutations(range(len(of.inputs))))
    rows = tuple(replace(row, when=tuple(row.when[at] for at in order)) for row in of.rows)
    return replace(of, inputs=tuple(of.inputs[at] for at in order), rows=rows)


def with_another_domain(of: DecisionTable, data: DataObject) -> DecisionTable:
    if not of.inputs:
        return of
    first, *others = of.inputs
    return replace(of, inputs=(replace(first, domain=data.draw(domains_of(first.domain.kind))), *others))


CHANGES: Sequence[Changing] = [
    row_changed(with_other_cell),
    row_changed(lambda row, _of, data: replace(row, note=data.draw(st.sampled_from([None, "n"])))),
    row_changed(lambda row, _of, data: replace(row, cite=data.draw(st.sampled_from([None, "§ 7"])))),
    row_changed(lambda row, _of, data: replace(row, owner=data.draw(st.sampled_from([None, "Legal"])))),
    row_changed(lambda row, _of, data: replace(row, then={"route": data.draw(st.sampled_from(ROUTES))})),
    row_changed(lambda row, _of, data: replace(row, valid_to=data.draw(st.sampled_from([None, *DAYS])))),
    with_inputs_in_another_order,
    with_another_domain,
    lambda of, data: replace(of, rows=tuple(data.draw(st.permutations(of.rows)))),
    lambda of, _data: replace(of, rows=of.rows[1:]),
    lambda of, data: replace(of, hit=data.draw(st.sampled_from(HitPolicy))),
    lambda of, data: replace(of, outputs=(Output(name="route", values=(*data.draw(st.permutations(ROUTES)),)),)),
    lambda of, _data: replace(of, outputs=(replace(of.outputs[0], step=Decimal(1)),)),
    lambda of, _data: replace(of, gaps="elsewhere", about="# Ways"),
    lambda of, _data: replace(of, cases=(Case(name="t", given={}, rows=()),)),
]


def test_thousands_of_rows_that_turn_round_are_told_in_time() -> None:
    rows = tuple(Row(id=f"R{at}", when=(ANY,), then={"route": "a"}) for at in range(5000))
    old = replace(TABLE, rows=rows)

    assert len(told(old, replace(old, rows=(*rows[2500:], *rows[:2500])))) == 2500
    assert len(told(old, replace(old, rows=rows[::-1]))) == 4999
