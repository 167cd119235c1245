"""Requests in which providers report: kept once each, and whose hand-overs they speak of."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from xconnector.postgres.connect import Connection
from xconnector.postgres.queries import Queries

_QUERIES = Queries.load("xconnector.store", "report_requests.sql")


@dataclass(frozen=True, slots=True, kw_only=True)
class RawRequest:
    """One proven request."""

    connection: str
    body: bytes = field(repr=False)
    once: str | None = field(default=None, repr=False)
    """What may be used for one request only."""

    @property
    def sha256(self) -> bytes:
        return hashlib.sha256(self.body).digest()


async def keep(connection: Connection, requests: Sequence[RawRequest], now: datetime) -> dict[tuple[str, bytes], int]:
    """Keep requests as they came, each once, and return the ids of those that are new, by connection and digest."""
    cursor = await connection.execute(
        _QUERIES.keep,
        {
            "connections": [request.connection for request in requests],
            "digests": [request.sha256 for request in requests],
            "onces": [request.once for request in requests],
            "bodies": [request.body for request in requests],
            "now": now,
        },
    )
    return {(str(row[1]), bytes(row[2])): int(row[0]) for row in await cursor.fetchall()}


async def kept_before(connection: Connection, requests: Iterable[RawRequest]) -> set[tuple[str, bytes]]:
    """Return by connection and digest which of these requests are kept."""
    asked = [(request.connection, request.sha256) for request in requests]
    cursor = await connection.execute(
        _QUERIES.kept_before,
        {"connections": [name for name, _ in asked], "digests": [digest for _, digest in asked]},
    )
    return {(str(row[0]), bytes(row[1])) for row in await cursor.fetchall()}


async def forget_bodies(connection: Connection, *, before: datetime, most: int) -> int:
    """Forget the bytes of requests that arrived before a time, the oldest first; returns of how many."""
    return (await connection.execute(_QUERIES.forget_bodies, {"before": before, "most": most})).rowcount


async def await_no_receipts(connection: Connection, names: Iterable[str]) -> None:
    """Wait until no receipts of these connections are being recorded, and keep such waiting until the end."""
    await connection.execute(_QUERIES.await_no_receipts, {"connections": sorted(set(names))})


async def await_no_reports(connection: Connection, name: str) -> None:
    """Wait until no reports on unknown hand-overs of a connection are being kept, and keep such waiting.

    Whoever records receipts asks this before it locks anything: so that each report finds its receipt, or is found by
    it.
    """
    await connection.execute(_QUERIES.await_no_reports, {"connection": name})


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """How a report names its hand-over."""

    connection: str
    """That handed over."""
    dispatch_key: str | None
    """As it was given along and came back."""
    reference: str | None
    """As the receipt has it."""

    @property
    def placeholder(self) -> str | None:
        """The key of the event while no receipt with this reference is recorded."""
        return None if self.reference is None else f"{self.connection}/{self.reference}"


async def hand_overs(connection: Connection, named: Iterable[Named]) -> dict[Named, str]:
    """Return the dispatch keys of those that are known: by their key, else by a reference that only one has."""
    asked = list(named)
    cursor = await connection.execute(
        _QUERIES.hand_overs,
        {
            "connections": [one.connection for one in asked],
            "keys": [one.dispatch_key for one in asked],
            "references": [one.reference for one in asked],
        },
    )
    return {asked[int(row[0]) - 1]: str(row[1]) for row in await cursor.fetchall()}
