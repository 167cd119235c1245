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
from xconnector.postgres.connect import Connection
from xconnector.store import communications, failures, inbox, ledger
from xconnector.store.communications import Standing
from xconnector.store.failures import Stopped


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
    return Failure(stage=stage, kind=kinds.get(type(error), FailureKind.DEFECT), reason=str(error))


def stopped_by(standing: Standing, failure: Failure) -> Stopped:
    """Say that this communication was stopped by this failure."""
    return Stopped(batch_id=standing.batch_id, communication_id=standing.communication_id, failure=failure)


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
    moved = await communications.move(connection, list(causes), origin=origin, target=target, now=now)
    ours = [causes[key] for key in sorted(moved)]
    await failures.remember(connection, ours, now)
    await ledger.append(connection, [_entry(row, target, now) for row in ours])


def _entry(row: Stopped, target: State, now: datetime) -> ledger.Entry:
    cause = row.failure
    return ledger.Entry(
        at=now,
        batch_id=row.batch_id,
        communication_id=row.communication_id,
        event=target.value,
        state=target,
        detail={"stage": cause.stage, "kind": cause.kind, "reason": cause.reason},
    )


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
