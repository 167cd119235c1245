"""The role of a source that calls us over HTTP: it knows who sent a request, what that holds, and what to answer.

All of it is pure: nothing is opened for it, and what it says follows from the request, the settings and the time.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from xconnector.contract.lifecycle import Connector
from xconnector.domain.event import BadRecord, SourceRecord

LARGEST_BODY = 10 * 1024 * 1024
"""Bytes of one request, whatever a connection says; larger ones are refused while they arrive."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookRequest:
    """One request as it came: signatures are over exactly these bytes."""

    headers: Mapping[str, str] = field(repr=False)
    """Names in lower case; what came several times under one name is joined by `, `."""
    body: bytes = field(repr=False)
    query: Mapping[str, str] = field(default_factory=dict[str, str], repr=False)
    """What stands behind `?`; of a name that is repeated, the last."""
    peer: str | None = None
    """IP address of the program at the other end of the connection, which may be a proxy."""
    certificate: bytes | None = field(default=None, repr=False)
    """The caller's certificate in DER, where TLS ends with us and has proven it against our list of authorities."""


class UnprovenError(Exception):
    """It is not proven who sent a request. The message names what is missing or wrong, for us and never for the sender.

    It holds nothing of the request.
    """


class WebhookOutcome(StrEnum):
    """How the intake of a whole request ended."""

    TAKEN = "taken"
    """Every record is kept, now or before."""
    SET_ASIDE = "set_aside"
    """Everything is kept; something cannot be read, or its key was taken with another payload: people look at it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookAnswer:
    """What the sender is told once its request is durable."""

    status: int
    body: bytes = b""
    content_type: str | None = None


class WebhookSource(Connector, Protocol):
    """Reads what an outside system sends us by itself."""

    @property
    def largest(self) -> int:
        """Most bytes of one request, at most `LARGEST_BODY`."""
        ...

    @property
    def tells_type(self) -> bool:
        """Whether each record says which type of event it is; else the one feed of the connection says it."""
        ...

    def prove(self, request: WebhookRequest, *, now: datetime) -> None:
        """Prove who sent the raw request, before anything in it is read.

        Raises UnprovenError.
        """
        ...

    def read(self, request: WebhookRequest, *, source: str, event_type: str) -> Sequence[SourceRecord | BadRecord]:
        """Return every record in its order; what cannot be read as a BadRecord with its bytes. Never raises.

        `source` and `event_type` stand in each record that does not name its own.
        """
        ...

    def answer(self, outcome: WebhookOutcome) -> WebhookAnswer:
        """Return what this sender understands as `kept`, or as what its settings want it told."""
        ...
