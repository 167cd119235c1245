"""A message centre on the loopback address that does as it is told; the `smpp34` package reads for it, not we."""

import asyncio
import hashlib
import struct
from asyncio import AbstractServer, StreamReader, StreamWriter
from collections import defaultdict
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import smpp34

from xconnector.contract.channel import Recipient
from xconnector.domain.document import RenditionKind
from xconnector.domain.gsm_alphabet import gsm_text
from xconnector.testing.conformance import Arrival
from xconnector.testing.dispatches import sample_dispatch

RECEIPTED_MESSAGE_ID, MESSAGE_PAYLOAD, MESSAGE_STATE = 0x001E, 0x0424, 0x0427
"""Tags of optional parameters."""
SYSTEM_ID, PASSWORD = "xconn", "hidden-9"
_BIND, _QUERY, _SUBMIT, _DELIVER, _UNBIND, _ENQUIRE = 0x9, 0x3, 0x4, 0x5, 0x6, 0x15
_INVALID_PASSWORD, _INVALID_DESTINATION, _QUERY_FAILED = 0x0E, 0x0B, 0x67


@dataclass(slots=True)
class Line:
    """One bound client."""

    writer: StreamWriter
    delivered: dict[int, asyncio.Future[int]] = field(default_factory=dict[int, "asyncio.Future[int]"])


class MessageCentre:
    def __init__(self) -> None:
        self.port = 0
        self.password = PASSWORD
        self.submitted: list[smpp34.SubmitSm] = []
        self.enquiries = 0
        self.open_lines = 0
        self.binds = True
        """Whether who wants to bind is answered."""
        self.ended = 0
        """Lines that the client ended."""
        self.status_of: Callable[[smpp34.SubmitSm], int] = lambda _: 0
        """With which each message is answered."""
        self.id_of: Callable[[int], str] = lambda number: f"{number:08x}"
        self.before_answer: Callable[[smpp34.SubmitSm, str], object] | None = None
        self.outcomes: dict[str, tuple[str, int, int]] = {}
        """By message, for who asks: final date, state, and error code."""
        self.lines: list[Line] = []
        self._answers = True
        self._refused: set[str] = set()
        self._server: AbstractServer | None = None
        self._sequence = 0

    @property
    def settings(self) -> Mapping[str, Any]:
        return {
            "host": "127.0.0.1",
            "port": self.port,
            "system_id": SYSTEM_ID,
            "password": self.password if self.password == PASSWORD else PASSWORD,
            "tls": False,
            "sender": "+15005550006",
            "timeout": 0.5,
        }

    async def come_up(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def go_down(self) -> None:
        if self._server is not None:
            self._server.close()
            for line in self.lines:
                line.writer.close()
            self._server = None

    def cut(self) -> None:
        """End every line."""
        for line in self.lines:
            line.writer.transport.abort()

    async def arrived(self) -> Sequence[Arrival]:
        parts: dict[str, list[smpp34.SubmitSm]] = defaultdict(list)
        for message in self.submitted:
            parts[message.destination_addr].append(message)
        return [
            Arrival(
                dispatch_key=sample_dispatch(int(number[-6:]), frozenset()).dispatch_key,
                digests={RenditionKind.SMS: hashlib.sha256(joined(messages).encode()).hexdigest()},
            )
            for number, messages in parts.items()
        ]

    async def lose_answers(self) -> None:
        self._answers = False

    async def refuse(self, recipient: Recipient) -> None:
        assert recipient.mobile is not None
        self._refused.add(recipient.mobile.removeprefix("+"))

    async def reject_credentials(self) -> None:
        self.password = "other"
        self.cut()

    async def deliver(
        self, text: bytes, *, source: str, esm_class: int = 0, data_coding: int = 0, tlvs: Sequence[smpp34.Tlv] = ()
    ) -> int:
        """Deliver a message to the latest client and return the status it is answered with."""
        unit = smpp34.DeliverSm(
            source,
            "15005550006",
            text,
            esm_class=esm_class,
            data_coding=data_coding,
            sequence_number=self._next(),
            tlvs=[*tlvs],
        )
        line = self.lines[-1]
        answered = line.delivered[unit.sequence_number] = asyncio.get_running_loop().create_future()
        line.writer.write(unit.encode())
        return await asyncio.wait_for(answered, 10)

    def _next(self) -> int:
        self._sequence += 1
        return self._sequence

    async def _serve(self, reader: StreamReader, writer: StreamWriter) -> None:
        line = Line(writer)
        self.open_lines += 1
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                head = await reader.readexactly(16)
                length, command, status, sequence = struct.unpack("!IIII", head)
                body = await reader.readexactly(length - 16)
                await self._take(line, command, status, sequence, head + body)
        self.ended += 1
        self.open_lines -= 1
        writer.close()

    async def _take(self, line: Line, command: int, status: int, sequence: int, unit: bytes) -> None:
        if command == _BIND and not self.binds:
            return
        if command == _BIND:
            system_id, password = unit[16:].split(b"\0")[:2]
            right = (system_id.decode(), password.decode()) == (SYSTEM_ID, self.password)
            self.lines += [line] if right else []
            _answer(line, command, 0 if right else _INVALID_PASSWORD, sequence, b"centre\0")
        elif command == _SUBMIT:
            await self._submit(line, sequence, unit)
        elif command == _QUERY:
            message_id = unit[16:].split(b"\0")[0]
            date, state, error = self.outcomes.get(message_id.decode(), ("", 0, 0))
            status = 0 if message_id.decode() in self.outcomes else _QUERY_FAILED
            _answer(line, command, status, sequence, message_id + b"\0" + date.encode() + bytes((0, state, error)))
        elif command == _DELIVER | 0x80000000:
            line.delivered.pop(sequence).set_result(status)
        elif command in {_UNBIND, _ENQUIRE}:
            self.enquiries += command == _ENQUIRE
            if self._answers:
                _answer(line, command, 0, sequence)

    async def _submit(self, line: Line, sequence: int, unit: bytes) -> None:
        message = smpp34.decode(unit)
        assert isinstance(message, smpp34.SubmitSm)
        refused = message.destination_addr in self._refused
        if status := _INVALID_DESTINATION if refused else self.status_of(message):
            _answer(line, _SUBMIT, status, sequence)
            return
        self.submitted.append(message)
        message_id = self.id_of(len(self.submitted))
        if self.before_answer is not None:
            self.before_answer(message, message_id)
        if self._answers:
            _answer(line, _SUBMIT, 0, sequence, message_id.encode() + b"\0")


def joined(messages: Sequence[smpp34.SubmitSm]) -> str:
    """The text that a handset would show."""
    return "".join(spelled(message) for message in sorted(messages, key=_place))


def spelled(message: smpp34.SubmitSm) -> str:
    payload = next((tlv.value for tlv in message.tlvs if tlv.tag == MESSAGE_PAYLOAD), b"")
    octets = message.short_message[6:] if message.esm_class & 0x40 else message.short_message or payload
    return octets.decode("utf-16-be") if message.data_coding == 8 else gsm_text(octets)


def _place(message: smpp34.SubmitSm) -> int:
    return message.short_message[5] if message.esm_class & 0x40 else 1


def _answer(line: Line, command: int, status: int, sequence: int, body: bytes = b"") -> None:
    line.writer.write(struct.pack("!IIII", 16 + len(body), command | 0x80000000, status, sequence) + body)


@asynccontextmanager
async def open_stand_in(folder: Path) -> AsyncGenerator[MessageCentre]:
    del folder
    centre = MessageCentre()
    await centre.come_up()
    try:
        yield centre
    finally:
        await centre.go_down()
