"""Rows of the reporting views, streamed in the order of their time, however many there are."""

from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from psycopg.postgres import types

from xconnector.postgres.connect import Connection
from xconnector.postgres.queries import Queries

_QUERIES = Queries.load("xconnector.store", "reporting_rows.sql")
TIME_OF = {
    "run": "started_at",
    "record": "received_at",
    "communication": "ordered_at",
    "dispatch": "intended_at",
    "delivery_event": "arrived_at",
    "suppression": "recorded_at",
    "failure": "failed_at",
}
"""By view that can be streamed, the column whose time never changes."""
ROWS_AT_ONCE = 10_000


class ColumnKind(StrEnum):
    """What a column holds."""

    TEXT = "text"
    WHOLE_NUMBER = "whole number"
    TRUTH = "truth"
    MOMENT = "moment"


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Some rows that follow each other, with the columns of their view."""

    columns: Sequence[tuple[str, ColumnKind]]
    rows: Sequence[tuple[Any, ...]]


_KINDS = {
    types[name].oid: kind
    for name, kind in {
        "int2": ColumnKind.WHOLE_NUMBER,
        "int4": ColumnKind.WHOLE_NUMBER,
        "int8": ColumnKind.WHOLE_NUMBER,
        "bool": ColumnKind.TRUTH,
        "timestamptz": ColumnKind.MOMENT,
    }.items()
}


async def pages(connection: Connection, view: str, *, since: datetime, until: datetime) -> AsyncGenerator[Page]:
    """Yield the rows of a view between two times (the later one excluded), in an open transaction.

    The server keeps what is not read yet: memory does not grow with the number of rows.
    """
    async with connection.cursor(name=f"rows_of_{view}") as cursor:
        await cursor.execute(_QUERIES[view], {"since": since, "until": until})
        columns = [(column.name, _KINDS.get(column.type_code, ColumnKind.TEXT)) for column in cursor.description or ()]
        while rows := await cursor.fetchmany(ROWS_AT_ONCE):
            yield Page(columns=columns, rows=rows)
