import json
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xconnector.domain.strict_json import StrictJsonError, read_json

STORABLE = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=10)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | STORABLE,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(STORABLE, inner, max_size=4),
    max_leaves=12,
)


@given(JSON, st.booleans())
def test_what_every_reader_understands_comes_back(value: object, ascii_only: bool) -> None:
    assert read_json(json.dumps(value, ensure_ascii=ascii_only).encode()) == value


@pytest.mark.parametrize(
    "content, told",
    [
        (b'{"a": 1, "a": 1}', "same key twice"),
        (b"[NaN]", "NaN"),
        (b"[-Infinity]", "-Infinity"),
        (b"[1e400]", "out of range"),
        (b'["\\u0000"]', "NUL"),
        (b'{"\\u0000": 1}', "NUL"),
        (b'["\\ud83d"]', "surrogate"),
        (b'"\xc3"', "byte 2 is not UTF-8"),
        (b"[1,]", "no JSON"),
        (b"[" * 100_000, "no JSON|nested"),
        (b"[" * 66 + b"]" * 66, "nested deeper than 64"),
        (b"9" * 5_000, "too many digits"),
    ],
)
def test_what_readers_disagree_on_is_refused(content: bytes, told: str) -> None:
    with pytest.raises(StrictJsonError, match=told):
        read_json(content)


def test_the_cap_itself_is_allowed() -> None:
    assert read_json(b"[" * 64 + b"]" * 64)


@given(st.binary(max_size=80))
def test_whatever_arrives_is_json_or_told(content: bytes) -> None:
    with suppress(StrictJsonError):
        read_json(content)
