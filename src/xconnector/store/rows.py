"""Reading rows as named things, and JSON columns as typed ones."""

from collections.abc import Mapping
from typing import Any, TypeVar

import msgspec
from psycopg.rows import class_row

from xconnector.postgres.connect import Connection

R = TypeVar("R")
_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(dict[str, Any])


async def fetch_all(connection: Connection, kind: type[R], query: bytes, **parameters: object) -> list[R]:
    """Run a query and return its rows as `kind`, whose fields are the columns' names."""
    async with connection.cursor(row_factory=class_row(kind)) as cursor:
        await cursor.execute(query, parameters)
        return await cursor.fetchall()


async def fetch_one(connection: Connection, kind: type[R], query: bytes, **parameters: object) -> R | None:
    """Run a query and return its first row as `kind`, or None."""
    async with connection.cursor(row_factory=class_row(kind)) as cursor:
        await cursor.execute(query, parameters)
        return await cursor.fetchone()


def to_json(value: object) -> str:
    """Encode for a JSON column; dataclasses, dates, UUIDs and Decimals included."""
    return _encoder.encode(value).decode()


def from_json(text: str) -> dict[str, Any]:
    """Decode a JSON object as it was stored."""
    return _decoder.decode(text)


def optional_json(value: Mapping[str, object] | None) -> str | None:
    """Encode for a JSON column that may be null."""
    return None if value is None else to_json(value)
