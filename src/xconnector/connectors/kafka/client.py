"""The wire to Kafka: one member of a consumer group, and what the driver's errors mean to us.

The driver waits in its calls, so that they have a thread of their own, one for each session.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn, TypeVar

from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicPartition

from xconnector.connectors.kafka.settings import KafkaSettings
from xconnector.contract.errors import MisconfiguredError, TransientError
from xconnector.contract.stream_source import Appetite

R = TypeVar("R")

# The group was shared out anew: what we were about to acknowledge is ours, and will be known when it comes again.
_SHARED_OUT_ANEW = frozenset(
    {
        KafkaError.ILLEGAL_GENERATION,
        KafkaError.UNKNOWN_MEMBER_ID,
        KafkaError.REBALANCE_IN_PROGRESS,
        KafkaError._NO_OFFSET,  # noqa: SLF001 - how the driver names its own errors
        KafkaError._ASSIGNMENT_LOST,  # noqa: SLF001
    }
)
_REFUSALS = frozenset(
    {
        KafkaError._AUTHENTICATION,  # noqa: SLF001 - how the driver names its own errors
        KafkaError.SASL_AUTHENTICATION_FAILED,
        KafkaError.TOPIC_AUTHORIZATION_FAILED,
        KafkaError.GROUP_AUTHORIZATION_FAILED,
        KafkaError.CLUSTER_AUTHORIZATION_FAILED,
        KafkaError.UNSUPPORTED_SASL_MECHANISM,
        KafkaError.ILLEGAL_SASL_STATE,
    }
)
_UNTRUSTED = frozenset({KafkaError._SSL})  # noqa: SLF001
_UNKNOWN_TOPICS = frozenset({KafkaError.UNKNOWN_TOPIC_OR_PART, KafkaError._UNKNOWN_TOPIC})  # noqa: SLF001
_TELLING = _REFUSALS | _UNTRUSTED
_MOST_KILOBYTES_FETCHED = 16_384


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """A message as a partition gave it."""

    payload: bytes | None = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)
    key: str | None = field(repr=False)
    topic: str
    partition: int
    offset: int


class KafkaSession:
    """One member of the group."""

    def __init__(self, settings: KafkaSettings, folder: Path) -> None:
        self._settings = settings
        self._folder = folder
        self._timeout = settings.timeout.total_seconds()
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="kafka")
        self._consumer: Consumer | None = None
        self._heard: KafkaError | None = None
        """What the driver told beside its calls, worst first."""
        self._is_cut_off = False

    async def open(self) -> None:
        """Prove brokers and topics. Raises TransientError or MisconfiguredError."""
        # The driver reads its files itself, and tells less of them than this does.
        self._settings.transport.context(self._folder)
        await self._in_thread(self._open)

    async def join(self) -> None:
        """Become a member of the group. Raises TransientError or MisconfiguredError."""
        await self._in_thread(self._join)

    async def close(self) -> None:
        """Leave the group; what was not acknowledged is given to whoever has the partition next."""
        with suppress(TransientError, MisconfiguredError):
            await self._in_thread(self._close)
        self._thread.shutdown(wait=False)

    async def next(self, appetite: Appetite) -> Sequence[Given]:
        """Return the messages that come next. Raises TransientError or MisconfiguredError."""
        return await self._in_thread(lambda: self._next(appetite))

    async def acknowledge(self, given: Sequence[Given]) -> None:
        """Acknowledge these messages, and with them all before them in their partitions. Raises TransientError."""
        await self._in_thread(lambda: self._commit(given))

    async def _in_thread(self, call: Callable[[], R]) -> R:
        try:
            return await asyncio.get_running_loop().run_in_executor(self._thread, call)
        except KafkaException as error:
            self._explain(error.args[0])

    # ------------------------------------------------------------------ in the thread

    def _open(self) -> None:
        self._consumer = Consumer(self._options())
        for topic in self._settings.topics:
            found = self._consumer.list_topics(topic, timeout=self._timeout).topics[topic]
            if found.error is not None:
                self._explain(found.error)

    def _join(self) -> None:
        # Partitions may be taken from us, and given to us again, while messages are gathered. What was gathered is
        # kept all the same: left out, it would be passed over by the next commit where the partition is ours again.
        self._member.subscribe(list(self._settings.topics))

    def _close(self) -> None:
        if self._consumer is not None:
            self._consumer.close()

    def _next(self, appetite: Appetite) -> Sequence[Given]:
        first = self._member.poll(appetite.patience.total_seconds())
        more = self._member.consume(appetite.most - 1, appetite.within.total_seconds()) if first is not None else []
        given: list[Given] = []
        for message in [first, *more] if first is not None else []:
            if (error := message.error()) is not None:
                self._explain(error)
            given.append(_given(message))
        if not given and (self._is_cut_off or self._heard is not None):
            self._explain(self._heard or KafkaError(KafkaError._ALL_BROKERS_DOWN))  # noqa: SLF001
        self._is_cut_off = False
        return given

    def _commit(self, given: Sequence[Given]) -> None:
        ends: dict[tuple[str, int], int] = {}
        for one in given:
            place = (one.topic, one.partition)
            ends[place] = max(ends.get(place, 0), one.offset + 1)
        offsets = [TopicPartition(topic, partition, offset) for (topic, partition), offset in ends.items()]
        try:
            committed = self._member.commit(offsets=offsets, asynchronous=False)
        except KafkaException as error:
            if error.args[0].code() not in _SHARED_OUT_ANEW:
                raise
            return
        for one in committed or ():
            if one.error is not None and one.error.code() not in _SHARED_OUT_ANEW:
                self._explain(one.error)

    @property
    def _member(self) -> Consumer:
        assert self._consumer is not None, "the session is open"
        return self._consumer

    def _hear(self, error: KafkaError) -> None:
        if error.code() == KafkaError._ALL_BROKERS_DOWN:  # noqa: SLF001
            self._is_cut_off = True
        elif error.code() in _TELLING or error.fatal():
            self._heard = error

    # ------------------------------------------------------------------ options

    def _options(self) -> dict[str, Any]:
        settings = self._settings
        session = int(settings.session.total_seconds() * 1000)
        return {
            "bootstrap.servers": ",".join(settings.brokers),
            "client.id": "xconnector",
            "group.id": settings.group,
            "auto.offset.reset": settings.start.value,
            "isolation.level": "read_committed",
            # An offset is committed after what stands before it is durable with us, and never otherwise.
            "enable.auto.commit": False,
            "enable.auto.offset.store": False,
            "allow.auto.create.topics": False,
            "session.timeout.ms": session,
            "heartbeat.interval.ms": min(3_000, session // 3),
            "socket.connection.setup.timeout.ms": max(1000, int(self._timeout * 1000)),
            "queued.max.messages.kbytes": _MOST_KILOBYTES_FETCHED,
            "error_cb": self._hear,
            "log_level": 0,
            **self._protection(),
        }

    def _protection(self) -> dict[str, str]:
        transport, login = self._settings.transport, self._settings.login
        way = "SASL_" if login is not None else ""
        options = {"security.protocol": f"{way}{'SSL' if transport.tls else 'PLAINTEXT'}"}
        files = {
            "ssl.ca.location": transport.ca_file,
            "ssl.certificate.location": transport.certificate_file,
            "ssl.key.location": transport.key_file,
        }
        options |= {name: str(self._folder / file) for name, file in files.items() if file is not None}
        if login is not None:
            options |= {
                "sasl.mechanism": login.mechanism.value,
                "sasl.username": login.user,
                "sasl.password": login.password.get_secret_value(),
            }
        return options

    # ------------------------------------------------------------------ errors

    def _explain(self, error: KafkaError) -> NoReturn:
        """Raise what an error of the driver means to us; what it told beside its calls says more."""
        where = ", ".join(self._settings.brokers)
        told = self._heard or error
        if told.code() in _REFUSALS:
            raise MisconfiguredError(
                f"{where} refuses us ({told.name()}): check user and password, and whether group "
                f"{self._settings.group!r} may read {', '.join(self._settings.topics)}"
            ) from None
        if told.code() in _UNTRUSTED:
            raise MisconfiguredError(
                f"{where} and we do not agree on TLS: see `ca_file`, `certificate_file` and `transport.tls`"
            ) from None
        if told.code() in _UNKNOWN_TOPICS:
            raise MisconfiguredError(
                f"not all of the topics are there: {', '.join(self._settings.topics)}; create them, or mend `topics:`"
            ) from None
        raise TransientError(f"{where} cannot be reached ({told.name()})") from None


def _given(message: Message) -> Given:
    topic, partition, offset = message.topic(), message.partition(), message.offset()
    assert topic is not None, "a message without an error stands in a topic"
    assert partition is not None, "a message without an error stands in a partition"
    assert offset is not None, "a message without an error has an offset"
    headers: dict[str, str] = {}
    for name, value in message.headers() or ():
        if (text := _text(value)) is not None:
            headers[name.lower()] = text
    return Given(
        payload=_bytes(message.value()),
        headers=headers,
        key=_text(message.key()),
        topic=topic,
        partition=partition,
        offset=offset,
    )


def _bytes(value: str | bytes | None) -> bytes | None:
    return value.encode() if isinstance(value, str) else value


def _text(value: str | bytes | None) -> str | None:
    """Return what is written in UTF-8, or None."""
    try:
        return value.decode() if isinstance(value, bytes) else value
    except UnicodeDecodeError:
        return None
