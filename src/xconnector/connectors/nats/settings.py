"""What a connection to a stream of NATS JetStream needs to know."""

import re
from datetime import timedelta
from typing import Annotated, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, SecretStr, model_validator

from xconnector.contract.settings import Duration
from xconnector.contract.stream_message import StreamSettings
from xconnector.contract.transport import Transport

_SUBJECT = re.compile(r"(\*|[^\s.*>]+)(\.(\*|[^\s.*>]+))*(\.>)?|>")


def _checked_server(address: str) -> str:
    found = urlsplit(address)
    if found.scheme not in {"nats", "tls"} or not found.hostname or found.username or found.path:
        raise ValueError("write a server such as nats://nats.aurora.test:4222, without user and password")
    return address


def _checked_subject(subject: str) -> str:
    if _SUBJECT.fullmatch(subject) is None:
        raise ValueError("write a subject such as policies.issued or policies.>")
    return subject


Server = Annotated[str, AfterValidator(_checked_server)]
Subject = Annotated[str, Field(max_length=200), AfterValidator(_checked_subject)]
ConsumerName = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,64}$")]


class NatsSettings(StreamSettings):
    """A stream, and the durable consumer by which we and our like read it."""

    servers: Annotated[tuple[Server, ...], Field(min_length=1)]
    """Addresses of the cluster, such as `nats://nats.aurora.test:4222`; the first that answers is taken."""
    stream: ConsumerName
    """Name of the stream."""
    consumer: ConsumerName = "xconnector"
    """Name of the durable pull consumer that all our workers share."""
    subjects: tuple[Subject, ...] = ()
    """Subjects that are read, where it is not the whole stream; only said to a consumer that we declare."""
    declare: bool = False
    """Whether we may create the consumer where it is not there; the stream is never created."""
    ack_wait: Annotated[Duration, Field(ge=timedelta(seconds=1))] = timedelta(seconds=60)
    """Of a consumer that we declare: after which time without acknowledgement a message is given again."""
    user: str | None = None
    """Name to log in with."""
    password: SecretStr | None = None
    """Password to log in with."""
    token: SecretStr | None = None
    """Token to log in with, instead of user and password."""
    transport: Transport = Transport()
    """How the way to the servers is protected."""
    timeout: Annotated[Duration, Field(ge=timedelta(milliseconds=100))] = timedelta(seconds=10)
    """How long to wait for an answer of the servers."""

    @model_validator(mode="after")
    def _login_is_whole(self) -> Self:
        if (self.user is None) != (self.password is None):
            raise ValueError("user and password belong together: give both or neither")
        if self.user is not None and self.token is not None:
            raise ValueError("give a token, or user and password")
        return self

    @model_validator(mode="after")
    def _plain_text_stays_here(self) -> Self:
        self.transport.refuse_plain_text_abroad(urlsplit(server).hostname or "" for server in self.servers)
        return self
