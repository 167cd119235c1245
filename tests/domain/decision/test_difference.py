from dataclasses import replace
from decimal import Decimal

from hypothesis import given

from tests.domain.decision.made import one_of, table, tables
from xconnector.domain.decision.cells import ANY
from xconnector.domain.decision.difference import Change, differences
from xconnector.domain.decision.table import DecisionTable, Domain, HitPolicy, Input, Output
from xconnector.domain.decision.values import Kind

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
        "row R1: cite nothing becomes § 7, cite § 7",
    ]


def test_rows_are_known_by_their_id() -> None:
    first, second, third, last = TABLE.rows
    new = replace(TABLE, rows=(third, first, replace(second, id="R9"), last))

    assert told(TABLE, new) == ["row R2 is removed", "row R3 moves to the top", "row R9 is added"]


def test_a_move_says_nothing_where_the_order_does_not_count() -> None:
    unique = replace(TABLE, hit=HitPolicy.UNIQUE)

    assert told(unique, replace(unique, rows=tuple(reversed(unique.rows)))) == []


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


@given(tables(), tables())
def test_what_has_no_difference_that_decides_decides_alike(one: DecisionTable, other: DecisionTable) -> None:
    found = [difference for difference in differences(one, other) if difference.decides]

    if one.sha256 != other.sha256 and one.hit is not HitPolicy.UNIQUE:
        assert found
    assert all(difference.change in Change for difference in found)
