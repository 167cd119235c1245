from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xconnector.domain.record_path import PathError, key_of, parse_path

RECORD: Mapping[str, Any] = {
    "policy": {"number": "P-1", "odd.name": 7},
    "lines": [
        {"type": "net", "amount": {"@currency": "EUR", "#text": "10.50"}, "codes": [{"code": "a"}, {"code": "b"}]},
        {"type": "fee", "amount": "2", "codes": []},
        {"type": "fee", "amount": "3"},
    ],
    "single": {"type": "fee", "amount": "4"},
    "flag": True,
    "empty": None,
    "tags": ["x", "y"],
}


@pytest.mark.parametrize(
    "path, found",
    [
        ("policy.number", "P-1"),
        ('policy."odd.name"', 7),
        ("lines[0].amount.#text", "10.50"),
        ("lines[0].amount.@currency", "EUR"),
        ("lines[-1].amount", "3"),
        ("lines[7].amount", None),
        ("lines[*].type", ["net", "fee", "fee"]),
        ("lines[*].codes[*].code", ["a", "b"]),
        ("lines[type=fee].amount", "2"),
        ("lines[type!=fee].type", "net"),
        ("lines[*][type=fee].amount", ["2", "3"]),
        ("lines[codes[1].code=b].type", "net"),
        ("lines[codes[*].code=b].type", "net"),
        ("lines[amount=10.50].type", "net"),
        ("lines[type=fee][amount=3].amount", None),
        ("lines[*][type=fee][amount=3].amount", ["3"]),
        ("lines[codes][type=net].type", "net"),
        ('lines[type="fee"].amount', "2"),
        ("single[0].amount", "4"),
        ("single[*].amount", ["4"]),
        ("single[type=fee].amount", "4"),
        ("single[type=net].amount", None),
        ("absent[*].amount", []),
        ("absent.deep.deeper", None),
        ("policy.number.deeper", None),
        ("tags[*]", ["x", "y"]),
        ("tags[-1]", "y"),
        ("/policy.number", "P-1"),
        (".", RECORD),
        ("empty", None),
    ],
)
def test_a_path_leads_to_what_it_names(path: str, found: object) -> None:
    assert parse_path(path).of(RECORD) == found


def test_truth_values_are_compared_as_they_are_written() -> None:
    assert parse_path("[flag=true].policy.number").of(RECORD) == "P-1"


def test_a_name_behind_a_list_needs_to_say_which_item() -> None:
    with pytest.raises(PathError, match=r"write \[0\] or \[\*\]"):
        parse_path("lines.type").of(RECORD)


@pytest.mark.parametrize("path", ["", "a..b", "a.", ".a", "a[", "a[]", "a]b", "a[=x]", "a[b=]", "a b[", "x" * 501])
def test_a_path_that_is_not_well_formed_is_told(path: str) -> None:
    with pytest.raises(PathError):
        parse_path(path)


@given(st.text(st.sampled_from('ab.[]*=!"/0-1 @#'), max_size=14))
def test_whatever_is_written_is_a_path_or_told(path: str) -> None:
    try:
        parsed = parse_path(path)
    except PathError:
        return
    try:
        parsed.of(RECORD)
    except PathError:
        return


def test_a_key_joins_its_parts_and_names_what_is_missing() -> None:
    assert key_of([parse_path("policy.number"), parse_path("lines[0].amount")], RECORD) == "P-1/10.50"
    with pytest.raises(PathError, match="no key: empty is missing"):
        key_of([parse_path("empty")], RECORD)
