"""The floor: the bare batch pattern on the same engine, with as little around it as can be.

Six chained stages; each claims its batch, writes its state, appends an event a piece by COPY and defers
the next stage, all in one transaction. Run as a program it is one worker.
"""

import argparse
import asyncio
import logging
import time
from contextlib import ExitStack

import psycopg
from procrastinate import App, PsycopgConnector
from procrastinate.types import JSONDict

from xconnector.execution.schema import migrate_execution
from xconnector.postgres.queries import Queries
from xconnector.testing.bench.databases import empty_database, is_busy
from xconnector.testing.bench.measured import Cost
from xconnector.testing.bench.program import running, say_ready, say_usage, wait_for_word
from xconnector.testing.bench.usage import Server

STAGES = 6
CONCURRENCY = 8
PATIENCE_SECONDS = 900
_QUERIES = Queries.load("xconnector.testing.bench", "bench.sql")
_DETAIL = f'{{"v":"{"v" * 120}"}}'


def measure_floor(server_url: str, *, pieces: int, batch_size: int, workers: int) -> Cost:
    """Bring pieces through all stages, and return what that cost."""
    with empty_database(server_url) as url, ExitStack() as stack:
        server = Server(url)
        batches = asyncio.run(_lay_out(url, pieces=pieces, batch_size=batch_size))
        programs = [stack.enter_context(running("xconnector.testing.bench.floor", url)) for _ in range(workers)]
        before, started = server.processor_seconds(), time.monotonic()
        asyncio.run(_begin(url, batches))
        _wait(url, pieces)
        seconds = time.monotonic() - started
        used = [program.end() for program in programs]
        return Cost(
            pieces=pieces,
            seconds=seconds,
            intake_seconds=0,
            worker_seconds=sum(usage.processor_seconds for usage in used),
            postgres_seconds=server.processor_seconds() - before,
        )


async def _lay_out(url: str, *, pieces: int, batch_size: int) -> int:
    """Make tables and pieces, and return how many batches there are."""
    await migrate_execution(url)
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
        await connection.execute(_QUERIES.bare_schema)
        await connection.execute(_QUERIES.bare_pieces, {"pieces": pieces, "batch_size": batch_size})
    return -(-pieces // batch_size)


async def _begin(url: str, batches: int) -> None:
    app = _app(url)
    async with app.open_async():
        jobs: list[JSONDict] = [{"batch_id": number, "stage": 0} for number in range(batches)]
        await app.configure_task("stage").batch_defer_async(*jobs)


def _wait(url: str, pieces: int) -> None:
    started = time.monotonic()
    with psycopg.connect(url, autocommit=True) as connection:
        while True:
            if not is_busy(connection):
                row = connection.execute(_QUERIES.bare_done, {"stages": STAGES}).fetchone()
                if row is not None and row[0] == pieces:
                    return
            if time.monotonic() - started > PATIENCE_SECONDS:
                raise TimeoutError("the bare pattern did not get through")
            time.sleep(0.05)


def _app(url: str) -> App:
    connector = PsycopgConnector(conninfo=url, max_size=20)
    app = App(connector=connector)

    @app.task(name="stage", queue="bare")
    async def run(batch_id: int, stage: int) -> None:
        async with connector.pool.connection() as connection, connection.transaction():
            parameters = {"batch_id": batch_id, "stage": stage}
            moved = await (await connection.execute(_QUERIES.bare_move, parameters)).fetchall()
            async with connection.cursor() as cursor, cursor.copy(_QUERIES.bare_events) as copy:
                for (piece_id,) in moved:
                    await copy.write_row((piece_id, stage, _DETAIL))
            if stage + 1 < STAGES:
                await run.configure(connection=connection).defer_async(batch_id=batch_id, stage=stage + 1)

    return app


async def work(url: str) -> None:
    """Run stages until standard input is closed."""
    logging.getLogger("procrastinate").setLevel(logging.CRITICAL)
    app = _app(url)
    async with app.open_async():
        since = say_ready()
        working = asyncio.create_task(
            app.run_worker_async(
                queues=["bare"], concurrency=CONCURRENCY, install_signal_handlers=False, delete_jobs="never"
            )
        )
        await asyncio.to_thread(wait_for_word)
        say_usage(since)
        working.cancel()
        await asyncio.wait({working})


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("database_url")
    asyncio.run(work(parser.parse_args().database_url))


if __name__ == "__main__":
    main()
