"""Reports that were promised and have not come."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from xconnector.postgres.connect import Connection
from xconnector.postgres.queries import Queries
from xconnector.store.rows import fetch_all

_QUERIES = Queries.load("xconnector.store", "awaited_reports.sql")


@dataclass(frozen=True, slots=True, kw_only=True)
class Awaited:
    """A hand-over of which its channel is to be asked."""

    dispatch_key: str
    reference: str | None
    """The channel's own name for it."""


async def await_reports(
    connection: Connection,
    name: str,
    dispatch_keys: Sequence[str],
    *,
    final: bool,
    ask_at: datetime | None,
    now: datetime,
) -> None:
    """Await reports of a connection on hand-overs, final ones or any; None asks for none of them."""
    parameters = {"name": name, "keys": sorted(dispatch_keys), "final": final, "ask_at": ask_at, "now": now}
    await connection.execute(_QUERIES.await_reports, parameters)


async def end(connection: Connection, dispatch_keys: Sequence[str], *, acknowledged: Sequence[str] = ()) -> set[str]:
    """Await no report on these hand-overs any more, and return on which one was awaited.

    Of those that were `acknowledged` alone, a final report is still awaited where it was promised.
    """
    if not dispatch_keys and not acknowledged:
        return set()
    parameters = {"keys": sorted(dispatch_keys), "acknowledged": sorted(acknowledged)}
    return {str(row[0]) for row in await (await connection.execute(_QUERIES.end, parameters)).fetchall()}


async def take_due(connection: Connection, name: str, *, latest: timedelta, most: int, now: datetime) -> list[Awaited]:
    """Return of which hand-overs a connection is to be asked now; each is asked again when its age has doubled.

    `latest` is the age at which it is asked for the last time.
    """
    return await fetch_all(connection, Awaited, _QUERIES.take_due, name=name, latest=latest, most=most, now=now)


async def ask_again(connection: Connection, dispatch_keys: Sequence[str], *, at: datetime) -> None:
    """Ask at another time for these, which were taken and not asked for."""
    await connection.execute(_QUERIES.ask_again, {"keys": sorted(dispatch_keys), "at": at})


async def late(connection: Connection, name: str, *, before: datetime, most: int) -> list[str]:
    """Return the keys of hand-overs that have waited since before a time, the oldest first."""
    cursor = await connection.execute(_QUERIES.late, {"name": name, "before": before, "most": most})
    return [str(row[0]) for row in await cursor.fetchall()]
