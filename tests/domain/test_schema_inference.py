"""A first schema from records: every one of them keeps it, and no value stands in it."""

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from jsonschema_rs import Draft202012Validator, meta

from xconnector.domain.schema_inference import infer_schema

TEXTS = st.text(max_size=4) | st.dates().map(str) | st.datetimes().map(lambda at: f"{at:%Y-%m-%dT%H:%M:%S}Z")
NUMBERS = st.integers(-(10**18), 10**18) | st.floats(allow_nan=False, allow_infinity=False)
SCALARS = st.none() | st.booleans() | NUMBERS | TEXTS | st.decimals(-999, 999, places=2).map(str)
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3)
)
RECORDS = st.lists(st.dictionaries(st.sampled_from("abcde"), VALUES, max_size=5), min_size=1, max_size=8)


@given(RECORDS)
def test_every_record_keeps_the_schema_that_is_made_of_it(records: list[dict[str, Any]]) -> None:
    schema = infer_schema(records)
    validator = Draft202012Validator(schema, validate_formats=True)

    assert meta.is_valid(schema)
    assert all(validator.is_valid(record) for record in records)


def test_what_all_have_is_required_and_kinds_are_told() -> None:
    schema = infer_schema(
        [
            {"no": "0815", "at": "2026-11-23", "sum": "12.50", "n": 1, "l": [{"x": None}], "secret": "4711-secret"},
            {"no": "AB", "at": "2026-11-24", "sum": "7", "n": 2.5, "l": [], "note": "x"},
        ]
    )

    assert schema["required"] == ["at", "l", "n", "no", "sum"]
    assert schema["properties"]["at"] == {"type": "string", "format": "date"}
    assert schema["properties"]["sum"] == {"type": "string", "pattern": "^-?[0-9]+([.][0-9]+)?$"}
    assert schema["properties"]["n"] == {"type": "number"}
    assert schema["properties"]["no"] == {"type": "string"}
    assert schema["properties"]["l"]["items"]["required"] == ["x"]
    assert "4711" not in json.dumps(schema)


def test_names_that_are_content_do_not_go_into_the_schema() -> None:
    schema = infer_schema([{"by_customer": {f"K-{number}": 1}} for number in range(100)])

    assert schema["properties"]["by_customer"] == {"type": "object", "additionalProperties": True}
