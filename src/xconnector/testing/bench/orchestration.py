"""A whole run through all stages with the full ledger, without composing, and what it cost."""

import time
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import psycopg

from xconnector.postgres.queries import Queries
from xconnector.testing.bench.databases import is_busy, migrated_database
from xconnector.testing.bench.floor import measure_floor
from xconnector.testing.bench.measured import Cost, Figure, middle
from xconnector.testing.bench.program import running
from xconnector.testing.bench.project import write_project, write_run
from xconnector.testing.bench.usage import Server, Usage

PATIENCE_SECONDS = 3600
_QUERIES = Queries.load("xconnector.testing.bench", "bench.sql")


@dataclass(frozen=True, slots=True, kw_only=True)
class RunMeasured:
    """A run that got through."""

    cost: Cost
    intake: Usage
    workers: tuple[Usage, ...]
    ledger_entries: int

    @property
    def worker_peak(self) -> int:
        """Bytes of the worker that needed most."""
        return max(usage.peak_bytes for usage in self.workers)


def orchestration_figures(
    server_url: str, *, records: int, batch_size: int, rounds: int, workers: int = 2
) -> list[Figure]:
    """Measure floor and product in turn, and tell how they compare."""
    bare: list[Cost] = []
    ours: list[RunMeasured] = []
    for _ in range(rounds):
        bare.append(measure_floor(server_url, pieces=records, batch_size=batch_size, workers=workers))
        ours.append(measure_run(server_url, records=records, batch_size=batch_size, workers=workers))
    floor, product = middle(bare), middle([run.cost for run in ours])
    return [
        Figure(name="communications/s, all stages", value=product.per_second, goal=">= 3000"),
        Figure(name="CPU a communication", value=product.milliseconds, unit="ms", goal="<= 0.6"),
        Figure(name="  of it intake", value=product.intake_milliseconds, unit="ms"),
        Figure(name="  of it workers", value=product.worker_milliseconds, unit="ms"),
        Figure(name="  of it PostgreSQL", value=product.postgres_milliseconds, unit="ms"),
        Figure(name="ledger entries a communication", value=ours[0].ledger_entries / records),
        Figure(name="bare pattern, pieces/s", value=floor.per_second),
        Figure(name="bare pattern, CPU a piece", value=floor.milliseconds, unit="ms"),
        Figure(name="speed over the bare pattern", value=product.per_second / floor.per_second),
        Figure(name="CPU over the bare pattern", value=product.milliseconds / floor.milliseconds),
    ]


def measure_run(
    server_url: str, *, records: int, batch_size: int, workers: int = 2, by_print: bool = False
) -> RunMeasured:
    """Take a run in while workers work, and wait until every communication of it is completed."""
    with (
        TemporaryDirectory(prefix="xconnector-bench-") as home,
        migrated_database(server_url) as url,
        ExitStack() as stack,
    ):
        folder = write_project(Path(home) / "project")
        file = write_run(Path(home) / "notices.csv", records, by_print=by_print)
        server = Server(url)
        options = ["--printable"] if by_print else []
        programs = [
            stack.enter_context(running("xconnector.testing.bench.worker", str(folder), url, *options))
            for _ in range(workers)
        ]
        arguments = (str(folder), url, str(file), "--batch-size", str(batch_size))
        taking = stack.enter_context(running("xconnector.testing.bench.intake", *arguments))
        before, started = server.processor_seconds(), time.monotonic()
        taking.begin()
        intake = taking.result()
        entries = _wait(url, records)
        seconds = time.monotonic() - started
        used = tuple(program.end() for program in programs)
        cost = Cost(
            pieces=records,
            seconds=seconds,
            intake_seconds=intake.processor_seconds,
            worker_seconds=sum(usage.processor_seconds for usage in used),
            postgres_seconds=server.processor_seconds() - before,
        )
    return RunMeasured(cost=cost, intake=intake, workers=used, ledger_entries=entries)


def _wait(url: str, records: int) -> int:
    """Wait until all are through, and return how long the ledger is then."""
    started = time.monotonic()
    with psycopg.connect(url, autocommit=True) as connection:
        while True:
            if not is_busy(connection):
                row = connection.execute(_QUERIES.completed).fetchone()
                if row is not None and row[0] == records:
                    break
            if time.monotonic() - started > PATIENCE_SECONDS:
                raise TimeoutError(f"not all of {records} communications got through")
            time.sleep(0.05)
        counted = connection.execute(_QUERIES.ledger_entries).fetchone()
        return int(counted[0]) if counted is not None else 0
