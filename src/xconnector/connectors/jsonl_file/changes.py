"""Change events in the shape of Debezium: what a row was and is, taken out of its envelope.

An envelope is `{before, after, source, op, ts_ms}`, with or without the schema that Kafka Connect puts around it.
A delete may be followed by a tombstone, an event without a value. What the schema knows of dates, times and decimals is
used: they arrive as counts of days or as bytes.
"""

import base64
import binascii
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any, cast

from xconnector.connectors.jsonl_file.lines import Line
from xconnector.domain.strict_json import Json

_TOMBSTONE = "tombstone"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_EPOCH_DAY = date(1970, 1, 1)
_LONGEST_DECIMAL = 64


def read_changes(lines: Iterator[Line]) -> Iterator[Line]:
    """Yield every line with the change that it tells, in the shape `{op, row, before, after, source, ts_ms, key}`.

    `op` is Debezium's `c`, `u`, `d`, `r` or `t`, or `tombstone`; `row` is what stands after the change, or stood before
    it where nothing does. A tombstone has the row and the source of the delete before it.
    """
    deleted: Mapping[str, Json] | None = None
    for line in lines:
        change, wrong = _change(line, deleted)
        deleted = change if change is not None and change["op"] == "d" else None
        yield Line(number=line.number, payload=line.payload, data=change, wrong=wrong)


def _change(line: Line, deleted: Mapping[str, Json] | None) -> tuple[dict[str, Any] | None, str]:
    if line.data is None and line.payload.strip() != b"null":
        return None, line.wrong
    key, value = _message(line.data)
    envelope, schema = _without_schema(value)
    if envelope is None:
        return _tombstone(key, deleted, line)
    op, before, after = envelope.get("op"), envelope.get("before"), envelope.get("after")
    row = after if isinstance(after, dict) else before
    if not isinstance(op, str) or not (isinstance(row, dict) or op == "t"):
        return None, f"line {line.number}: the record is no change event: it needs `op`, and `before` or `after`"
    typed = _Types(schema)
    return {
        "op": op,
        "row": typed.row(row),
        "before": typed.row(before),
        "after": typed.row(after),
        "source": envelope.get("source"),
        "ts_ms": envelope.get("ts_ms"),
        "key": key,
    }, ""


def _message(data: Mapping[str, Json] | None) -> tuple[Json, Json]:
    """Return key and value of a message that was written down with both, else no key and the thing itself."""
    if data is not None and "value" in data and "key" in data and "op" not in data:
        return _without_schema(data["key"])[0], data["value"]
    return None, cast("Json", data)


def _without_schema(value: Json) -> tuple[dict[str, Json] | None, Json]:
    if isinstance(value, dict) and "payload" in value and "op" not in value:
        payload = value["payload"]
        return (payload if isinstance(payload, dict) else None), value.get("schema")
    return (value if isinstance(value, dict) else None), None


def _tombstone(key: Json, deleted: Mapping[str, Json] | None, line: Line) -> tuple[dict[str, Any] | None, str]:
    if deleted is not None:
        return {**deleted, "op": _TOMBSTONE}, ""
    if isinstance(key, dict):
        return {"op": _TOMBSTONE, "row": key, "before": None, "after": None, "source": None, "key": key}, ""
    return None, f"line {line.number}: a tombstone without a key, and without the delete before it"


class _Types:
    """What a schema says of the columns of a row."""

    def __init__(self, schema: Json) -> None:
        self._readings: dict[str, Callable[[Json], Json]] = {}
        for row in _fields(schema):
            if row.get("field") in {"before", "after"}:
                for column in _fields(row):
                    self._note(column)

    def _note(self, column: Mapping[str, Json]) -> None:
        name, kind = column.get("field"), column.get("name")
        if not isinstance(name, str) or not isinstance(kind, str):
            return
        if kind == "org.apache.kafka.connect.data.Decimal":
            parameters = column.get("parameters")
            scale = parameters.get("scale") if isinstance(parameters, dict) else None
            self._readings[name] = lambda value: _decimal(value, scale)
        elif kind in _READINGS:
            self._readings[name] = _READINGS[kind]

    def row(self, row: Json) -> Json:
        if not isinstance(row, dict) or not self._readings:
            return row
        return {name: self._readings[name](value) if name in self._readings else value for name, value in row.items()}


def _fields(schema: Json) -> list[dict[str, Json]]:
    fields = schema.get("fields") if isinstance(schema, dict) else None
    return [one for one in fields if isinstance(one, dict)] if isinstance(fields, list) else []


def _day(value: Json) -> Json:
    if not isinstance(value, int) or isinstance(value, bool):
        return value
    try:
        return (_EPOCH_DAY + timedelta(days=value)).isoformat()
    except OverflowError:
        return value


def _moment(units_a_second: int) -> Callable[[Json], Json]:
    def read(value: Json) -> Json:
        if not isinstance(value, int) or isinstance(value, bool):
            return value
        try:
            return (_EPOCH + timedelta(microseconds=value * 1_000_000 // units_a_second)).isoformat()
        except OverflowError:
            return value

    return read


def _decimal(value: Json, scale: Json) -> Json:
    """Read the bytes of an unscaled number, the highest first, into decimal text."""
    if not isinstance(value, str):
        return value
    try:
        digits = base64.b64decode(value, validate=True)
        places = int(scale) if isinstance(scale, (str, int)) else 0
    except (binascii.Error, ValueError):
        return value
    if len(digits) > _LONGEST_DECIMAL or not 0 <= places <= _LONGEST_DECIMAL:
        return value
    number = int.from_bytes(digits, "big", signed=True)
    sign, text = "-" if number < 0 else "", str(abs(number)).rjust(places + 1, "0")
    return f"{sign}{text[:-places]}.{text[-places:]}" if places else f"{sign}{text}"


def _variable_decimal(value: Json) -> Json:
    return _decimal(value.get("value"), value.get("scale")) if isinstance(value, dict) else value


_READINGS: Mapping[str, Callable[[Json], Json]] = {
    "io.debezium.time.Date": _day,
    "org.apache.kafka.connect.data.Date": _day,
    "io.debezium.time.Timestamp": _moment(1_000),
    "org.apache.kafka.connect.data.Timestamp": _moment(1_000),
    "io.debezium.time.MicroTimestamp": _moment(1_000_000),
    "io.debezium.time.NanoTimestamp": _moment(1_000_000_000),
    "io.debezium.data.VariableScaleDecimal": _variable_decimal,
}
