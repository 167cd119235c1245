"""Change events in the shape of Debezium."""

import json
from base64 import b64encode
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xconnector.connectors.jsonl_file.settings import JsonlFileSettings
from xconnector.connectors.jsonl_file.source import jsonl_source
from xconnector.contract.file_source import FileRecord

SOURCE = {"table": "customers", "lsn": 7}


def read(folder: Path, *events: object) -> list[FileRecord]:
    path = folder / "run.jsonl"
    path.write_text("".join(f"{json.dumps(event)}\n" for event in events), encoding="utf-8")
    settings = JsonlFileSettings.model_validate({"key": ["op"], "change_events": True})
    return list(jsonl_source(settings).records(path))


def change(op: str, before: object, after: object) -> dict[str, object]:
    return {"op": op, "before": before, "after": after, "source": SOURCE, "ts_ms": 1}


def with_schema(columns: list[dict[str, Any]], row: dict[str, object]) -> dict[str, object]:
    schema = {"fields": [{"field": "before", "fields": columns}, {"field": "after", "fields": columns}]}
    return {"schema": schema, "payload": change("c", None, row)}


def row_of(record: FileRecord) -> object:
    assert record.data is not None, record.wrong
    return record.data["row"]


def test_the_row_is_what_stands_after_or_stood_before(tmp_path: Path) -> None:
    created, updated, deleted = read(
        tmp_path, change("c", None, {"id": 1}), change("u", {"id": 1}, {"id": 2}), change("d", {"id": 2}, None)
    )

    assert [row_of(one) for one in (created, updated, deleted)] == [{"id": 1}, {"id": 2}, {"id": 2}]
    assert updated.data is not None
    assert updated.data["before"] == {"id": 1}


def test_a_tombstone_belongs_to_the_delete_before_it(tmp_path: Path) -> None:
    _, tombstone, stray = read(tmp_path, change("d", {"id": 2}, None), None, None)

    assert tombstone.data is not None
    assert (tombstone.data["op"], tombstone.data["row"], tombstone.data["source"]) == ("tombstone", {"id": 2}, SOURCE)
    assert stray.wrong == "line 3: a tombstone without a key, and without the delete before it"


def test_a_message_may_come_with_its_key(tmp_path: Path) -> None:
    created, tombstone = read(
        tmp_path,
        {"key": {"schema": {}, "payload": {"id": 1}}, "value": change("c", None, {"id": 1, "name": "Ada"})},
        {"key": {"id": 1}, "value": None},
    )

    assert created.data is not None
    assert created.data["key"] == {"id": 1}
    assert tombstone.data is not None
    assert (tombstone.data["op"], tombstone.data["row"]) == ("tombstone", {"id": 1})


def test_a_truncate_has_no_row(tmp_path: Path) -> None:
    [truncated] = read(tmp_path, change("t", None, None))

    assert row_of(truncated) is None


@pytest.mark.parametrize("event", [{}, {"op": "c"}, {"op": 1, "after": {}}, {"schema": {}, "payload": {"a": 1}}, 7, []])
def test_what_is_no_change_event_is_set_aside_and_the_rest_passes(tmp_path: Path, event: object) -> None:
    wrong, right = read(tmp_path, event, change("c", None, {"id": 1}))

    assert wrong.data is None
    assert wrong.wrong is not None
    assert wrong.wrong.startswith("line 1: ")
    assert row_of(right) == {"id": 1}


@pytest.mark.parametrize(
    "column, value, read_as",
    [
        ({"name": "io.debezium.time.Date"}, 20788, "2026-12-01"),
        ({"name": "org.apache.kafka.connect.data.Date"}, -1, "1969-12-31"),
        ({"name": "io.debezium.time.Timestamp"}, 1_796_083_200_000, "2026-12-01T00:00:00+00:00"),
        ({"name": "io.debezium.time.MicroTimestamp"}, 1_796_083_200_000_001, "2026-12-01T00:00:00.000001+00:00"),
        ({"name": "io.debezium.time.NanoTimestamp"}, 1_796_083_200_000_000_000, "2026-12-01T00:00:00+00:00"),
        ({"name": "io.debezium.time.ZonedTimestamp"}, "2026-12-01T00:00:00Z", "2026-12-01T00:00:00Z"),
        ({"name": "io.debezium.data.VariableScaleDecimal"}, {"scale": 1, "value": "ew=="}, "12.3"),
        ({"name": "io.debezium.time.Date"}, None, None),
        ({"name": "io.debezium.time.Date"}, 10**15, 10**15),
        ({"name": "io.debezium.time.Date"}, "text", "text"),
        ({"name": "org.apache.kafka.connect.data.Decimal", "parameters": {"scale": "x"}}, "ew==", "ew=="),
        ({"name": "org.apache.kafka.connect.data.Decimal"}, "no base64!", "no base64!"),
        ({"name": "some.other.Type"}, 5, 5),
        ({}, 5, 5),
    ],
)
def test_the_schema_says_what_a_count_or_bytes_mean(
    tmp_path: Path, column: dict[str, Any], value: object, read_as: object
) -> None:
    [record] = read(tmp_path, with_schema([{"field": "x", **column}], {"x": value, "y": 1}))

    assert row_of(record) == {"x": read_as, "y": 1}


@given(unscaled=st.integers(-(2**80), 2**80), scale=st.integers(0, 12))
def test_a_decimal_comes_out_as_it_went_in(tmp_path_factory: pytest.TempPathFactory, unscaled: int, scale: int) -> None:
    digits = b64encode(unscaled.to_bytes(14, "big", signed=True)).decode()
    column = {
        "field": "x",
        "name": "org.apache.kafka.connect.data.Decimal",
        "parameters": {"scale": str(scale)},
    }

    [record] = read(tmp_path_factory.mktemp("decimal"), with_schema([column], {"x": digits}))

    assert record.data is not None
    assert Decimal(record.data["row"]["x"]) == Decimal(unscaled).scaleb(-scale)
