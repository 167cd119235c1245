"""The things of a list in a document, streamed."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xconnector.connectors.jsonl_file.settings import JsonlFileSettings
from xconnector.connectors.jsonl_file.source import jsonl_source
from xconnector.contract.errors import PermanentError
from xconnector.contract.file_source import FileRecord


def read(folder: Path, content: str | bytes, **said: object) -> list[FileRecord]:
    path = folder / "run.json"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    settings = JsonlFileSettings.model_validate({"key": ["id"], "layout": "list", **said})
    return list(jsonl_source(settings).records(path))


def test_a_list_gives_its_things_with_their_places_lines_and_bytes(tmp_path: Path) -> None:
    first, second = read(tmp_path, '[\n  {"id": 1},\n\n  {"id": 2,\n "a": []}\n]\n')

    assert (first.data, first.position, first.line, first.payload) == ({"id": 1}, 1, 2, b'{"id": 1}')
    assert (second.data, second.position, second.line) == ({"id": 2, "a": []}, 2, 4)


def test_a_list_in_a_document_is_found_by_its_name(tmp_path: Path) -> None:
    content: dict[str, object] = {
        "x": ["entry"],
        "y": {"entry": [0]},
        "entry": [{"resource": {"id": 1}}, {"other": {}}],
        "z": [9],
    }

    first, second = read(tmp_path, json.dumps(content), list="entry", inside="resource")

    assert first.data == {"id": 1}
    assert (second.data, second.wrong) == (None, "line 1: the record has no object resource")


def test_documents_that_follow_one_another_are_all_read(tmp_path: Path) -> None:
    content = '{"entry": [{"id": 1}, {"id": 2}]}\n{"x": [0], "entry": [{"id": 3}]}\n'

    assert [(one.data, one.position) for one in read(tmp_path, content, list="entry")] == [
        ({"id": 1}, 1),
        ({"id": 2}, 2),
        ({"id": 3}, 3),
    ]


def test_what_stands_in_text_opens_and_closes_nothing(tmp_path: Path) -> None:
    content = json.dumps([{"id": '}], "\\'}, {"id": "\\\\"}])

    assert [record.data for record in read(tmp_path, content)] == [{"id": '}], "\\'}, {"id": "\\\\"}]


@pytest.mark.parametrize(
    "content, told",
    [
        ('[{"id": 1}', "cut off"),
        ('{"entry": [{"id": 1}', "no list"),
        ('[{"id": 1}]]', "brackets do not match"),
        ('[{"id": 1}]\n{"id": 2}', "line 2: a document without the list"),
        ("", "no list"),
        ("{}", "no list"),
        ('"text"', "no list"),
    ],
)
def test_a_document_that_is_no_whole_list_is_refused(tmp_path: Path, content: str, told: str) -> None:
    with pytest.raises(PermanentError, match=told):
        read(tmp_path, content)


def test_things_that_are_no_records_are_set_aside_and_the_rest_passes(tmp_path: Path) -> None:
    content = '[{"id": 1}, 7, "x", [1, 2], null, {"id": NaN}, {"id": 2} {"id": 3}, {"id": 4}]'

    found = read(tmp_path, content)

    assert [record.data for record in found if record.data] == [{"id": 1}, {"id": 4}]
    assert len([record for record in found if record.wrong]) == 6


def test_a_thing_that_is_too_long_is_set_aside(tmp_path: Path) -> None:
    content = json.dumps([{"id": "x" * 200_000}, {"id": 2}])

    long, short = read(tmp_path, content, record_limit=1_000)

    assert (long.wrong, len(long.payload)) == ("line 1: the record has more than 1000 bytes", 1_001)
    assert short.data == {"id": 2}


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**60), 2**60) | st.text('a\\"[]{},:\n', max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text('ab"', max_size=3), inner, max_size=3),
    max_leaves=8,
)


@given(
    records=st.lists(st.dictionaries(st.text('a,"', max_size=3), JSON, max_size=3), max_size=6),
    indent=st.sampled_from([None, 0, 2]),
    name=st.sampled_from(["", "entry"]),
)
def test_no_thing_of_a_list_is_lost_or_doubled(
    tmp_path_factory: pytest.TempPathFactory, records: Sequence[Any], indent: int | None, name: str
) -> None:
    content = json.dumps({"a": 1, "entry": records} if name else records, indent=indent)

    found = read(tmp_path_factory.mktemp("list"), content, list=name)

    assert [record.data for record in found] == [*records]
