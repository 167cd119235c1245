"""Connections and transactions: what everybody above uses to reach the database."""

import asyncio
import random
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import LiteralString, TypeAlias, TypeVar

from psycopg import AsyncConnection, OperationalError, errors
from psycopg.conninfo import conninfo_to_dict
from psycopg.rows import TupleRow
from psycopg_pool import AsyncConnectionPool

from xconnector.postgres.arrays import ColumnDumper
from xconnector.postgres.copying import as_text

Connection: TypeAlias = AsyncConnection[TupleRow]
Pool: TypeAlias = AsyncConnectionPool[Connection]
DatabaseUnreachableError: TypeAlias = OperationalError
"""The server is gone, refuses, or gave no connection in time; its words name the address and no password."""

T = TypeVar("T")


@asynccontextmanager
async def open_pool(
    conninfo: str,
    *,
    name: str,
    largest: int = 20,
    statement_timeout: timedelta | None = None,
    patience: timedelta = timedelta(seconds=30),
) -> AsyncGenerator[Pool]:
    """A pool of connections that think in UTC, closed at the end of the block.

    Args:
        conninfo: a `postgresql://` address or a libpq connection string.
        name: what the server's list of sessions shows.
        largest: how many connections at most; one is kept open always.
        statement_timeout: after which the server gives up a statement; none by default.
        patience: how long to wait for the database, and later for a free connection.
    """
    async with AsyncConnectionPool[Connection](
        conninfo,
        kwargs=session_parameters(conninfo, name=name, statement_timeout=statement_timeout),
        min_size=1,
        max_size=largest,
        timeout=patience.total_seconds(),
        open=False,
        configure=_set_up,
        name=name,
    ) as pool:
        await pool.wait(patience.total_seconds())
        yield pool


def session_parameters(conninfo: str, *, name: str, statement_timeout: timedelta | None = None) -> dict[str, str]:
    """What every session of ours asks for; options that stand in the address are kept."""
    options = [str(conninfo_to_dict(conninfo).get("options") or ""), "-c timezone=UTC"]
    # A host that lost its power keeps its locks no longer than half a minute.
    options += ["-c tcp_keepalives_idle=10", "-c tcp_keepalives_interval=5", "-c tcp_keepalives_count=3"]
    # Nor does a program that stopped in the midst of a transaction: nobody calls the outside while in one.
    options.append("-c idle_in_transaction_session_timeout=60s")
    if statement_timeout is not None:
        options.append(f"-c statement_timeout={int(statement_timeout.total_seconds() * 1000)}")
    return {"application_name": name, "options": " ".join(options).strip()}


async def connect(conninfo: str, *, name: str) -> Connection:
    """One connection outside any pool, in autocommit: for listening, and for locks that live as long as it does."""
    connection = await AsyncConnection[TupleRow].connect(
        conninfo,
        **session_parameters(conninfo, name=name),  # pyright: ignore[reportArgumentType] - libpq takes any parameter by keyword
    )
    await _set_up(connection)
    return connection


async def _set_up(connection: Connection) -> None:
    # Single statements cost one round trip instead of three; transactions are begun by name.
    await connection.set_autocommit(True)
    connection.adapters.register_dumper(list, ColumnDumper)


@asynccontextmanager
async def transaction(pool: Pool) -> AsyncGenerator[Connection]:
    """One transaction on a connection of its own: committed at the end of the block, undone when it raises."""
    async with pool.connection() as connection, connection.transaction():
        yield connection


@asynccontextmanager
async def reading(pool: Pool) -> AsyncGenerator[Connection]:
    """A connection for single reads: every statement sees what is committed when it begins, as in `transaction`."""
    async with pool.connection() as connection:
        yield connection


@asynccontextmanager
async def snapshot(pool: Pool) -> AsyncGenerator[Connection]:
    """One transaction that only reads, and whose every statement sees the database as of one moment."""
    async with transaction(pool) as connection:
        await connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        yield connection


async def in_transaction(pool: Pool, work: Callable[[Connection], Awaitable[T]], *, attempts: int = 5) -> T:
    """Run `work` in one transaction, and again at once when it collided with another (deadlock, serialization).

    `work` must touch nothing but the connection: what it did in a collided attempt is undone only there.
    """
    for attempt in range(1, attempts):
        try:
            async with transaction(pool) as connection:
                return await work(connection)
        except COLLISIONS:
            await asyncio.sleep(random.uniform(0, 0.01 * attempt))  # noqa: S311 - two that collided must not collide again
    async with transaction(pool) as connection:
        return await work(connection)


COLLISIONS = (errors.DeadlockDetected, errors.SerializationFailure)
"""Nothing happened, and the same again will most likely succeed."""


async def copy_rows(connection: Connection, statement: LiteralString | bytes, rows: Sequence[Sequence[object]]) -> None:
    """Append rows by `COPY … FROM STDIN`: many times cheaper than inserting them."""
    if not rows:
        return
    async with connection.cursor() as cursor, cursor.copy(statement) as copy:
        text = as_text(rows)
        if text is not None:
            await copy.write(text)
            return
        for row in rows:
            await copy.write_row(row)


async def copy_text(connection: Connection, statement: LiteralString | bytes, text: str) -> None:
    """Append rows that are spelled already, as `copying.as_text` does."""
    if not text:
        return
    async with connection.cursor() as cursor, cursor.copy(statement) as copy:
        await copy.write(text)


def takes_nothing(error: Exception) -> bool:
    """Say whether the database refuses whatever is written, as on a full disk or a standby, and not just one thing."""
    return isinstance(error, (OperationalError, errors.ReadOnlySqlTransaction))
