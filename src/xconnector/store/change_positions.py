"""Of each row of a source that tells its changes, which one was the latest."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from xconnector.postgres.connect import Connection
from xconnector.postgres.queries import Queries

_QUERIES = Queries.load("xconnector.store", "change_positions.sql")


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangePosition:
    """One change of one row."""

    source: str
    row_key: str
    place: int | None
    """In the order of the source's log; None where it tells none."""
    as_of: datetime


async def advance(connection: Connection, changes: Sequence[ChangePosition]) -> dict[tuple[str, str], datetime]:
    """Remember changes, at most one of a row, and return those that are the latest of their rows.

    By source and row it says as of when they speak. The rows are locked until the transaction ends.
    """
    if not changes:
        return {}
    cursor = await connection.execute(
        _QUERIES.advance,
        {
            "sources": [change.source for change in changes],
            "row_keys": [change.row_key for change in changes],
            "places": [None if change.place is None else str(change.place) for change in changes],
            "as_of": [change.as_of for change in changes],
        },
    )
    return {(str(row[0]), str(row[1])): row[2] for row in await cursor.fetchall()}
