"""What a connection to topics of Kafka needs to know."""

from datetime import timedelta
from enum import StrEnum
from typing import Annotated, Self

from pydantic import Field, SecretStr, model_validator

from xconnector.contract.settings import ConnectorSettings, Duration
from xconnector.contract.stream_message import StreamSettings
from xconnector.contract.transport import Transport

Broker = Annotated[str, Field(pattern=r"^[A-Za-z0-9.-]+:[0-9]{1,5}$|^\[[0-9A-Fa-f:]+\]:[0-9]{1,5}$")]
Topic = Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]{1,249}$")]


class Start(StrEnum):
    """Where a group begins that has read nothing yet."""

    EARLIEST = "earliest"
    """With the oldest message that the topic still has."""
    LATEST = "latest"
    """With what comes from now on."""


class Mechanism(StrEnum):
    """How we prove who we are (SASL)."""

    PLAIN = "PLAIN"
    """The password itself goes over the line; with TLS only."""
    SCRAM_SHA_256 = "SCRAM-SHA-256"
    SCRAM_SHA_512 = "SCRAM-SHA-512"


class Login(ConnectorSettings):
    """Who we are to the brokers."""

    mechanism: Mechanism = Mechanism.SCRAM_SHA_512
    """`PLAIN`, `SCRAM-SHA-256` or `SCRAM-SHA-512`."""
    user: str
    """Name to log in with."""
    password: SecretStr
    """Password to log in with."""


class KafkaSettings(StreamSettings):
    """Topics, and the group as whose member we read them."""

    brokers: Annotated[tuple[Broker, ...], Field(min_length=1)]
    """Some brokers of the cluster, as `host:port`; the others are learned from them."""
    topics: Annotated[tuple[Topic, ...], Field(min_length=1)]
    """Topics that are read; they are never created."""
    group: Annotated[str, Field(pattern=r"^[!-~]{1,249}$")] = "xconnector"
    """Name of the consumer group that all our workers form."""
    start: Start = Start.EARLIEST
    """Where a group begins that has read nothing yet, or whose place the topic has deleted."""
    skip_tombstones: bool = False
    """Whether messages without a value, as compacted topics have them, are passed over; else they are set aside."""
    login: Login | None = None
    """Who we are to the brokers; left out where they do not ask, or ask for a certificate only."""
    transport: Transport = Transport()
    """How the way to the brokers is protected."""
    timeout: Annotated[Duration, Field(ge=timedelta(milliseconds=100))] = timedelta(seconds=10)
    """How long to wait for an answer of the brokers."""
    session: Annotated[Duration, Field(ge=timedelta(seconds=1))] = timedelta(seconds=45)
    """How long a worker may be silent before its partitions are given to the others."""

    @model_validator(mode="after")
    def _plain_text_stays_here(self) -> Self:
        self.transport.refuse_plain_text_abroad(broker.rpartition(":")[0] for broker in self.brokers)
        return self
