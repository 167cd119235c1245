"""Keys of callers: kept as digests only."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from xconnector.postgres.connect import Connection
from xconnector.postgres.queries import Queries
from xconnector.store.rows import fetch_all

_QUERIES = Queries.load("xconnector.store", "keys.sql")


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedKey:
    """What is known of a key: everything but the key."""

    name: str
    purpose: str
    created_at: datetime
    revoked_at: datetime | None


def key_digest(key: str) -> str:
    """Return the digest under which a key is kept. A key has 256 random bits, so that one hash is enough."""
    return hashlib.sha256(key.encode()).hexdigest()


async def remember(connection: Connection, *, name: str, key: str, purpose: str, now: datetime) -> bool:
    """Keep a key under a name; False, and nothing is kept, where a key of that name still opens something."""
    cursor = await connection.execute(
        _QUERIES.remember, {"name": name, "sha256": key_digest(key), "purpose": purpose, "now": now}
    )
    return await cursor.fetchone() is not None


async def owners(connection: Connection, given: Sequence[tuple[str, str]]) -> list[str | None]:
    """Return the names of the callers to whom keys belong, each given as (key, purpose), in order.

    None for a key that does not open that purpose.
    """
    cursor = await connection.execute(
        _QUERIES.owners,
        {"sha256": [key_digest(key) for key, _ in given], "purposes": [purpose for _, purpose in given]},
    )
    names = {int(row[0]): str(row[1]) for row in await cursor.fetchall()}
    return [names.get(place) for place in range(1, len(given) + 1)]


async def revoke(connection: Connection, *, name: str, now: datetime) -> bool:
    """Let the key of that name open nothing any more; False where there is none that opens anything."""
    cursor = await connection.execute(_QUERIES.revoke, {"name": name, "now": now})
    return await cursor.fetchone() is not None


async def every_key(connection: Connection) -> list[NamedKey]:
    """Return every key that was ever made, by name, the revoked ones too."""
    return await fetch_all(connection, NamedKey, _QUERIES.every_key)
