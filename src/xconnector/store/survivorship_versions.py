"""Tables of survivorship that ever decided, and since when: yesterday's letter has yesterday's golden record."""

from dataclasses import dataclass, field
from datetime import datetime

from xconnector.postgres.connect import Connection
from xconnector.postgres.queries import Queries
from xconnector.store.rows import fetch_one

_QUERIES = Queries.load("xconnector.store", "survivorship_versions.sql")


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptSurvivorship:
    """A table of survivorship as it is kept."""

    sha256: str
    """Of its content."""
    content: str = field(repr=False)
    """Its rows as JSON; `project/survivorship_versions.py` reads them."""


async def keep(connection: Connection, rules: KeptSurvivorship, now: datetime) -> None:
    """Keep which table decides from now on, in a transaction; nothing is written where it decided last.

    Whoever comes at the same moment waits, and then finds it kept.
    """
    last = await (await connection.execute(_QUERIES.last)).fetchone()
    if last is not None and last[0] == rules.sha256:
        return
    await connection.execute(_QUERIES.hold)
    await connection.execute(_QUERIES.keep, {"sha256": rules.sha256, "content": rules.content, "now": now})


async def known_at(connection: Connection, at: datetime) -> KeptSurvivorship | None:
    """Return the table that decided at a moment, of a moment before the first the first; None where none ever did."""
    return await fetch_one(connection, KeptSurvivorship, _QUERIES.known_at, known_at=at)
