"""A line to PostgreSQL that is cut at a chosen commit: for the database it is as if the program had been killed there.

Server and program speak through it without noticing. Whoever waits for `died` kills the
program: open transactions are undone, locks are gone, and nothing that it does meanwhile reaches the database.
"""

import asyncio
from contextlib import suppress
from types import TracebackType
from typing import Self

from psycopg.conninfo import conninfo_to_dict, make_conninfo


class MortalLine:
    """A listener on 127.0.0.1; `conninfo` leads through it."""

    def __init__(self, conninfo: str, *, session: str, dies_at: int, before: bool) -> None:
        """Nothing listens before it is entered.

        Args:
            conninfo: of the database behind.
            session: only commits of sessions of this name are counted.
            dies_at: the commit at which the line is cut, from 1.
            before: whether that commit still reaches the database: if not, then its answer is lost.
        """
        self._target = conninfo
        self._session = session.encode()
        self._dies_at = dies_at
        self._before = before
        self._commits = 0
        self._writers: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self.died = asyncio.Event()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        return self

    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._server.close()
        self._cut()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    @property
    def conninfo(self) -> str:
        port = self._server.sockets[0].getsockname()[1]
        return make_conninfo(
            self._target, host="127.0.0.1", port=port, sslmode="disable", gssencmode="disable", connect_timeout=2
        )

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        self._writers.add(writer)
        try:
            if not self.died.is_set():
                await self._pass_on(reader, writer)
        finally:
            writer.transport.abort()

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        server_reader, server_writer = await self._connect()
        self._writers.add(server_writer)
        back = asyncio.create_task(_copy(server_reader, writer))
        try:
            counts = False
            while content := await reader.read(1 << 16):
                counts = counts or b"application_name\0" + self._session + b"\0" in content
                if counts and b"COMMIT\0" in content and self._is_the_last():
                    await self._die(content, server_writer, server_reader, back)
                    return
                server_writer.write(content)
                await server_writer.drain()
        except OSError:
            return
        finally:
            back.cancel()
            with suppress(asyncio.CancelledError):
                await back
            server_writer.transport.abort()

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        told = conninfo_to_dict(self._target)
        host, port = str(told.get("host") or "127.0.0.1"), str(told.get("port") or 5432)
        if host.startswith("/"):
            return await asyncio.open_unix_connection(f"{host}/.s.PGSQL.{port}")
        return await asyncio.open_connection(host, int(port))

    def _is_the_last(self) -> bool:
        self._commits += 1
        return self._commits == self._dies_at

    async def _die(
        self,
        content: bytes,
        server_writer: asyncio.StreamWriter,
        server_reader: asyncio.StreamReader,
        back: "asyncio.Task[None]",
    ) -> None:
        if not self._before:
            back.cancel()
            with suppress(asyncio.CancelledError):
                await back
            server_writer.write(content)
            # It answers when the commit is durable; nobody hears it.
            await server_reader.read(1)
        self.died.set()
        self._cut()

    def _cut(self) -> None:
        self.died.set()
        for writer in self._writers:
            writer.transport.abort()


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while content := await reader.read(1 << 16):
            writer.write(content)
            await writer.drain()
