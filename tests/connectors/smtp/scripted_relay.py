"""A relay that answers as a test says: for what no well-behaved relay does."""

import asyncio
from asyncio import StreamReader, StreamWriter
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager, suppress

BREAK = ""
"""Instead of an answer: the line is broken off."""
SILENCE = None
"""Instead of an answer: nothing, and the line stays."""

Answers = Mapping[str, str | None]
_USUAL: dict[str, str | None] = {
    "GREETING": "220 scripted.test ESMTP",
    "EHLO": "250-scripted.test\r\n250-8BITMIME\r\n250 SMTPUTF8",
    "MAIL": "250 2.1.0 Ok",
    "RCPT": "250 2.1.5 Ok",
    "DATA": "354 go ahead",
    "CONTENT": "250 2.0.0 Ok: queued as ABC123",
    "RSET": "250 2.0.0 Ok",
    "QUIT": "221 2.0.0 Bye",
}


class ScriptedRelay:
    def __init__(self, answers: Answers) -> None:
        self.answers: dict[str, str | None] = {**_USUAL, **answers}
        self.port = 0
        self.commands: list[str] = []
        self.contents: list[bytes] = []
        self.sessions = 0
        self.breaks_after: int | None = None
        """Bytes of content after which the line is broken off."""
        self._lines: set[StreamWriter] = set()

    async def serve(self, reader: StreamReader, writer: StreamWriter) -> None:
        self.sessions += 1
        self._lines.add(writer)
        with suppress(ConnectionError, asyncio.IncompleteReadError, _BrokenOffError):
            await self._answer(writer, "GREETING")
            while command := (await reader.readline()).decode():
                await self._obey(command.strip(), reader, writer)
        writer.transport.abort()
        self._lines.discard(writer)

    async def hang_up(self) -> None:
        """Break every line off and let the sessions learn of it."""
        while self._lines:
            for writer in self._lines:
                writer.transport.abort()
            await asyncio.sleep(0)

    async def _obey(self, command: str, reader: StreamReader, writer: StreamWriter) -> None:
        self.commands.append(command)
        verb = command.partition(" ")[0].upper()
        await self._answer(writer, verb)
        if verb == "QUIT":
            raise _BrokenOffError
        if verb == "DATA" and (self.answers["DATA"] or "").startswith("354"):
            await self._take_content(reader)
            await self._answer(writer, "CONTENT")

    async def _take_content(self, reader: StreamReader) -> None:
        if self.breaks_after is not None:
            await reader.readexactly(self.breaks_after)
            raise _BrokenOffError
        content = await reader.readuntil(b"\r\n.\r\n")
        self.contents.append(content.removesuffix(b".\r\n"))

    async def _answer(self, writer: StreamWriter, about: str) -> None:
        answer = self.answers.get(about, "502 5.5.2 not known")
        if answer is SILENCE:
            return
        if answer == BREAK:
            raise _BrokenOffError
        writer.write(f"{answer}\r\n".encode())
        await writer.drain()


class _BrokenOffError(Exception):
    pass


@asynccontextmanager
async def scripted_relay(answers: Answers | None = None) -> AsyncGenerator[ScriptedRelay]:
    relay = ScriptedRelay(answers or {})
    server = await asyncio.start_server(relay.serve, "127.0.0.1", 0, limit=2**24)
    relay.port = server.sockets[0].getsockname()[1]
    try:
        yield relay
    finally:
        await relay.hang_up()
        server.close()
        await server.wait_closed()
