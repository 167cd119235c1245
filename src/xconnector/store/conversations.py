"""Conversations by text message: which hand-overs a number was written to with, so that its answers find them."""

from collections.abc import Sequence

from xconnector.postgres.connect import Connection
from xconnector.postgres.queries import Queries

_QUERIES = Queries.load("xconnector.store", "conversations.sql")


async def hand_overs_to(connection: Connection, asked: Sequence[tuple[str, str]]) -> list[list[str]]:
    """Return for each pair of connection and number (E.164) the latest hand-over to every customer there.

    That of the latest of all stands first. One query for all pairs.
    """
    found: list[list[str]] = [[] for _ in asked]
    if not asked:
        return found
    connections, numbers = zip(*asked, strict=True)
    cursor = await connection.execute(
        _QUERIES.hand_overs_to, {"connections": list(connections), "numbers": list(numbers)}
    )
    for row in await cursor.fetchall():
        found[int(row[0]) - 1].append(str(row[1]))
    return found
