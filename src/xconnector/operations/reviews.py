"""Reviews: a person with the right role approves or rejects exactly the document that waits."""

from collections.abc import Mapping
from datetime import UTC, datetime
from uuid import UUID

from xconnector.domain.communication import State
from xconnector.domain.review import Decision, Verdict, releases
from xconnector.execution.jobs import Jobs, Priority
from xconnector.postgres.connect import Connection, Pool, in_transaction, transaction
from xconnector.project.model import Person
from xconnector.project.people import why_not
from xconnector.store import communications, drafts, reviews
from xconnector.store.moves import Move, Step, move_and_tell
from xconnector.store.reviews import Review

LEAST_DIGITS = 8
"""Of a digest that a person types."""


class ReviewError(Exception):
    """The verdict cannot be recorded; the message says why and what to do."""


async def waiting_reviews(pool: Pool, *, role: str | None, limit: int) -> list[Review]:
    """Return what waits for a verdict, oldest first."""
    async with transaction(pool) as connection:
        return await reviews.waiting(connection, role=role, limit=limit)


async def decide(
    pool: Pool,
    jobs: Jobs,
    people: Mapping[str, Person],
    *,
    communication: str,
    document_sha256: str,
    decision: Decision,
    person: str,
    reason: str,
) -> UUID:
    """Record a verdict on the document with this digest (or the beginning of it), and let its communication go on.

    Approval releases it to the archive and its channels, rejection cancels it. Returns the communication's id.
    Raises ReviewError when the person may not, or edited it, or the document is not the one that waits.
    """

    async def write(connection: Connection) -> UUID:
        review, document = await _find(connection, communication)
        _refuse_unfit(review, people, person, document_sha256)
        await _refuse_editor(connection, review, person)
        now = datetime.now(UTC)
        verdict = Verdict(
            document_sha256=review.document_sha256, decision=decision, person=person, reason=reason, decided_at=now
        )
        if decision is Decision.APPROVED and not releases(verdict, document):
            raise ReviewError("the document was composed anew; look at it again with `xconnector review show`")
        if not await reviews.decide(connection, review.communication_id, verdict):
            raise ReviewError("somebody else has just decided it; look again with `xconnector review list`")
        await _move(connection, jobs, review, verdict)
        return review.communication_id

    return await in_transaction(pool, write)


async def _find(connection: Connection, communication: str) -> tuple[Review, str]:
    """Return the review and the digest of the document that would leave."""
    found = await communications.find(connection, communication)
    if len(found) == 1:
        # Before it is read: whoever opens a draft of it is through, or waits for us.
        await drafts.lock(connection, found[0].communication_id)
    review = await reviews.of_communication(connection, found[0].communication_id) if len(found) == 1 else None
    if review is None:
        raise ReviewError(f"no review of {communication!r} is known; `xconnector review list` shows what waits")
    return review, found[0].document_sha256 or ""


def _refuse_unfit(review: Review, people: Mapping[str, Person], name: str, document_sha256: str) -> None:
    if review.decision is not None:
        raise ReviewError(f"it was {review.decision} by {review.person} already")
    if review.edited_by is not None:
        raise ReviewError(
            f"it is being edited by {review.edited_by}: `xconnector review return` brings the edited document back"
        )
    refusal = why_not(people, name, review.role)
    if refusal is not None:
        raise ReviewError(refusal)
    if len(document_sha256) < LEAST_DIGITS or not review.document_sha256.startswith(document_sha256.lower()):
        raise ReviewError(
            f"the digest is not that of the document that waits (give at least its first {LEAST_DIGITS} digits); "
            "look at the document again: it may have been composed anew"
        )


async def _refuse_editor(connection: Connection, review: Review, name: str) -> None:
    """Have four eyes look at what people wrote. Raises ReviewError."""
    if name in await drafts.editors(connection, review.communication_id, review.document_sha256):
        raise ReviewError(
            f"{name} edited this document or took it back: somebody else with role {review.role!r} gives the verdict "
            "on it (four eyes); `people` in the project says who has the role"
        )


async def _move(connection: Connection, jobs: Jobs, review: Review, verdict: Verdict) -> None:
    approved = verdict.decision is Decision.APPROVED
    target = State.RELEASED if approved else State.CANCELLED
    moved = await move_and_tell(
        connection,
        [
            Move(
                communication_id=review.communication_id,
                batch_id=review.batch_id,
                detail={"document": verdict.document_sha256, "reason": verdict.reason, "role": review.role},
            )
        ],
        Step(origin=State.IN_REVIEW, target=target, event=verdict.decision.value, actor=verdict.person),
        verdict.decided_at,
    )
    if not moved:
        raise ReviewError("it does not wait for a verdict any more; look again with `xconnector review list`")
    if approved:
        await jobs.defer(connection, "archive", priority=Priority.ONE_OFF, batch_id=review.batch_id)
