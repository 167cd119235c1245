"""Where a mapped value came from."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.project.test_mapping import RECORD, mapping
from xconnector.domain.record_path import parse_path
from xconnector.project.lineage import CONSTANT, DEFAULT
from xconnector.project.mapping import MappingError


def lineage(folder: Path, field: str, record: Mapping[str, Any] = RECORD) -> Mapping[str, object]:
    found = mapping(folder, f"customer: id\nfields:\n  x: {field}\n").lineage(record)
    return {name: paths for name, paths in found.items() if name != "customer"}


@pytest.mark.parametrize(
    "field, paths",
    [
        ("currency", ("currency",)),
        ("absent", ("absent",)),
        ("/currency", ("currency",)),
        ("{const: x}", (CONSTANT,)),
        ("{path: absent, default: x}", (DEFAULT,)),
        ("{path: last, default: x}", ("last",)),
        ("{first: [absent, last, first]}", ("last",)),
        ("{first: [absent, {first: [blank, {const: x}]}]}", (CONSTANT,)),
        ("{first: [absent, blank]}", ("absent", "blank")),
        ("{first: [{path: last, then: [date], on_error: missing}, first]}", ("first",)),
        ("{join: [first, absent, last]}", ("first", "last")),
        ("{list: [absent, 'lines[*].name']}", ("lines[*].name",)),
        ("{path: amount, currency: currency}", ("amount", "currency")),
        ("{path: amount, currency: {path: absent, default: EUR}}", ("amount", DEFAULT)),
        ("{sum: 'lines[*].amount'}", ("lines[*].amount",)),
        ("{count: lines}", ("lines",)),
        ("{group: lines}", ("lines",)),
    ],
)
def test_a_value_has_the_paths_that_gave_it(tmp_path: Path, field: str, paths: tuple[str, ...]) -> None:
    assert lineage(tmp_path, field) == {"x": paths}


def test_fields_of_a_list_have_the_paths_of_all_its_items(tmp_path: Path) -> None:
    field = "{each: lines, fields: {n: name, p: {each: parts, fields: {no: {first: [no, /id]}}}, c: /currency}}"

    assert lineage(tmp_path, field) == {
        "x": ("lines",),
        "x[*].n": ("lines[*].name",),
        "x[*].p": ("lines[*].parts",),
        "x[*].p[*].no": ("lines[*].parts[*].no",),
        "x[*].c": ("currency",),
    }


def test_items_that_take_different_ways_show_each_of_them(tmp_path: Path) -> None:
    record = {"id": "1", "lines": [{"a": "1"}, {"b": "2"}]}

    found = lineage(tmp_path, "{each: 'lines[*]', fields: {n: {first: [a, b]}}}", record)

    assert found["x[*].n"] == ("lines[*].a", "lines[*].b")


def test_keys_and_golden_fields_have_theirs(tmp_path: Path) -> None:
    text = "customer: {first: [absent, id]}\nkey: [id, currency]\nfields: {}\ncustomer_fields: {last_name: last}\n"

    assert mapping(tmp_path, text).lineage(RECORD) == {
        "customer.last_name": ("last",),
        "customer": ("id",),
        "key": ("id", "currency"),
    }


def test_a_record_that_cannot_be_mapped_has_none(tmp_path: Path) -> None:
    with pytest.raises(MappingError, match="last is no date"):
        lineage(tmp_path, "{first: [{path: last, then: [date]}, first]}")


VALUES = st.none() | st.just("") | st.just(" ") | st.text("ab", min_size=1, max_size=3) | st.integers(0, 9)


@given(record=st.dictionaries(st.sampled_from("abcd"), VALUES))
def test_the_path_that_is_told_leads_to_the_value(
    tmp_path_factory: pytest.TempPathFactory, record: Mapping[str, Any]
) -> None:
    record = {**record, "id": "1"}
    made = mapping(tmp_path_factory.mktemp("lineage"), "customer: id\nfields: {x: {first: [a, b, c, d]}}\n")

    value = made.apply(record).data["x"]
    paths = made.lineage(record)["x"]

    if value is None:
        assert paths == ("a", "b", "c", "d")
    else:
        (path,) = paths
        assert parse_path(path).of(record) == value
