"""Explain: the whole history of one communication, and the reason of every decision."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from xconnector.domain.communication import State
from xconnector.domain.delivery import DeliveryEvent, DeliveryStatus, status_of
from xconnector.domain.evidence import Evidence, evidence_of
from xconnector.operations.course import CourseAccount, course_account
from xconnector.operations.decision_accounts import DecisionHistory, decision_history
from xconnector.postgres.connect import Connection, Pool, snapshot
from xconnector.store import communications, dispatches, documents, failures, ledger, reviews
from xconnector.store.communications import Assembly, Found
from xconnector.store.dispatches import Handover
from xconnector.store.documents import ArchivedRendition, KeptRendition
from xconnector.store.failures import PastFailure
from xconnector.store.ledger import Entry
from xconnector.store.reviews import Review

_TAKEN = frozenset({dispatches.DispatchState.HANDED_OVER, dispatches.DispatchState.UNDELIVERABLE})


class UnknownCommunicationError(LookupError):
    """No communication, or more than one, is meant; the message says what to give instead."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """Everything that is known of one communication."""

    found: Found
    assembly: Assembly | None
    history: Sequence[Entry]
    decided: DecisionHistory
    renditions: Sequence[KeptRendition]
    archived: Sequence[ArchivedRendition]
    review: Review | None
    handovers: Sequence[Handover]
    events: Sequence[DeliveryEvent]
    failures: Sequence[PastFailure]
    course: CourseAccount | None = None
    """For what it waits, and what came to cancel it; None where its kind begins at once."""

    @property
    def delivery_status(self) -> DeliveryStatus:
        """The status of the latest hand-over; what a channel took and said nothing more of is accepted."""
        if not self.handovers:
            return DeliveryStatus.UNREPORTED
        latest = self.handovers[-1]
        status = status_of(event for event in self.events if event.dispatch_key == latest.dispatch_key)
        is_taken = latest.state == dispatches.DispatchState.HANDED_OVER
        return DeliveryStatus.ACCEPTED if is_taken and status is DeliveryStatus.UNREPORTED else status

    @property
    def evidence(self) -> Evidence:
        """What is proven of it by any of its hand-overs."""
        grades = [self.evidence_of(handover) for handover in self.handovers]
        return max(grades, key=lambda grade: grade.strength, default=Evidence.NONE)

    def evidence_of(self, handover: Handover) -> Evidence:
        """What is proven of one hand-over: by the channel's answer, and by all that it reported."""
        told = [event for event in self.events if event.dispatch_key == handover.dispatch_key]
        return evidence_of(told, is_handed_over=handover.state in _TAKEN)


async def _why_none(connection: Connection, words: str) -> str:
    """Say what is known of a record that never became a communication."""
    stopped = await failures.reason_of_record(connection, words)
    if stopped is None:
        return f"no communication has the id or source key {words!r}"
    return f"the record {words!r} never became a communication: {stopped}"


async def only_one(connection: Connection, words: str) -> Found:
    """Return the communication with this id, beginning of an id, or source key.

    Raises UnknownCommunicationError when none or more than one fits.
    """
    found = await communications.find(connection, words)
    if not found:
        raise UnknownCommunicationError(await _why_none(connection, words))
    if len(found) > 1:
        raise UnknownCommunicationError(f"more than one communication fits {words!r}; give more of its id")
    return found[0]


async def explain(pool: Pool, words: str) -> Explanation:
    """Explain the communication with this id, beginning of an id, or source key.

    Raises UnknownCommunicationError when none or more than one fits.
    """
    async with snapshot(pool) as connection:
        found = await only_one(connection, words)
        key = found.communication_id
        renditions = await documents.of_communications(connection, [key])
        history = await ledger.history(connection, key)
        return Explanation(
            found=found,
            assembly=await communications.assembly(connection, key),
            history=history,
            decided=await decision_history(connection, found, history),
            renditions=renditions.get(key, []),
            archived=await documents.archived_of(connection, key),
            review=await reviews.of_communication(connection, key),
            handovers=await dispatches.of_communication(connection, key),
            events=await dispatches.events_of(connection, key),
            failures=await failures.of_communication(connection, key),
            course=await course_account(connection, key, State(found.state)),
        )


async def explain_delivery(pool: Pool, communication_id: UUID) -> Explanation | None:
    """Return what is known of one communication; None when there is none with this id."""
    async with snapshot(pool) as connection:
        fitting = await communications.find(connection, communication_id.hex)
    is_there = any(one.communication_id == communication_id for one in fitting)
    return await explain(pool, str(communication_id)) if is_there else None


async def explain_decision(pool: Pool, communication_id: UUID) -> DecisionHistory | None:
    """Return what was decided of one communication, and why; None when there is none with this id."""
    async with snapshot(pool) as connection:
        fitting = await communications.find(connection, communication_id.hex)
        # A source key may look like an id.
        found = next((one for one in fitting if one.communication_id == communication_id), None)
        if found is None:
            return None
        return await decision_history(connection, found, await ledger.history(connection, communication_id))
