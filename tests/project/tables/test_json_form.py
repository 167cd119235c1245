import json
from typing import Any

import pytest

from xconnector.project.findings import Finding
from xconnector.project.tables.files import understood
from xconnector.project.tables.text import TableText

TABLE: dict[str, Any] = {
    "table": "ways",
    "hit": "unique",
    "inputs": [{"name": "x", "type": "text"}],
    "outputs": [{"name": "route", "type": "text", "values": "p, q"}],
    "rows": [
        {"id": "R1", "when": {"x": "a"}, "then": {"route": "p"}, "from": "2026-01-01"},
        {"id": "R2", "when": {"x": "not a"}, "then": {"route": "q"}},
    ],
    "tests": [{"test": "a is p", "on": "2026-02-01", "given": {"x": "a"}, "row": "R1"}],
}


def read(said: object, *, indent: int | None = 1) -> tuple[TableText | None, list[Finding]]:
    return understood("ways", "t.json", json.dumps(said, indent=indent).encode(), form=".json")


def told(said: object) -> list[str]:
    return [str(finding) for finding in read(said)[1]]


def with_row(**change: object) -> dict[str, Any]:
    first, second = TABLE["rows"]
    return {**TABLE, "rows": [first, {**second, **change}]}


def test_rows_and_tests_have_the_lines_where_they_begin() -> None:
    found, wrong = read(TABLE)

    assert wrong == []
    assert found is not None
    lines = json.dumps(TABLE, indent=1).split("\n")
    assert {row: lines[line].strip() for row, line in found.rows.items()} == {"R1": '"id": "R1",', "R2": '"id": "R2",'}
    assert lines[found.cases["a is p"]].strip() == '"test": "a is p",'
    assert lines[found.header - 1].strip() == '"rows": ['


def test_a_mark_of_the_byte_order_says_nothing() -> None:
    assert understood("ways", "t", b"\xef\xbb\xbf" + json.dumps(TABLE).encode(), form=".json")[1] == []


@pytest.mark.parametrize(
    "said, finding",
    [
        ([], "t.json:1: "),
        ({**TABLE, "tabel": "x"}, "t.json:48: unknown key 'tabel' → did you mean 'table'?"),
        ({**TABLE, "hit": "uniqe"}, "t.json:3: there is no hit policy 'uniqe' → did you mean 'unique'?"),
        ({**TABLE, "gaps": ""}, "t.json:48: the setting 'gaps' says nothing → write why no row may fit"),
        (with_row(then={"rout": "q"}), "t.json:34: row R2: there is no output 'rout' → name it under outputs"),
        (with_row(when={"y": "q"}), "t.json:31: row R2: there is no input 'y' → name it under inputs"),
        (
            with_row(when={"x": 5}),
            "t.json:31: `rows.1.when.x`: must be text, in quotes where it looks like a number → ",
        ),
        (with_row(begins="2026-01-01"), "t.json:36: unknown key 'begins'"),
        (with_row(when={"x": "> > 5"}), "t.json:28: row R2, column 2 (when x): cell '> > 5' is not understood"),
    ],
)
def test_what_is_wrong_is_told_with_its_line(said: object, finding: str) -> None:
    assert [one for one in told(said) if one.startswith(finding)], told(said)


@pytest.mark.parametrize(
    "content, finding",
    [
        (b"{\n\n", "t.json:3: this is no JSON that is taken: no JSON: Expecting property name"),
        (b'{"a": 1,\n"b": {"a": 1},\n"a": 2}', "t.json:3: this is no JSON that is taken: an object has the same key"),
        (b'{"table": "\\ud800"}', "t.json:1: this is no JSON that is taken: text holds half a surrogate pair"),
        (b"[" * 100_000, "t.json:1: this is no JSON that is taken: nested deeper than 8"),
        (b"[" * 12 + b"]" * 12, "t.json:1: this is no JSON that is taken: nested deeper than 8"),
        (b"\xff", "t.json:1: this is no JSON that is taken: byte 1 is not UTF-8"),
        (b"1" * 1_000_001, "t.json:1: the file has more than 1000000 bytes"),
    ],
)
def test_what_is_no_json_is_told_with_its_line(content: bytes, finding: str) -> None:
    (found,) = understood("t", "t.json", content, form=".json")[1]
    assert str(found).startswith(finding)


def test_more_rows_than_a_table_may_have_are_refused() -> None:
    rows = [{"id": f"R{at}", "when": {}, "then": {"route": "p"}} for at in range(2_001)]
    (found,) = told({**TABLE, "rows": rows})
    assert found.startswith("t.json:17: `rows`: must have at most 2,000 entries")
