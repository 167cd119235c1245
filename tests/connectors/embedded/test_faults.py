import json
from collections.abc import Sequence

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from xconnector.connectors.embedded.faults import Discretion, named_character

SOURCES = ('#input.data.due\n#text(font: "Nowhere Sans")', '#assert(x, message: "no premium")')
DATA = json.dumps({"name": "Anna Meyerhold", "numbers": [4711.25], "yes": True, "none": None}).encode()


def told(message: str, sources: Sequence[str] = SOURCES, data: bytes = DATA) -> str:
    return Discretion(lambda: sources).without_content(message, data)


@pytest.mark.parametrize(
    "message, left",
    [
        ('dictionary does not contain key "due"', 'dictionary does not contain key "due"'),
        ('dictionary does not contain key "Otto"', 'dictionary does not contain key "…"'),
        ("unknown font family: nowhere sans", "unknown font family: nowhere sans"),
        ("unknown font family: otto", "unknown font family: …"),
        ("assertion failed: no premium", "assertion failed: no premium"),
        ("assertion failed: no premium for Otto", "assertion failed: …"),
        ('panicked with: "Otto"', "panicked with: …"),
        ("file not found (searched at /var/x/Otto)", "file not found"),
        ("cannot add integer and string", "cannot add integer and string"),
        ('expected "a", "Otto", or "due"', 'expected "…"'),
        ('found "Ot"to", again', 'found "…", again'),
        ("the key `Otto` and 'Otto'", "the key `…` and '…'"),
        ("Meyerhold is no number, nor is 4711.25", "… is no number, nor is …"),
        ("two\nlines", "two lines"),
    ],
)
def test_what_may_come_from_the_data_is_left_out(message: str, left: str) -> None:
    assert told(message) == left


@given(
    value=st.text(min_size=4), message=st.sampled_from(['no key "{}"', "panicked with: {}", "found `{}` here", "{}"])
)
def test_no_value_slips_through(value: str, message: str) -> None:
    assume(value.strip() and value.casefold() not in "\n".join(SOURCES).casefold())
    assume(value not in message and value != "…")

    assert value not in told(message.format(value), data=json.dumps({"x": value}).encode())


def test_a_character_is_named_so_that_it_can_be_looked_up() -> None:
    assert named_character("☃") == "☃ (U+2603, snowman)"
    assert named_character("\ue000") == "\ue000 (U+E000, no name)"
