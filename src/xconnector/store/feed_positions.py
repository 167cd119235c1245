"""How far each feed has read of its source, when it was asked last, and what kept it."""

from dataclasses import dataclass, field
from datetime import datetime

from xconnector.postgres.connect import Connection
from xconnector.postgres.queries import Queries
from xconnector.store.rows import fetch_all, fetch_one

_QUERIES = Queries.load("xconnector.store", "feed_positions.sql")


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedPosition:
    """Where a feed stands."""

    feed: str
    # A position may hold keys of customers: it is no content for logs.
    position: str | None = field(repr=False)
    """As the source gave it; None before its beginning, and for drops."""
    asked_at: datetime
    """When the source was last asked, or its drop last looked at."""
    moved_at: datetime | None
    """When it last gave something new."""
    trouble: str | None
    trouble_since: datetime | None
    has_more: bool
    """Whether its source had more to give when it was read last."""


async def find(connection: Connection, feed: str) -> FeedPosition | None:
    """Return where a feed stands; None before it was ever asked."""
    return await fetch_one(connection, FeedPosition, _QUERIES.find, feed=feed)


async def all_of_them(connection: Connection) -> list[FeedPosition]:
    """Return where every feed stands that was ever asked."""
    return await fetch_all(connection, FeedPosition, _QUERIES.all_of_them)


async def advance(
    connection: Connection,
    feed: str,
    *,
    origin: str | None,
    target: str | None,
    has_news: bool,
    has_more: bool,
    now: datetime,
) -> bool:
    """Move a feed from one position to another; False where it does not stand there any more."""
    cursor = await connection.execute(
        _QUERIES.advance,
        {"feed": feed, "from": origin, "position": target, "has_news": has_news, "now": now},
    )
    if await cursor.fetchone() is None:
        return False
    await connection.execute(_QUERIES.leave_unread if has_more else _QUERIES.read_to_end, {"feed": feed})
    return True


async def forget(connection: Connection, feed: str) -> bool:
    """Let a feed begin anew; False where it is at its beginning."""
    return await (await connection.execute(_QUERIES.forget, {"feed": feed})).fetchone() is not None


async def note(connection: Connection, feed: str, *, trouble: str | None, has_news: bool, now: datetime) -> None:
    """Note that a feed was asked, and what kept it; None where all was well."""
    await connection.execute(_QUERIES.note, {"feed": feed, "trouble": trouble, "has_news": has_news, "now": now})
