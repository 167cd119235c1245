"""Mappings that ever made something of a record, under their SHA-256."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from xconnector.postgres.connect import Connection
from xconnector.postgres.queries import Queries
from xconnector.store.rows import fetch_one

_QUERIES = Queries.load("xconnector.store", "mappings.sql")


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptMapping:
    """A mapping as it is kept."""

    sha256: str
    """Of its content."""
    name: str
    content: str
    """Its file as JSON, keys in their order; `project/mapping_versions.py` reads it."""


async def keep(connection: Connection, mappings: Sequence[KeptMapping], now: datetime) -> None:
    """Keep mappings. One that is kept already stays as it is."""
    if not mappings:
        return
    await connection.execute(
        _QUERIES.keep,
        {
            "digests": [one.sha256 for one in mappings],
            "names": [one.name for one in mappings],
            "contents": [one.content for one in mappings],
            "now": now,
        },
    )


async def find(connection: Connection, sha256: str) -> KeptMapping | None:
    """Return the mapping that is kept under a digest, or None."""
    return await fetch_one(connection, KeptMapping, _QUERIES.find, sha256=sha256)
