"""The straight way to a value is the careful one, only faster."""

from collections.abc import Mapping
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from xconnector.domain.record_path import PathError, parse_path
from xconnector.project.mapping_source import ValueProblemError, from_path

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.floats(0, 1) | st.text(" ab", max_size=2),
    lambda inner: (
        st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(["a", "b", "#text"]), inner, max_size=3)
    ),
    max_leaves=6,
)
RECORDS = st.dictionaries(st.sampled_from("ab"), VALUES, max_size=2)


def found(path: str, record: Mapping[str, Any]) -> object:
    try:
        return from_path(parse_path(path)).value(dict(record), dict(record))
    except (PathError, ValueProblemError) as wrong:
        return str(wrong).replace("/", "")


@given(record=RECORDS, names=st.lists(st.sampled_from("ab"), min_size=1, max_size=3))
def test_a_path_of_names_leads_where_the_same_path_from_the_root_leads(
    record: Mapping[str, Any], names: list[str]
) -> None:
    path = ".".join(names)

    assert found(path, record) == found(f"/{path}", record)
    assert type(found(path, record)) is type(found(f"/{path}", record))
