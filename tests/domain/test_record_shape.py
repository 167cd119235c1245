"""How records look, and what is otherwise than it was."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from xconnector.domain.record_shape import MOST_PATHS, Kind, shape_of
from xconnector.domain.shape_difference import ChangeOfShape, changes_between

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-9, 9)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=3)
)
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3)
)
RECORDS = st.lists(st.dictionaries(st.text(min_size=1, max_size=3), VALUES, max_size=4), max_size=6)


def test_a_shape_tells_paths_kinds_and_counts_and_no_value() -> None:
    shape = shape_of([{"a": "secret", "l": [{"n": 1}, {"n": 2.5}]}, {"a": None}])

    assert shape.records == 2
    assert shape.paths == {
        "a": {Kind.TEXT: 1, Kind.NOTHING: 1},
        "l": {Kind.LIST: 1},
        "l[*]": {Kind.GROUP: 1},
        "l[*].n": {Kind.INTEGER: 1, Kind.NUMBER: 1},
    }


@given(RECORDS)
def test_records_that_look_alike_differ_in_nothing(records: list[dict[str, Any]]) -> None:
    shape = shape_of(records)

    assert changes_between(shape, shape) == ()
    assert all(number <= shape.records for kinds in shape.paths.values() for number in kinds.values())


@given(RECORDS, RECORDS)
def test_two_shapes_together_are_the_shape_of_all(one: list[dict[str, Any]], other: list[dict[str, Any]]) -> None:
    together = shape_of(one).with_others(shape_of(other))

    assert together == shape_of([*one, *other])


def test_fields_vanish_come_new_and_change_their_kind() -> None:
    before = shape_of([{"number": "P1", "holder": {"zip": "1", "town": "A"}, "amount": 2.5, "note": None}] * 4)
    now = shape_of([{"number": 1, "holder": {"town": "A"}, "amount": 2, "note": "x", "address": {"zip": "1"}}] * 3)

    assert [(one.path, one.change, one.was, one.now, one.records, one.of) for one in changes_between(before, now)] == [
        ("address", ChangeOfShape.NEW, "", "group", 3, 3),
        ("holder.zip", ChangeOfShape.VANISHED, "text", "", 3, 3),
        ("note", ChangeOfShape.OTHER_KIND, "null", "text", 3, 3),
        ("number", ChangeOfShape.OTHER_KIND, "text", "whole number", 3, 3),
    ]


def test_what_was_never_in_all_records_does_not_vanish_and_what_is_new_is_harmless() -> None:
    changes = changes_between(shape_of([{"a": 1}, {"a": 1, "b": 1}]), shape_of([{"a": 1, "c": "x"}]))

    assert [(one.path, one.is_harmless) for one in changes] == [("c", True)]


def test_names_without_end_are_noted_to_a_limit() -> None:
    assert len(shape_of([{f"customer-{number}": 1 for number in range(2000)}]).paths) == MOST_PATHS
