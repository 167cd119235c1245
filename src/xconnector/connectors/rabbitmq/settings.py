"""What a connection to a queue of RabbitMQ needs to know."""

from datetime import timedelta
from typing import Annotated, Self

from pydantic import Field, SecretStr, model_validator

from xconnector.contract.settings import ConnectorSettings, Duration
from xconnector.contract.stream_message import POSITION, StreamSettings
from xconnector.contract.transport import Transport

AmqpName = Annotated[str, Field(min_length=1, max_length=255)]


class Binding(ConnectorSettings):
    """From where a queue that we declare gets its messages."""

    exchange: AmqpName
    """Name of the exchange, which must be there."""
    routing_key: Annotated[str, Field(max_length=255)] = ""
    """Which of its messages: a key or a pattern, as the exchange has it."""


class RabbitmqSettings(StreamSettings):
    """A queue, and who we are to its broker."""

    host: Annotated[str, Field(min_length=1)]
    """Name or address of the broker."""
    port: Annotated[int, Field(ge=1, le=65535)] = 5671
    """Port of the broker: usually 5671 with TLS, 5672 without."""
    virtual_host: AmqpName = "/"
    """Virtual host in which the queue is."""
    queue: AmqpName
    """Name of the queue, which all our workers share."""
    declare: bool = False
    """Whether we may create the queue where it is not there: durable, as a quorum queue."""
    bindings: tuple[Binding, ...] = ()
    """With `declare: true`: from which exchanges it gets its messages."""
    prefetch: Annotated[int, Field(ge=1, le=65_535)] = 1_000
    """Most messages that the broker gives a worker before they are acknowledged."""
    user: str
    """Name to log in with."""
    password: SecretStr
    """Password to log in with."""
    transport: Transport = Transport()
    """How the way to the broker is protected."""
    timeout: Annotated[Duration, Field(ge=timedelta(milliseconds=100))] = timedelta(seconds=10)
    """How long to wait for an answer of the broker."""

    @model_validator(mode="after")
    def _plain_text_stays_here(self) -> Self:
        self.transport.refuse_plain_text_abroad([self.host])
        return self

    @model_validator(mode="after")
    def _queues_have_no_positions(self) -> Self:
        if POSITION in self.key:
            raise ValueError("a queue has no positions: name fields, $key (the message's id) or $headers.NAME as `key`")
        return self

    @model_validator(mode="after")
    def _bindings_are_declared(self) -> Self:
        if self.bindings and not self.declare:
            raise ValueError("bindings are made with `declare: true` only")
        return self
