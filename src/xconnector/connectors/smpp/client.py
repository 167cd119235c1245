"""The wire to a message centre: one bound line, through which messages go both ways."""

import asyncio
import ssl
from asyncio import Future, IncompleteReadError, StreamReader, StreamWriter, Task
from collections.abc import Awaitable, Callable
from contextlib import suppress
from itertools import count

from xconnector.connectors.smpp.pdu import HEAD_LENGTH, Command, Party, Pdu, Sms, c_octets, head_of, text_in
from xconnector.connectors.smpp.refusals import refusal
from xconnector.connectors.smpp.settings import SmppSettings
from xconnector.contract.errors import MisconfiguredError, OutcomeUnknownError, PermanentError, TransientError

_VERSION = 0x34
_LAST_SEQUENCE = 0x7FFFFFFF
_CANNOT_KEEP = 0x64
"""A temporary error of ours: the message centre tries again later."""
_NO_SUCH_COMMAND = 0x03
_NO_MESSAGE = 0x02

Keep = Callable[[bytes], Awaitable[None]]
"""Keeps a message that came in, durable when it returns; answered only then. Raises OSError where it cannot."""


class _LineLostError(Exception):
    """The line ended before an answer came."""


class Session:
    """One line, bound as transceiver: it sends, and takes what comes in."""

    def __init__(self, settings: SmppSettings, tls_context: ssl.SSLContext | None, keep: Keep) -> None:
        self._settings = settings
        self._tls_context = tls_context
        self._keep = keep
        self._centre = f"the message centre {settings.host}:{settings.port}"
        self._timeout = settings.timeout.total_seconds()
        self._window = asyncio.Semaphore(settings.window)
        self._numbers = count(1)
        self._awaited: dict[int, Future[Pdu]] = {}
        self._heard = asyncio.Event()
        self._writer: StreamWriter | None = None
        self._tasks: list[Task[None]] = []

    @property
    def is_open(self) -> bool:
        return self._writer is not None and not self._writer.is_closing()

    async def open(self) -> None:
        """Connect and bind. Raises one of the four errors."""
        reader = await self._connected()
        self._tasks = [asyncio.create_task(self._listen(reader)), asyncio.create_task(self._stay_alive())]
        try:
            answer = await self._ask(Command.BIND_TRANSCEIVER, self._login())
        except (_LineLostError, TimeoutError):
            await self.close()
            raise TransientError(f"{self._centre} does not answer") from None
        except asyncio.CancelledError:
            # Nobody holds this line: it would stay bound, and receipts would be given to it.
            self._abandon()
            raise
        if answer.status:
            await self.close()
            error = refusal(self._centre, answer.status, {})
            # Nobody's text is refused here: it does not take us.
            raise MisconfiguredError(str(error)) if isinstance(error, PermanentError) else error

    async def close(self) -> None:
        """Say goodbye if anybody listens."""
        if self.is_open:
            with suppress(_LineLostError, TimeoutError):
                await asyncio.wait_for(self._ask(Command.UNBIND, b""), min(self._timeout, 2.0))
        self._abandon()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks = []

    def _abandon(self) -> None:
        """End the line at once, and what listens to it."""
        self._break_off()
        for task in self._tasks:
            task.cancel()

    async def submit(self, message: Sms) -> str:
        """Hand over one message and return the message centre's name for it. Raises one of the four errors."""
        async with self._window:
            if not self.is_open:
                raise TransientError(f"{self._centre} ended the line")
            try:
                answer = await self._ask(Command.SUBMIT_SM, message.octets())
            except (_LineLostError, TimeoutError):
                raise OutcomeUnknownError(
                    f"the answer of {self._centre} was lost; look there, then settle it"
                ) from None
        if answer.status:
            raise refusal(self._centre, answer.status, self._settings.vendor_statuses)
        return text_in(answer.body)

    async def query(self, message_id: str, sender: Party) -> bytes | None:
        """Ask what became of a message that we submitted, and return the answer's body (4.8.2).

        None where the message centre does not know it any more, or does not tell. Raises TransientError.
        """
        asked = c_octets(message_id) + bytes((sender.ton, sender.npi)) + c_octets(sender.number)
        async with self._window:
            if not self.is_open:
                raise TransientError(f"{self._centre} ended the line")
            try:
                answer = await self._ask(Command.QUERY_SM, asked)
            except (_LineLostError, TimeoutError):
                raise TransientError(f"{self._centre} does not answer") from None
        if answer.status == 0:
            return answer.body
        error = refusal(self._centre, answer.status, self._settings.vendor_statuses)
        if isinstance(error, TransientError):
            raise error
        return None

    # ---------------------------------------------------------------- asking

    async def _ask(self, command: Command, body: bytes) -> Pdu:
        number = next(self._numbers) % _LAST_SEQUENCE or next(self._numbers)
        awaited = self._awaited[number] = asyncio.get_running_loop().create_future()
        try:
            await self._write(Pdu(command=command, sequence=number, body=body))
            async with asyncio.timeout(self._timeout):
                return await awaited
        finally:
            self._awaited.pop(number, None)

    async def _write(self, pdu: Pdu) -> None:
        if self._writer is None or self._writer.is_closing():
            raise _LineLostError
        try:
            self._writer.write(pdu.octets())
            async with asyncio.timeout(self._timeout):
                await self._writer.drain()
        except OSError:
            self._break_off()
            raise _LineLostError from None

    def _login(self) -> bytes:
        settings = self._settings
        words = (settings.system_id, settings.password.get_secret_value(), settings.system_type)
        return b"".join(map(c_octets, words)) + bytes((_VERSION, 0, 0)) + c_octets("")

    # ---------------------------------------------------------------- listening

    async def _listen(self, reader: StreamReader) -> None:
        """Take what comes in until the line ends; whoever awaits an answer then is told so."""
        try:
            while True:
                length, pdu = head_of(await reader.readexactly(HEAD_LENGTH))
                body = await reader.readexactly(length)
                self._heard.set()
                await self._take(Pdu(command=pdu.command, status=pdu.status, sequence=pdu.sequence, body=body))
        except (IncompleteReadError, OSError, ValueError, _LineLostError):
            self._break_off()

    async def _take(self, pdu: Pdu) -> None:
        if pdu.is_answer:
            awaited = self._awaited.get(pdu.sequence)
            if awaited is not None and not awaited.done():
                awaited.set_result(pdu)
        elif pdu.command == Command.DELIVER_SM:
            await self._write(pdu.answered(c_octets(""), status=await self._kept(pdu.body)))
        elif pdu.command == Command.ENQUIRE_LINK:
            await self._write(pdu.answered())
        elif pdu.command == Command.UNBIND:
            await self._write(pdu.answered())
            self._break_off()
        else:
            await self._write(Pdu(command=Command.GENERIC_NACK, status=_NO_SUCH_COMMAND, sequence=pdu.sequence))

    async def _kept(self, body: bytes) -> int:
        try:
            Sms.read(body)
        except ValueError:
            return _NO_MESSAGE
        try:
            await self._keep(body)
        except OSError:
            return _CANNOT_KEEP
        return 0

    async def _stay_alive(self) -> None:
        """Try the line whenever it was silent for long, and end it where nobody answers."""
        while self.is_open:
            self._heard.clear()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._heard.wait(), self._settings.enquire_every.total_seconds())
                continue
            try:
                await self._ask(Command.ENQUIRE_LINK, b"")
            except (_LineLostError, TimeoutError):
                self._break_off()

    def _break_off(self) -> None:
        if self._writer is not None:
            self._writer.close()
            self._writer = None
        for awaited in self._awaited.values():
            if not awaited.done():
                awaited.set_exception(_LineLostError())
        self._heard.set()

    # ---------------------------------------------------------------- opening

    async def _connected(self) -> StreamReader:
        try:
            async with asyncio.timeout(self._timeout):
                reader, self._writer = await asyncio.open_connection(
                    self._settings.host, self._settings.port, ssl=self._tls_context
                )
            return reader
        except ssl.SSLCertVerificationError as failure:
            raise MisconfiguredError(
                f"the certificate of {self._centre} is not to be trusted ({failure.verify_message}): "
                "name it as its certificate does, or give `ca_file`"
            ) from None
        except ssl.SSLError:
            raise MisconfiguredError(f"{self._centre} does not speak TLS: use its port that does") from None
        except OSError:
            raise TransientError(f"{self._centre} cannot be reached: does it run, and is the name right?") from None
