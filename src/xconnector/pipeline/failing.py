"""What follows when a communication cannot go on: it becomes a failure, in words that tell what to do."""

from collections.abc import Sequence
from datetime import datetime

from xconnector.contract.errors import (
    ConnectorError,
    MisconfiguredError,
    OutcomeUnknownError,
    PermanentError,
    TransientError,
)
from xconnector.domain.communication import State
from xconnector.domain.failure import Failure, FailureKind
from xconnector.pipeline.workplace import Workplace
from xconnector.postgres.connect import Connection, transaction
from xconnector.store import failures, inbox, ledger
from xconnector.store.communications import Standing
from xconnector.store.failures import Stopped
from xconnector.store.moves import Move, Step, move_and_tell


def failure_of(error: ConnectorError, stage: str, *, permanent: FailureKind = FailureKind.REFUSED) -> Failure:
    """Say what a connector's error means for the communication it struck.

    `permanent` is what a PermanentError means at this stage.
    """
    kinds: dict[type[ConnectorError], FailureKind] = {
        TransientError: FailureKind.OUTAGE,
        PermanentError: permanent,
        OutcomeUnknownError: FailureKind.UNKNOWN_OUTCOME,
        MisconfiguredError: FailureKind.PROJECT,
    }
    kind = next((kind for of, kind in kinds.items() if isinstance(error, of)), FailureKind.DEFECT)
    return Failure(stage=stage, kind=kind, reason=str(error))


def failure_of_composing(error: ConnectorError) -> Failure:
    """Say what it means that a document was not made.

    Composing has no effect outside: what was lost can be made again.
    """
    cause = TransientError(str(error)) if isinstance(error, OutcomeUnknownError) else error
    return failure_of(cause, "compose", permanent=FailureKind.PROJECT)


def stopped_by(standing: Standing, failure: Failure) -> Stopped:
    """Say that this communication was stopped by this failure."""
    return Stopped(batch_id=standing.batch_id, communication_id=standing.communication_id, failure=failure)


async def without_unknown(
    place: Workplace, standings: Sequence[Standing], *, stage: str, origin: State
) -> list[Standing]:
    """Return the communications whose kind the project has; those of a kind that was taken away fail."""
    known = place.project.communications
    unknown = [row for row in standings if row.name not in known]
    if unknown:
        stopped = [stopped_by(row, taken_away(row, stage)) for row in unknown]
        async with transaction(place.pool) as connection:
            await fail(connection, stopped, origin=origin, now=place.now())
    return [row for row in standings if row.name in known]


def taken_away(standing: Standing, stage: str) -> Failure:
    """Say that the project has the kind of a communication no more."""
    reason = f"the project has no communication {standing.name!r} any more; put it back, then reprocess"
    return Failure(stage=stage, kind=FailureKind.PROJECT, reason=reason)


async def fail(
    connection: Connection,
    stopped: Sequence[Stopped],
    *,
    origin: State,
    now: datetime,
    target: State = State.FAILED,
) -> None:
    """Move communications out of the main path into the failure queue, in the caller's transaction."""
    causes = {row.communication_id: row for row in stopped if row.communication_id is not None}
    moved = await move_and_tell(
        connection,
        [
            Move(
                communication_id=key,
                batch_id=row.batch_id,
                detail={"stage": row.failure.stage, "kind": row.failure.kind, "reason": row.failure.reason},
            )
            for key, row in causes.items()
        ],
        Step(origin=origin, target=target, event=target.value),
        now,
    )
    await failures.remember(connection, [causes[key] for key in sorted(moved)], now)


async def set_aside(
    connection: Connection, batch_id: int, records: Sequence[tuple[int, Failure]], *, now: datetime
) -> None:
    """Set taken records aside that cannot become communications, in the caller's transaction."""
    if not records:
        return
    await inbox.set_aside(connection, [(record_id, failure.reason) for record_id, failure in records])
    stopped = [Stopped(batch_id=batch_id, record_id=record_id, failure=failure) for record_id, failure in records]
    await failures.remember(connection, stopped, now)
    await ledger.append(
        connection,
        [
            ledger.Entry(
                at=now,
                batch_id=batch_id,
                record_id=record_id,
                event="set aside",
                detail={"stage": failure.stage, "kind": failure.kind, "reason": failure.reason},
            )
            for record_id, failure in records
        ],
    )
