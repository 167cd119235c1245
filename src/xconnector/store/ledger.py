"""The ledger: the append-only history of every record and communication."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from msgspec import Struct

from xconnector.domain.communication import State
from xconnector.postgres.connect import Connection, copy_rows
from xconnector.postgres.queries import Queries
from xconnector.store.rows import fetch_all, from_json, optional_json

_QUERIES = Queries.load("xconnector.store", "ledger.sql")


class Entry(Struct, frozen=True, kw_only=True):
    """One thing that happened. `state` is set where it moved the communication.

    A struct, because each communication makes eight: as dataclasses they took a twelfth of a worker's time.
    """

    at: datetime
    batch_id: int
    event: str
    record_id: int | None = None
    communication_id: UUID | None = None
    state: State | None = None
    actor: str | None = None
    detail: Mapping[str, Any] | None = None


async def append(connection: Connection, entries: Iterable[Entry]) -> None:
    """Append entries in the order given, in the caller's transaction."""
    rows = [
        (
            entry.at,
            entry.batch_id,
            entry.record_id,
            entry.communication_id,
            entry.event,
            entry.state,
            entry.actor,
            optional_json(entry.detail),
        )
        for entry in entries
    ]
    await copy_rows(connection, _QUERIES.append, rows)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Row:
    at: datetime
    batch_id: int
    event: str
    record_id: int | None
    communication_id: UUID | None
    state: str | None
    actor: str | None
    detail: str | None


async def history(connection: Connection, communication_id: UUID) -> list[Entry]:
    """Return everything that happened to a communication, oldest first, with the intake of its record."""
    rows = await fetch_all(connection, _Row, _QUERIES.history, communication_id=communication_id)
    return [
        Entry(
            at=row.at,
            batch_id=row.batch_id,
            event=row.event,
            record_id=row.record_id,
            communication_id=row.communication_id,
            state=State(row.state) if row.state else None,
            actor=row.actor,
            detail=from_json(row.detail) if row.detail else None,
        )
        for row in rows
    ]
