"""How many events the web takes in durably, how long each waits for its answer, and what one costs."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import psycopg

from xconnector.domain.keys import Purpose
from xconnector.operations.keys import make_key
from xconnector.postgres.connect import open_pool
from xconnector.postgres.queries import Queries
from xconnector.testing.bench.databases import migrated_database
from xconnector.testing.bench.measured import Figure
from xconnector.testing.bench.program import running
from xconnector.testing.bench.project import write_project
from xconnector.testing.bench.usage import Server
from xconnector.testing.bench.web_client import KINDS, sent

_QUERIES = Queries.load("xconnector.testing.bench", "bench.sql")
_GOAL, _GOAL_AT_HALF = 2000, 100


@dataclass(frozen=True, slots=True, kw_only=True)
class IntakeCost:
    """What it took to take so many events in."""

    events: int
    seconds: float
    p50: float
    p99: float
    web_seconds: float
    """Processor seconds of the web."""
    postgres_seconds: float
    """Processor seconds of the database server."""
    client_seconds: float
    """Processor seconds of the senders, on the same machine."""

    @property
    def per_second(self) -> float:
        return self.events / self.seconds

    @property
    def milliseconds(self) -> float:
        """Processor milliseconds an event, of the web and the database."""
        return 1000 * (self.web_seconds + self.postgres_seconds) / self.events


def web_intake_figures(server_url: str, *, events: int) -> Sequence[Figure]:
    """Measure each way in which single events come: as fast as they are answered, and at half the promised rate."""
    figures: list[Figure] = []
    for kind in KINDS:
        whole = measure(server_url, kind, events=events)
        half = measure(server_url, kind, events=max(50, events // 2), rate=_GOAL / 2)
        figures += [
            Figure(name=f"{kind}: durable events a second", value=whole.per_second, goal=f">= {_GOAL:,}"),
            Figure(name=f"{kind}: web's CPU an event", value=1000 * whole.web_seconds / events, unit="ms"),
            Figure(name=f"{kind}: database's CPU an event", value=1000 * whole.postgres_seconds / events, unit="ms"),
            Figure(name=f"{kind}: senders' CPU an event", value=1000 * whole.client_seconds / events, unit="ms"),
            Figure(name=f"{kind}: p50 at {_GOAL // 2:,} a second", value=1000 * half.p50, unit="ms"),
            Figure(
                name=f"{kind}: p99 at {_GOAL // 2:,} a second",
                value=1000 * half.p99,
                unit="ms",
                goal=f"< {_GOAL_AT_HALF}",
            ),
        ]
    return figures


def measure(server_url: str, kind: str, *, events: int, rate: float | None = None, connections: int = 64) -> IntakeCost:
    """Send single events over kept connections, and prove that each is in the database.

    Raises RuntimeError when one was not taken.
    """
    with TemporaryDirectory(prefix="xconnector-bench-") as home, migrated_database(server_url) as url:
        folder, key = write_project(Path(home) / "project"), asyncio.run(_key(url))
        with running("xconnector.testing.bench.web_server", str(folder), url) as web:
            port = int(web.said)
            sent(port, kind, key=key, first=events, events=200, connections=connections)
            server = Server(url)
            before = server.processor_seconds()
            told = sent(port, kind, key=key, events=events, rate=rate, connections=connections)
            postgres_seconds = server.processor_seconds() - before
            usage = web.end()
        with psycopg.connect(url) as connection:
            row = connection.execute(_QUERIES.taken).fetchone()
        if row is None or row[0] != events + 200:
            raise RuntimeError(f"of {events + 200} events {row[0] if row else 0} were taken: {told['statuses']}")
    return IntakeCost(
        events=events,
        seconds=told["seconds"],
        p50=told["p50"],
        p99=told["p99"],
        web_seconds=usage.processor_seconds,
        postgres_seconds=postgres_seconds,
        client_seconds=told["processor_seconds"],
    )


async def _key(url: str) -> str:
    async with open_pool(url, name="xconnector bench") as pool:
        return await make_key(pool, "bench", Purpose.EVENTS)
