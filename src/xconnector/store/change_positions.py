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
    customer_key: str
    """Of whom the row speaks from now on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Advanced:
    """A change that is the latest of its row."""

    as_of: datetime
    """When it speaks."""
    left: str | None
    """The customer of whom the row spoke until now, where that is another one."""


async def advance(connection: Connection, changes: Sequence[ChangePosition]) -> dict[tuple[str, str], Advanced]:
    """Remember changes, at most one of a row, and return those that are the latest of their rows, by source and row.

    The rows are locked until the transaction ends.
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
            "customer_keys": [change.customer_key for change in changes],
        },
    )
    return {(str(row[0]), str(row[1])): Advanced(as_of=row[2], left=row[3]) for row in await cursor.fetchall()}
