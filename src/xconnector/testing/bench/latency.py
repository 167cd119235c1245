"""How long a single event takes from its receipt to its hand-over while a run is on its way."""

import asyncio
import os
import time
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import psycopg

from xconnector.domain.event import SourceRecord
from xconnector.entrypoints.bootstrap import open_workplace
from xconnector.pipeline.receive import receive
from xconnector.postgres.queries import Queries
from xconnector.project.load import load_project
from xconnector.testing.bench.databases import migrated_database
from xconnector.testing.bench.measured import Figure, percentile
from xconnector.testing.bench.program import running
from xconnector.testing.bench.project import EVENT, write_project, write_run

PATIENCE_SECONDS = 300
_QUERIES = Queries.load("xconnector.testing.bench", "bench.sql")


def latency_figures(server_url: str, *, events: int, run_records: int, rate: float = 10) -> list[Figure]:
    """Measure events that come one by one, with nothing else to do and beside a run."""
    alone = _measure(server_url, events=events, run_records=0, rate=rate)
    beside = _measure(server_url, events=events, run_records=run_records, rate=rate)
    return [
        Figure(name="event to hand-over, p50, nothing else", value=1000 * percentile(alone, 0.5), unit="ms"),
        Figure(name="event to hand-over, p99, nothing else", value=1000 * percentile(alone, 0.99), unit="ms"),
        Figure(name="event to hand-over, p50, beside a run", value=1000 * percentile(beside, 0.5), unit="ms"),
        Figure(name="event to hand-over, p99, beside a run", value=1000 * percentile(beside, 0.99), unit="ms"),
    ]


def _measure(server_url: str, *, events: int, run_records: int, rate: float) -> list[float]:
    """Return the seconds that each event took."""
    with (
        TemporaryDirectory(prefix="xconnector-bench-") as home,
        migrated_database(server_url) as url,
        ExitStack() as stack,
    ):
        folder = write_project(Path(home) / "project")
        for _ in range(2):
            stack.enter_context(running("xconnector.testing.bench.worker", str(folder), url))
        if run_records:
            file = write_run(Path(home) / "notices.csv", run_records)
            taking = stack.enter_context(running("xconnector.testing.bench.intake", str(folder), url, str(file)))
            taking.begin()
            taking.result()
        sent_at = asyncio.run(_send(folder, url, events=events, rate=rate))
        handed_over_at = _wait(url, events)
    return [(handed_over_at[key] - moment).total_seconds() for key, moment in sent_at.items()]


async def _send(folder: Path, url: str, *, events: int, rate: float) -> dict[str, datetime]:
    """Take events in at a steady rate, and return when each was given, by its key."""
    project = load_project(folder, os.environ)
    sent_at: dict[str, datetime] = {}
    async with open_workplace(project, url, name="xconnector bench events") as place:
        started = time.monotonic()
        for number in range(events):
            await asyncio.sleep(max(0.0, started + number / rate - time.monotonic()))
            record = _event(number)
            sent_at[record.source_key] = datetime.now(UTC)
            await receive(place, [record], feed=None)
    return sent_at


def _event(number: int) -> SourceRecord:
    key = f"E{number}"
    return SourceRecord(
        source="bench",
        source_key=key,
        event_type=EVENT,
        occurred_at=None,
        payload=key.encode(),
        data={"number": key, "customer": f"K-{key}", "name": "Meyer", "email": "a@x.test", "amount": "12.50"},
        position=None,
    )


def _wait(url: str, events: int) -> dict[str, datetime]:
    started = time.monotonic()
    with psycopg.connect(url, autocommit=True) as connection:
        while True:
            found = connection.execute(_QUERIES.handed_over_at).fetchall()
            if len(found) == events:
                return {str(key): moment for key, moment in found}
            if time.monotonic() - started > PATIENCE_SECONDS:
                raise TimeoutError(f"of {events} events {len(found)} were handed over")
            time.sleep(0.5)
