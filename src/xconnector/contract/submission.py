"""The ability of a composer to make many documents as one job of its own, and to tell later what became of each."""

from collections.abc import AsyncIterable, AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol, runtime_checkable

from xconnector.contract.composer import Composition, Order
from xconnector.contract.errors import ConnectorError


@dataclass(frozen=True, slots=True, kw_only=True)
class Repeat:
    """All orders of a submission stood in an earlier one that did not make them."""

    submission_key: str
    """Of the earlier submission."""
    positions: tuple[int, ...]
    """Where they stood in it, counted from 1, in the sequence in which they are given now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """Many orders of one template that are composed as one job."""

    submission_key: str
    """The same for every attempt; safe as a file name."""
    template: str
    orders: int
    """How many they are."""
    created_at: datetime
    run: str | None
    submitted_at: datetime | None = None
    """When the composer was known to have it; None before that."""
    repeats: Repeat | None = None
    """Only where it is submitted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SubmissionReceipt:
    """The composer has the orders and is at work."""

    reference: str
    """What it needs to find the job again; kept, and given back at every look. Without customer content."""
    detail: Mapping[str, str]
    """What the ledger keeps of it: job ids, request ids, trace ids."""
    jobs: frozenset[str] = frozenset()
    """The composer's own names for what can belong to one submission alone; none where it has no such names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Underway:
    """It is not done yet."""

    said: str
    """How far it is, in words for an operator."""
    look_again_after: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """What became of one order."""

    key: str | int
    """The key that `admit` gave, or the order's position in the submission, counted from 1."""
    result: Composition | ConnectorError


@dataclass(frozen=True, slots=True, kw_only=True)
class SubmissionOutcome:
    """The job has ended."""

    made: AsyncIterator[Made]
    """One result for each order that the composer names, as a stream; it may end with a ConnectorError."""
    left_out: ConnectorError
    """What became of the orders that none of them names: what the composer skipped."""
    detail: Mapping[str, str]
    """What the ledger keeps of it: counts and return codes as the composer told them."""


@runtime_checkable
class ComposesSubmissions(Protocol):
    """It takes many orders at once, makes them in its own time, and gives the results by their keys."""

    def submits(self, template: str, *, of_run: bool) -> bool:
        """Say whether orders are to be submitted rather than composed while we wait: a run's, or single ones."""
        ...

    @property
    def orders_per_submission(self) -> int:
        """The most orders that go into one submission."""
        ...

    def admit(self, order: Order) -> str | None:
        """Return the key by which the order's result will be known, or None where results come by position.

        Raises PermanentError when the order cannot be submitted: it fails alone, and the rest passes.
        """
        ...

    async def submit(self, submission: Submission, orders: AsyncIterable[Order]) -> SubmissionReceipt:
        """Hand all orders over as one job; they are admitted ones, given once and as a stream.

        Raises one of the four errors: OutcomeUnknownError where the job may have begun.
        """
        ...

    async def find(self, submission: Submission) -> SubmissionReceipt | None:
        """Say whether a submission whose answer was lost has begun: its receipt, or None when it surely has not.

        Raises TransientError when that cannot be told yet, OutcomeUnknownError when it cannot be told at all.
        """
        ...

    async def look(self, submission: Submission, reference: str) -> Underway | SubmissionOutcome:
        """Look what became of a submission. Harmless, and may be repeated, also after its end.

        Raises TransientError, MisconfiguredError, or PermanentError when the job as a whole made nothing.
        """
        ...
