"""The wire to NATS: a connection to JetStream, the pull of a durable consumer, and what its errors mean to us."""

import asyncio
import json
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from ssl import SSLContext
from typing import NoReturn

from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.aio.subscription import Subscription
from nats.errors import AuthorizationError, Error, NoRespondersError
from nats.js import JetStreamContext
from nats.js.api import AckPolicy, ConsumerConfig, ConsumerInfo
from nats.js.errors import APIError, NotFoundError, ServiceUnavailableError

from xconnector.connectors.nats.settings import NatsSettings
from xconnector.contract.errors import ConnectorError, MisconfiguredError, TransientError

_STATUS = "Status"
_GONE = "409"
_LATE = timedelta(seconds=2)
"""A pull of which nothing was heard so long after its end is lost."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """A message as the consumer gave it."""

    payload: bytes = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)
    position: str
    """Stream and sequence."""
    message: Msg = field(repr=False)


class NatsSession:
    """One connection, and one consumer's messages over it. It never reconnects: that is decided outside."""

    def __init__(self, settings: NatsSettings, tls: SSLContext | None) -> None:
        self._settings = settings
        self._tls = tls
        self._timeout = settings.timeout.total_seconds()
        self._client = Client()
        self._heard: Exception | None = None
        self._messages: Subscription | None = None
        self._asked_for = 0
        self._asked_until = 0.0

    async def open(self) -> None:
        """Connect and prove stream and consumer; the consumer is created where settings allow it.

        Raises TransientError or MisconfiguredError.
        """
        await self._connect()
        try:
            await self._prove(JetStreamContext(self._client, timeout=self._timeout))
        except (Error, OSError) as error:
            self._explain(error)

    async def close(self) -> None:
        with suppress(Error, OSError, asyncio.TimeoutError):
            await self._client.close()

    async def ask(self, most: int, *, lasting: timedelta) -> None:
        """Ask for messages, unless enough are on their way already."""
        await self._subscribe()
        if self._asked_for > 0 and time.monotonic() < self._asked_until:
            return
        pull = {"batch": most, "expires": int(lasting.total_seconds() * 1_000_000_000)}
        subject = f"$JS.API.CONSUMER.MSG.NEXT.{self._settings.stream}.{self._settings.consumer}"
        assert self._messages is not None, "it was subscribed above"
        try:
            await self._client.publish(subject, json.dumps(pull).encode(), reply=self._messages.subject)
        except (Error, OSError) as error:
            self._explain(error)
        self._asked_for, self._asked_until = most, time.monotonic() + (lasting + _LATE).total_seconds()

    async def next(self, within: float) -> Given | None:
        """Return the next message, or None when none comes within these seconds or all that was asked for is here.

        Raises TransientError when the connection is lost, MisconfiguredError when the consumer is.
        """
        assert self._messages is not None, "something was asked for"
        ends_at = time.monotonic() + within
        while self._asked_for > 0:
            try:
                message = await self._messages.next_msg(max(ends_at - time.monotonic(), 0.001))
            except TimeoutError:
                if not self._client.is_connected:
                    self._explain(Error("nats: the connection was lost"))
                return None
            except (Error, OSError) as error:
                self._explain(error)
            if not self._ends_pull(message):
                self._asked_for -= 1
                return self._given(message)
        return None

    async def settle(self, taken: Sequence[Given], unreadable: Sequence[Given]) -> None:
        """Acknowledge what is ours; of what cannot be read, tell that it is not to be given again.

        Raises TransientError.
        """
        try:
            for given in taken:
                await given.message.ack()
            for given in unreadable:
                await given.message.term()
            await self._client.flush(max(1, int(self._timeout)))
        except (Error, OSError) as error:
            self._explain(error)

    async def give_back(self, given: Sequence[Given]) -> None:
        """Let others have what is not ours; where the connection is gone, the server does so after a while."""
        with suppress(Error, OSError, asyncio.TimeoutError):
            if self._messages is not None:
                # Else it would be given to what we asked for last.
                await self._messages.unsubscribe()
            for one in given:
                await one.message.nak()
            await self._client.flush(1)

    # ------------------------------------------------------------------ connecting

    async def _connect(self) -> None:
        settings = self._settings

        async def hear(error: Exception) -> None:
            self._heard = error

        try:
            async with asyncio.timeout(self._timeout):
                await self._client.connect(
                    list(settings.servers),
                    name="xconnector",
                    error_cb=hear,
                    allow_reconnect=False,
                    connect_timeout=max(1, int(self._timeout)),
                    tls=self._tls,
                    user=settings.user,
                    password=settings.password.get_secret_value() if settings.password else None,
                    token=settings.token.get_secret_value() if settings.token else None,
                )
        except (Error, OSError, ValueError) as error:
            self._explain(error)

    async def _prove(self, streams: JetStreamContext) -> None:
        try:
            await streams.stream_info(self._settings.stream)
        except NotFoundError:
            raise MisconfiguredError(
                f"there is no stream {self._settings.stream!r}; create it, or mend `stream:` of the connection"
            ) from None
        try:
            found = await streams.consumer_info(self._settings.stream, self._settings.consumer)
        except NotFoundError:
            found = await self._declared(streams)
        if (wrong := _unfit(found)) is not None:
            raise MisconfiguredError(
                f"consumer {self._settings.consumer!r} of stream {self._settings.stream!r} {wrong}; "
                "mend it, or name another under `consumer:`"
            )

    async def _declared(self, streams: JetStreamContext) -> ConsumerInfo:
        if not self._settings.declare:
            raise MisconfiguredError(
                f"stream {self._settings.stream!r} has no consumer {self._settings.consumer!r}; "
                "create it, or let the connection state `declare: true`"
            )
        wanted = ConsumerConfig(
            durable_name=self._settings.consumer,
            description="xConnector takes events in",
            ack_policy=AckPolicy.EXPLICIT,
            ack_wait=self._settings.ack_wait.total_seconds(),
            max_deliver=-1,
            max_ack_pending=10_000,
            filter_subjects=list(self._settings.subjects) or None,
        )
        return await streams.add_consumer(self._settings.stream, wanted)  # pyright: ignore[reportUnknownMemberType] - further settings are untyped

    async def _subscribe(self) -> None:
        if self._messages is None:
            try:
                self._messages = await self._client.subscribe(self._client.new_inbox())  # pyright: ignore[reportUnknownMemberType] - its futures are untyped
            except (Error, OSError) as error:
                self._explain(error)

    # ------------------------------------------------------------------ messages

    def _ends_pull(self, message: Msg) -> bool:
        """Whether the server says something of a pull, instead of giving a message."""
        status = (message.headers or {}).get(_STATUS)
        if status is None:
            return False
        said = (message.headers or {}).get("Description", "")
        if status == _GONE and "deleted" in said.lower():
            raise MisconfiguredError(
                f"consumer {self._settings.consumer!r} of stream {self._settings.stream!r} was deleted; create it again"
            )
        self._asked_for = 0
        return True

    def _given(self, message: Msg) -> Given:
        headers = {name.lower(): value for name, value in (message.headers or {}).items()}
        position = f"{self._settings.stream}/{message.metadata.sequence.stream}"
        return Given(payload=message.data, headers=headers, position=position, message=message)

    # ------------------------------------------------------------------ errors

    def _explain(self, error: Exception) -> NoReturn:
        """Raise what an error of the driver means to us. The driver tells some of them only beside the call."""
        where = ", ".join(self._settings.servers)
        for told in (error, self._heard, self._client.last_error):
            if isinstance(told, ConnectorError):
                raise told
            if isinstance(told, AuthorizationError) or "uthorization" in str(told) or "ermissions" in str(told):
                raise MisconfiguredError(
                    f"{where} refuses us: check user, password or token, and what they may do"
                ) from None
        if isinstance(error, (NoRespondersError, ServiceUnavailableError)):
            raise TransientError(f"{where} offers no JetStream at the moment; is it switched on?") from None
        if isinstance(error, APIError):
            raise MisconfiguredError(f"{where} refuses what we ask of JetStream: {error.description}") from None
        raise TransientError(f"{where} cannot be reached ({type(self._heard or error).__name__})") from None


def _unfit(found: ConsumerInfo) -> str | None:
    """Say why a consumer is not one from which nothing is lost."""
    config = found.config
    if config.deliver_subject:
        return "pushes its messages: a pull consumer is needed"
    if config.ack_policy != AckPolicy.EXPLICIT:
        return "does not ask for an acknowledgement of each message (ack policy explicit)"
    if config.max_deliver is not None and config.max_deliver > 0:
        return f"gives a message at most {config.max_deliver} times and then loses it (max deliver must be -1)"
    return None
