import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from xconnector.project.tables.json_lines import line_of_repeated_key, lines_of

TEXT = """\
{"a": [
   1, {"b": "x\\\\", "c[]": {}},
   []
 ],

 "d": {
   "e": null}
}
"""

VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.integers() | st.text(st.sampled_from('a"\\{}[],:\n'), max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=12,
)


def test_every_key_and_every_item_has_the_line_where_it_begins() -> None:
    assert lines_of(TEXT) == {
        ("a",): 1,
        ("a", 0): 2,
        ("a", 1): 2,
        ("a", 1, "b"): 2,
        ("a", 1, "c[]"): 2,
        ("a", 2): 3,
        ("d",): 6,
        ("d", "e"): 7,
    }


@given(VALUES, st.integers(0, 2))
def test_all_places_of_a_text_are_found_where_they_stand(value: object, indent: int) -> None:
    text = json.dumps(value, indent=indent)
    lines = text.split("\n")

    for place, line in lines_of(text).items():
        found: Any = value
        for step in place:
            found = found[step]
        begins = json.dumps(place[-1]) if isinstance(place[-1], str) else json.dumps(found)[:1]
        assert lines[line - 1].lstrip().startswith(begins)


def test_a_key_that_is_repeated_has_the_line_of_its_second_place() -> None:
    assert line_of_repeated_key('{"a": {"b": 1},\n "b": 2,\n "b": 3}') == 3
