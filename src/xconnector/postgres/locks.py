"""Locks that die with their process: no clean-up, no time-out, no stale lock file.

They are PostgreSQL's advisory locks, held by one session that a process keeps for them.
"""

import asyncio
import logging
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from types import TracebackType
from typing import Self

import psycopg
from psycopg.rows import TupleRow

from xconnector.postgres.connect import Connection, connect
from xconnector.postgres.queries import Queries

logger = logging.getLogger(__name__)

_QUERIES = Queries.load("xconnector.postgres", "locks.sql")


class Session:
    """One connection in autocommit that is made anew after the database was gone.

    What belonged to the lost one (its locks) is gone with it: `generation` tells the two apart.
    """

    def __init__(self, conninfo: str, *, name: str) -> None:
        self._conninfo = conninfo
        self._name = name
        self._connection: Connection | None = None
        self._connecting = asyncio.Lock()
        self.generation = 0

    async def __aenter__(self) -> Self:
        await self._connected()
        return self

    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._connection is not None:
            await self._connection.close()

    async def fetch(self, query: bytes, parameters: Mapping[str, object]) -> Sequence[TupleRow]:
        """The rows of one statement, which is committed."""
        connection = await self._connected()
        try:
            return await (await connection.execute(query, parameters)).fetchall()
        except psycopg.OperationalError:
            if connection.broken:
                await connection.close()
            raise

    async def _connected(self) -> Connection:
        async with self._connecting:
            if self._connection is None or self._connection.closed:
                self._connection = await connect(self._conninfo, name=self._name)
                self.generation += 1
            return self._connection


class SessionLocks:
    """Named locks, each held by one task of one process at a time."""

    def __init__(self, session: Session) -> None:
        self._session = session
        # The session itself could take a lock of its own twice.
        self._held: dict[str, int] = {}

    @asynccontextmanager
    async def hold(self, *names: str) -> AsyncGenerator[str | None]:
        """Hold the first of these locks that is free; `None` when none is. Never waits.

        Used as a fence (one name: two live workers never hand over the same batch) and as slots (several names: so
        many calls at a time over all hosts). A lock that was lost meanwhile with the database is told in the log only.
        """
        name = await self._take(names)
        try:
            yield name
        finally:
            if name is not None:
                await self._let_go(name)

    async def _take(self, names: Sequence[str]) -> str | None:
        for name in names:
            if name in self._held:
                continue
            self._held[name] = 0
            try:
                rows = await self._session.fetch(_QUERIES.try_lock, {"name": name})
            except BaseException:
                del self._held[name]
                raise
            if rows == [(True,)]:
                self._held[name] = self._session.generation
                return name
            del self._held[name]
        return None

    async def _let_go(self, name: str) -> None:
        generation = self._held.pop(name)
        if generation != self._session.generation:
            return
        try:
            await self._session.fetch(_QUERIES.unlock, {"name": name})
        except psycopg.Error as error:
            # The lock went with its session; what was done under it stands as it is.
            logger.warning("the lock %s was not let go but lost (%s)", name, type(error).__name__)
