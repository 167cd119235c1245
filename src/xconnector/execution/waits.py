"""Waits: a row with a due time, never a parked task. 100,000 of them cost rows, not memory.

The row becomes a job of its stage when its time comes. Of the waits with one key there is one: the last that was begun.
"""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from xconnector.execution.jobs import Id, Priority
from xconnector.postgres.connect import Connection
from xconnector.postgres.queries import Queries

_QUERIES = Queries.load("xconnector.execution", "waits.sql")

SWEPT_AT_ONCE = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait:
    """At `due_at` the stage is run with these ids, unless another wait of that key is begun before."""

    due_at: datetime
    stage: str
    ids: Mapping[str, Id]
    priority: int = Priority.BULK
    key: str | None = None


async def wait_until(connection: Connection, *waits: Wait) -> None:
    """Begin waits in the caller's transaction; one with a key that waits already takes its place.

    Two waits of one call must not share a key.
    """
    if not waits:
        return
    await connection.execute(
        _QUERIES.begin_waits,
        {
            "due_at": [wait.due_at for wait in waits],
            "stage": [wait.stage for wait in waits],
            "payload": [json.dumps(dict(wait.ids)) for wait in waits],
            "priority": [int(wait.priority) for wait in waits],
            "key": [wait.key for wait in waits],
        },
    )


async def sweep_due_waits(connection: Connection, stages: Collection[str]) -> int:
    """Make jobs of up to `SWEPT_AT_ONCE` due waits of these stages; returns of how many.

    Several workers may sweep at the same time: each takes rows that no other has taken.
    """
    cursor = await connection.execute(_QUERIES.sweep_due_waits, {"stages": list(stages), "most": SWEPT_AT_ONCE})
    row = await cursor.fetchone()
    return int(row[0]) if row is not None else 0
