"""Change events in the shape of Debezium: what a row was and is, taken out of its envelope, and its place in the order.

An envelope is `{before, after, source, op, ts_ms}`, with or without the schema that Kafka Connect puts around it.
A delete may be followed by a tombstone, an event without a value. What the schema knows of dates, times and decimals is
used: they arrive as counts of days or as bytes.
"""

import base64
import binascii
import hashlib
import json
import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta

from xconnector.domain.strict_json import Json

TOMBSTONE = "tombstone"
DELETE = "d"
TRUNCATE = "t"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_EPOCH_DAY = date(1970, 1, 1)
_LONGEST_DECIMAL = 64
_MOST_DIGITS = 30
_SQL_SERVER = re.compile(r"([0-9a-fA-F]{1,8}):([0-9a-fA-F]{1,8}):([0-9a-fA-F]{1,4})")
_BINLOG = re.compile(r".*\.(\d{1,12})")

Change = dict[str, Json]
"""`{op, row, before, after, source, ts_ms, key}`: `op` is Debezium's `c`, `u`, `d`, `r` or `t`, or `tombstone`; `row`
is what stands after the change, or stood before it where nothing does."""


class NoChangeError(ValueError):
    """It is no change event; the text says what it lacks, and shows nothing of it."""


def change_of(event: Json, *, deleted: Mapping[str, Json] | None = None) -> Change:
    """Return the change that an event tells; one that was taken out of its envelope already as it is.

    A tombstone has the row and the source of the delete before it, where `deleted` is that.

    Raises NoChangeError.
    """
    if isinstance(event, dict) and "op" in event and "row" in event:
        return event
    key, value = _message(event)
    envelope, schema = _without_schema(value)
    if envelope is None:
        return _tombstone(key, deleted)
    op, before, after = envelope.get("op"), envelope.get("before"), envelope.get("after")
    row = after if isinstance(after, dict) else before
    if not isinstance(op, str) or not (isinstance(row, dict) or op == TRUNCATE):
        raise NoChangeError("the record is no change event: it needs `op`, and `before` or `after`")
    typed = _Types(schema)
    return {
        "op": op,
        "row": typed.row(row),
        "before": typed.row(before),
        "after": typed.row(after),
        "source": envelope.get("source"),
        "ts_ms": envelope.get("ts_ms"),
        "key": key,
    }


def place_in_order(change: Mapping[str, Json]) -> int | None:
    """Return where a change stands in the order of its source's log, whatever its clock said; None where none is told.

    That is `lsn` (PostgreSQL), `scn` (Oracle), `commit_lsn` and `change_lsn` (SQL Server), or `file`, `pos` and `row`
    (MySQL): of one row, the change with the greater number is the later one.
    """
    source = change.get("source")
    if not isinstance(source, dict):
        return None
    for name in ("lsn", "scn"):
        if (number := _digits(source.get(name))) is not None:
            return number
    commit, within = _sql_server(source.get("commit_lsn")), _sql_server(source.get("change_lsn"))
    if commit is not None:
        return (commit << 80) | (within or 0)
    file, position = source.get("file"), _digits(source.get("pos"))
    if isinstance(file, str) and position is not None and (found := _BINLOG.fullmatch(file)):
        return (int(found[1]) << 96) | (position << 32) | (_digits(source.get("row")) or 0)
    return None


def changed_at(change: Mapping[str, Json]) -> datetime | None:
    """Return when the source's clock says that the row changed."""
    source = change.get("source")
    told = source.get("ts_ms") if isinstance(source, dict) else None
    milliseconds = told if isinstance(told, int) and told > 0 else change.get("ts_ms")
    if not isinstance(milliseconds, int) or isinstance(milliseconds, bool):
        return None
    try:
        return _EPOCH + timedelta(milliseconds=milliseconds)
    except OverflowError:
        return None


def change_digest(change: Mapping[str, Json]) -> str:
    """Return a SHA-256 of what a change says, whenever it was told: told again, it is the same."""
    said = [change.get(name) for name in ("op", "before", "after")]
    content = json.dumps([said, place_in_order(change)], sort_keys=True, separators=(",", ":"), default=str)
    return hashlib.sha256(content.encode()).hexdigest()


def _digits(value: Json) -> int | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value if value >= 0 else None
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= _MOST_DIGITS:
        return int(value)
    return None


def _sql_server(value: Json) -> int | None:
    found = _SQL_SERVER.fullmatch(value) if isinstance(value, str) else None
    return None if found is None else (int(found[1], 16) << 48) | (int(found[2], 16) << 16) | int(found[3], 16)


def _message(data: Json) -> tuple[Json, Json]:
    """Return key and value of a message that was written down with both, else no key and the thing itself."""
    if isinstance(data, dict) and "value" in data and "key" in data and "op" not in data:
        return _without_schema(data["key"])[0], data["value"]
    return None, data


def _without_schema(value: Json) -> tuple[dict[str, Json] | None, Json]:
    if isinstance(value, dict) and "payload" in value and "op" not in value:
        payload = value["payload"]
        return (payload if isinstance(payload, dict) else None), value.get("schema")
    return (value if isinstance(value, dict) else None), None


def _tombstone(key: Json, deleted: Mapping[str, Json] | None) -> Change:
    if deleted is not None:
        return {**deleted, "op": TOMBSTONE}
    if isinstance(key, dict):
        return {"op": TOMBSTONE, "row": key, "before": None, "after": None, "source": None, "key": key}
    raise NoChangeError("a tombstone without a key, and without the delete before it")


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
