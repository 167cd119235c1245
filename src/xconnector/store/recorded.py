"""Records that came in a time, read again as they were: to try something on them, or to make up for what was missed."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from xconnector.postgres.connect import Connection
from xconnector.postgres.queries import Queries
from xconnector.store.inbox import TakenRecord
from xconnector.store.rows import fetch_all, fetch_one

_QUERIES = Queries.load("xconnector.store", "recorded.sql")
_PAGE = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """Which records are meant."""

    feed: str
    event_type: str
    """Of the feed: records that were sent to us without its name."""
    since: datetime
    until: datetime
    """The first moment that is meant no more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Bounds:
    first: int | None
    last: int | None


async def pages(connection: Connection, window: Window) -> AsyncIterator[list[TakenRecord]]:
    """Yield the readable records of a window, taken and set aside, in the order in which they came."""
    told = {"since": window.since, "until": window.until}
    bounds = await fetch_one(connection, _Bounds, _QUERIES.bounds, **told)
    if bounds is None or bounds.first is None or bounds.last is None:
        return
    after = bounds.first - 1
    while page := await fetch_all(
        connection,
        TakenRecord,
        _QUERIES.page,
        after=after,
        last=bounds.last,
        feed=window.feed,
        event_type=window.event_type,
        most=_PAGE,
        **told,
    ):
        yield page
        after = page[-1].record_id


@dataclass(frozen=True, slots=True, kw_only=True)
class MadeOf:
    """A communication that a record asked for."""

    record_id: int
    name: str
    state: str


async def made_of(connection: Connection, record_ids: Sequence[int]) -> list[MadeOf]:
    """Return the communications that records asked for, however they ended."""
    return await fetch_all(connection, MadeOf, _QUERIES.made_of, record_ids=list(record_ids))


async def ask_again(connection: Connection, record_ids: Sequence[int], now: datetime) -> list[tuple[int, int]]:
    """Let taken records be asked again what they ask for; returns (record id, batch id) of those that will be."""
    cursor = await connection.execute(_QUERIES.ask_again, {"record_ids": list(record_ids), "now": now})
    return [(int(row[0]), int(row[1])) for row in await cursor.fetchall()]
