"""Keys of callers: kept as digests only."""

import hashlib
from datetime import datetime

from xconnector.postgres.connect import Connection
from xconnector.postgres.queries import Queries

_QUERIES = Queries.load("xconnector.store", "keys.sql")


def key_digest(key: str) -> str:
    """Return the digest under which a key is kept. A key has 256 random bits, so that one hash is enough."""
    return hashlib.sha256(key.encode()).hexdigest()


async def remember(connection: Connection, *, name: str, key: str, purpose: str, now: datetime) -> None:
    """Keep a key under a name; an earlier one of that name is replaced."""
    await connection.execute(
        _QUERIES.remember, {"name": name, "sha256": key_digest(key), "purpose": purpose, "now": now}
    )


async def owner(connection: Connection, *, key: str, purpose: str) -> str | None:
    """Return the name of the caller to whom a key belongs, or None when it opens nothing."""
    cursor = await connection.execute(_QUERIES.owner, {"sha256": key_digest(key), "purpose": purpose})
    row = await cursor.fetchone()
    return None if row is None else str(row[0])
