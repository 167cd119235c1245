"""What a new version of a contract changes for those who send and those who read."""

from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from jsonschema_rs import Draft202012Validator

from xconnector.domain.schema_difference import Effect, schema_changes

Schema = dict[str, Any]

OLD: Schema = {
    "type": "object",
    "required": ["number", "holder"],
    "properties": {
        "number": {"type": "string", "maxLength": 9},
        "kind": {"enum": ["car", "home"]},
        "holder": {"type": "object", "properties": {"zip": {"type": "string"}}},
        "covers": {"type": "array", "items": {"type": "object", "required": ["sum"]}},
    },
}


def _with(**properties: object) -> Schema:
    return {**OLD, "properties": {**OLD["properties"], **properties}}


CHANGES: list[tuple[Schema, list[tuple[str, str, str]]]] = [
    (OLD, []),
    (_with(title={"type": "string"}), [("title", "harmless", "is named now")]),
    ({**OLD, "required": ["number"]}, [("holder", "weaker", "is required no more")]),
    ({**OLD, "required": ["number", "holder", "kind"]}, [("kind", "breaking", "is required now")]),
    (_with(number={"type": "string", "maxLength": 5}), [("number", "breaking", "`maxLength` is 5, and was 9")]),
    (_with(number={"type": "string"}), [("number", "weaker", "`maxLength` is promised no more")]),
    (_with(kind={"enum": ["car", "boat"]}), [
        ("kind", "breaking", "1 values may come no more"), ("kind", "weaker", "1 values may come as well"),
    ]),
    (_with(number={"type": ["string", "integer"], "maxLength": 9}), [("number", "weaker", "may be integer as well")]),
    (_with(holder={"type": "object"}), [("holder.zip", "weaker", "is named no more")]),
    (_with(holder=False), [("holder", "breaking", "must not be there any more")]),
    (_with(covers={"type": "array", "items": {"type": "object"}}), [
        ("covers[*].sum", "weaker", "is required no more"),
    ]),
    (_with(kind={"anyOf": [{"const": "car"}], "enum": ["car", "home"]}), [
        ("kind", "breaking", "`anyOf` is otherwise: look at it yourself"),
    ]),
]  # fmt: skip


@pytest.mark.parametrize("new, told", CHANGES)
def test_a_change_is_told_with_what_follows_of_it(new: Schema, told: list[tuple[str, str, str]]) -> None:
    assert [(one.path, one.effect.value, one.change) for one in schema_changes(OLD, new)] == told


def test_what_is_referred_to_is_compared_and_may_lead_back_to_itself() -> None:
    def tree(kind: str) -> Schema:
        node = {"properties": {"of": {"$ref": "#/$defs/node"}, "name": {"type": kind}}, "additionalProperties": False}
        return {"$ref": "#/$defs/node", "$defs": {"node": node}}

    assert schema_changes(tree("string"), tree("string")) == ()
    assert [(one.path, one.effect) for one in schema_changes(tree("string"), tree("integer"))] == [
        ("name", Effect.BREAKING),
        ("name", Effect.WEAKER),
    ]


SCALARS = st.none() | st.booleans() | st.integers(-3, 3) | st.sampled_from(["", "a", "bb", 0.5])
LEAVES = st.fixed_dictionaries(
    {},
    optional={
        "type": st.sampled_from(["string", "integer", "number", "null", ["string", "null"], ["integer", "boolean"]]),
        "enum": st.lists(SCALARS, min_size=1, max_size=3),
        "minLength": st.integers(0, 2),
        "maximum": st.integers(-2, 2),
        "exclusiveMinimum": st.integers(-2, 2),
    },
)
NAMES = ["a", "b"]
SCHEMAS = st.fixed_dictionaries(
    {"properties": st.fixed_dictionaries(dict.fromkeys(NAMES, LEAVES))},
    optional={
        "required": st.lists(st.sampled_from(NAMES), unique=True),
        "additionalProperties": st.booleans() | LEAVES,
        "type": st.just("object"),
    },
)
RECORDS = st.dictionaries(st.sampled_from([*NAMES, "c"]), SCALARS | st.lists(SCALARS, max_size=1))


@given(SCHEMAS, SCHEMAS, RECORDS)
def test_where_nothing_breaks_every_record_that_kept_the_old_one_keeps_the_new(
    old: Schema, new: Schema, record: dict[str, Any]
) -> None:
    assume(Draft202012Validator(old).is_valid(record))

    if not any(one.effect is Effect.BREAKING for one in schema_changes(old, new)):
        assert Draft202012Validator(new).is_valid(record)


@given(SCHEMAS)
def test_a_schema_differs_from_itself_in_nothing(schema: Schema) -> None:
    assert schema_changes(schema, schema) == ()
