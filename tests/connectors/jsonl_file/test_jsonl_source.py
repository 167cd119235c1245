import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xconnector.connectors.jsonl_file.settings import JsonlFileSettings
from xconnector.connectors.jsonl_file.source import jsonl_source
from xconnector.contract.errors import PermanentError
from xconnector.domain.event import BadRecord, SourceRecord


def settings(**said: object) -> JsonlFileSettings:
    return JsonlFileSettings.model_validate({"key": ["id"], **said})


def written(folder: Path, content: bytes | str) -> Path:
    path = folder / "run.jsonl"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def read(path: Path, **said: object) -> list[SourceRecord | BadRecord]:
    return list(jsonl_source(settings(**said)).read(path, source="claims", event_type="closed"))


def test_a_record_is_its_object_and_its_bytes(tmp_path: Path) -> None:
    (record,) = read(written(tmp_path, '{"id": "C1", "amount": 12.5}\r\n'))

    assert isinstance(record, SourceRecord)
    assert record.data == {"id": "C1", "amount": 12.5}
    assert record.payload == b'{"id": "C1", "amount": 12.5}'
    assert (record.source_key, record.position) == ("C1", 1)


def test_a_key_may_lie_deep_and_be_a_number(tmp_path: Path) -> None:
    (record,) = read(written(tmp_path, '{"claim": {"no": 7}, "id": "x"}\n'), key=["claim.no", "id"])

    assert record.source_key == "7/x"


def test_a_document_is_one_record_however_it_is_broken_into_lines(tmp_path: Path) -> None:
    path = written(tmp_path, json.dumps({"id": "C1", "items": [1, 2]}, indent=2))

    (record,) = read(path, layout="document")

    assert isinstance(record, SourceRecord)
    assert record.payload == path.read_bytes()


@pytest.mark.parametrize(
    "line, reason",
    [
        ("{", "line 2: no JSON"),
        ("[1]", "line 2: the record is no JSON object"),
        ('{"id": "a", "id": "b"}', "line 2: an object has the same key twice"),
        ('{"id": "a", "x": NaN}', "line 2: NaN is no JSON"),
        ('{"id": "a", "x": 1e999}', "line 2: a number is out of range"),
        ('{"id": "a", "x": "\\u0000"}', "line 2: text holds a NUL"),
        ('{"id": "a", "x": "\\ud800"}', "line 2: text holds half a surrogate pair"),
        ('{"id": "a", "x": ' + "[" * 9 + "]" * 9 + "}", "line 2: nested deeper than 5"),
        ('{"id": "a", "x": ' + "[" * 100_000 + "]" * 100_000 + "}", "line 2: nested deeper than 5"),
        ('{"x": 1}', "line 2: the record has no key: id is missing"),
        ('{"id": {"a": 1}}', "line 2: the record has no key: id is missing"),
        ('{"id": "a", "x": "' + "x" * 300_000 + '"}', "line 2: the record has more than 250000 bytes"),
        (b'{"id": "\xff"}', "line 2: byte 9 is not UTF-8"),
        ('{"id": "a", "x": ' + "9" * 5_000 + "}", "line 2: a number has too many digits"),
    ],
)
def test_a_line_that_cannot_be_read_is_set_aside_and_the_rest_passes(
    tmp_path: Path, line: str | bytes, reason: str
) -> None:
    raw = line if isinstance(line, bytes) else line.encode()
    path = written(tmp_path, b'{"id": "A"}\n' + raw + b'\n{"id": "B"}\n')

    first, bad, third = read(path, depth=5, record_limit=250_000)

    assert isinstance(bad, BadRecord)
    assert bad.reason.startswith(reason)
    assert (first.source_key, third.source_key) == ("A", "B")


def test_a_file_that_is_cut_off_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path, '{"id": "A"}\n{"id": "B", "te')

    with pytest.raises(PermanentError, match="cut off in line 2"):
        jsonl_source(settings()).totals(path)


def test_records_behind_the_trailer_stop_the_file(tmp_path: Path) -> None:
    path = written(tmp_path, '{"id": "A"}\n{"trailer": {"records": 1}}\n{"id": "B"}\n')

    with pytest.raises(PermanentError, match="line 3: records follow the trailer in line 2"):
        read(path, control={"kind": "trailer"})


def test_utf_16_is_told(tmp_path: Path) -> None:
    with pytest.raises(PermanentError, match="UTF-16"):
        read(written(tmp_path, '{"id": "A"}'.encode("utf-16")))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@given(records=st.lists(st.dictionaries(st.text(max_size=5), JSON, max_size=4), max_size=8), ascii_only=st.booleans())
def test_no_record_is_lost_or_doubled_whatever_it_holds(
    tmp_path_factory: pytest.TempPathFactory, records: Sequence[Mapping[str, Any]], ascii_only: bool
) -> None:
    numbered = [{**record, "id": str(at + 1)} for at, record in enumerate(records)]
    lines = "".join(f"{json.dumps(record, ensure_ascii=ascii_only)}\n" for record in numbered)
    path = written(tmp_path_factory.mktemp("jsonl"), lines)

    found = read(path)

    assert [
        record.source_key for record in found if isinstance(record, SourceRecord) or "NUL" not in record.reason
    ] == [
        record["id"]
        for record in numbered
        if "\0" not in json.dumps(record, ensure_ascii=False).replace("\\u0000", "\0")
    ]
    assert jsonl_source(settings()).totals(path).records == len(numbered) == len(found)
