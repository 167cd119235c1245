"""The wire to RabbitMQ: one connection, one channel, one queue's messages, and what their errors mean to us."""

import asyncio
import logging
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from ssl import SSLContext
from typing import NoReturn

import aio_pika
from aio_pika.abc import (
    AbstractChannel,
    AbstractConnection,
    AbstractIncomingMessage,
    AbstractQueue,
    HeadersType,
)
from aio_pika.exceptions import CONNECTION_EXCEPTIONS

from xconnector.connectors.rabbitmq.settings import RabbitmqSettings
from xconnector.contract.errors import MisconfiguredError, TransientError

# It tells, with a traceback, what we raise.
logging.getLogger("aiormq").setLevel(logging.CRITICAL)

_FAILURES = (*CONNECTION_EXCEPTIONS, TimeoutError, asyncio.InvalidStateError)
_LIMITED_FROM = 4
"""Major version of RabbitMQ that limits by itself how often a message is given."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """A message as the queue gave it."""

    payload: bytes = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)
    message_id: str | None = field(repr=False)
    content_type: str | None
    tag: int
    """Its number on the channel."""


class RabbitmqSession:
    """One connection and one channel. It never reconnects: that is decided outside."""

    def __init__(self, settings: RabbitmqSettings, tls: SSLContext | None) -> None:
        self._settings = settings
        self._tls = tls
        self._timeout = settings.timeout.total_seconds()
        self._connection: AbstractConnection | None = None
        self._channel: AbstractChannel | None = None
        self._messages: asyncio.Queue[Given | None] = asyncio.Queue()
        """None says that the channel was closed."""

    async def open(self) -> None:
        """Connect and prove the queue, which is created where settings allow it.

        Raises TransientError or MisconfiguredError.
        """
        try:
            async with asyncio.timeout(self._timeout):
                await self._connect()
                await self.prove()
        except _FAILURES as error:
            self._explain(error)

    async def close(self) -> None:
        """End the connection; what was given and not acknowledged goes back to its place in the queue."""
        if self._connection is not None:
            with suppress(*_FAILURES):
                await asyncio.wait_for(self._connection.close(), self._timeout)

    async def listen(self) -> None:
        """Let the queue give messages. Raises TransientError or MisconfiguredError."""
        try:
            async with asyncio.timeout(self._timeout):
                await self._opened.set_qos(prefetch_count=self._settings.prefetch)
                self._opened.close_callbacks.add(self._end)
                queue = await self._opened.get_queue(self._settings.queue, ensure=False)
                await queue.consume(self._take)
        except _FAILURES as error:
            self._explain(error)

    async def next(self, within: float) -> Given | None:
        """Return the next message, or None when none comes within these seconds.

        Raises TransientError when the connection is lost.
        """
        try:
            given = await asyncio.wait_for(self._messages.get(), within)
        except TimeoutError:
            return None
        if given is None:
            # Whoever asks again hears it again.
            self._messages.put_nowait(None)
            raise TransientError(f"{self._where} closed the connection")
        return given

    async def prove(self) -> None:
        """Raise MisconfiguredError, with the remedy, where the queue is not there, TransientError where nobody answers.

        A queue that is deleted tells nobody who listens to it, unless he looks.
        """
        try:
            queue = await asyncio.wait_for(self._queue(), self._timeout)
        except _FAILURES as error:
            self._explain(error)
        assert queue.name == self._settings.queue, "the broker answered for another queue"

    async def acknowledge(self, last: Given) -> None:
        """Acknowledge this message and all that were given before it. Raises TransientError."""
        try:
            channel = await self._opened.get_underlay_channel()
            await asyncio.wait_for(channel.basic_ack(last.tag, multiple=True), self._timeout)
        except _FAILURES as error:
            self._explain(error)

    # ------------------------------------------------------------------ connection and queue

    @property
    def _where(self) -> str:
        return f"{self._settings.host}:{self._settings.port}"

    @property
    def _opened(self) -> AbstractChannel:
        assert self._channel is not None, "the session is open"
        return self._channel

    async def _connect(self) -> None:
        settings = self._settings
        self._connection = await aio_pika.connect(
            host=settings.host,
            port=settings.port,
            login=settings.user,
            password=settings.password.get_secret_value(),
            virtualhost=settings.virtual_host,
            ssl=self._tls is not None,
            ssl_context=self._tls,
            timeout=self._timeout,
            client_properties={"connection_name": "xconnector"},
        )
        self._channel = await self._connection.channel(publisher_confirms=False)

    async def _queue(self) -> AbstractQueue:
        settings = self._settings
        if not settings.declare:
            return await self._opened.declare_queue(settings.queue, passive=True)
        queue = await self._opened.declare_queue(
            settings.queue, durable=True, arguments={**queue_arguments(self._version)}
        )
        for binding in settings.bindings:
            await queue.bind(binding.exchange, binding.routing_key)
        return queue

    @property
    def _version(self) -> str:
        """What the broker says that it is, as in 4.1.0; empty where it does not."""
        assert self._connection is not None, "the session is open"
        transport = self._connection.transport
        return str(transport.connection.server_properties.get("version", "")) if transport is not None else ""

    # ------------------------------------------------------------------ messages

    async def _take(self, message: AbstractIncomingMessage) -> None:
        assert message.delivery_tag is not None, "a message that is to be acknowledged has a tag"
        given = Given(
            payload=message.body,
            headers=_texts(message.headers),
            message_id=message.message_id,
            content_type=message.content_type,
            tag=message.delivery_tag,
        )
        self._messages.put_nowait(given)

    def _end(self, *_: object) -> None:
        self._messages.put_nowait(None)

    # ------------------------------------------------------------------ errors

    def _explain(self, error: BaseException) -> NoReturn:
        """Raise what an error of the driver means to us."""
        queue, kind = self._settings.queue, type(error).__name__
        if "Authentication" in kind:
            raise MisconfiguredError(
                f"{self._where} refuses user {self._settings.user!r}: check the password"
            ) from None
        if kind == "ChannelNotFoundEntity":
            raise MisconfiguredError(
                f"there is no queue {queue!r} in {self._settings.virtual_host!r}, or not every exchange of its; "
                "create it, or let the connection state `declare: true`"
            ) from None
        if kind in {"ChannelAccessRefused", "ConnectionNotAllowed"}:
            raise MisconfiguredError(
                f"{self._where} lets user {self._settings.user!r} not read queue {queue!r} in "
                f"{self._settings.virtual_host!r}: grant it"
            ) from None
        if kind == "ChannelPreconditionFailed":
            raise MisconfiguredError(
                f"queue {queue!r} is there, and is no durable quorum queue or (from RabbitMQ 4 on) drops what was "
                "given too often: make it anew with x-delivery-limit -1, or state `declare: false`"
            ) from None
        if kind == "ChannelLockedResource":
            raise MisconfiguredError(f"queue {queue!r} belongs to one connection alone (exclusive)") from None
        if kind in {"SSLCertVerificationError", "SSLError"} or "CERTIFICATE_VERIFY" in str(error):
            raise MisconfiguredError(f"{self._where} shows no certificate that can be trusted: see `ca_file`") from None
        raise TransientError(f"{self._where} cannot be reached ({kind})") from None


def queue_arguments(version: str) -> dict[str, str | int]:
    """Return with what a queue is declared at a broker of this version (as in 4.1.0): it never drops what it holds.

    RabbitMQ drops, from version 4 on and unless it is told otherwise, what it gave twenty times. To the versions
    before, which do not, the same words say the contrary: they drop what comes back once.
    """
    major = version.partition(".")[0]
    if major.isdecimal() and int(major) >= _LIMITED_FROM:
        return {"x-queue-type": "quorum", "x-delivery-limit": -1}
    return {"x-queue-type": "quorum"}


def _texts(headers: HeadersType) -> dict[str, str]:
    """Return the headers that are texts, or that a CloudEvent writes as texts; their names in lower case."""
    found: dict[str, str] = {}
    for name, value in headers.items():
        if isinstance(value, bytes):
            with suppress(UnicodeDecodeError):
                found[name.lower()] = value.decode()
        elif isinstance(value, datetime):
            found[name.lower()] = value.isoformat().replace("+00:00", "Z")
        elif isinstance(value, (str, int)):
            found[name.lower()] = str(value)
    return found
