"""Cancel: somebody takes back what has not left, and the ledger proves it; of what has left it is told that it has."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from xconnector.domain.communication import NOT_OUT, State
from xconnector.operations.explaining import only_one
from xconnector.postgres.connect import Connection, Pool, in_transaction
from xconnector.store import dispatches, ledger
from xconnector.store.cancellations import cancel as cancel_in
from xconnector.store.communications import Found
from xconnector.store.dispatches import DispatchState, Handover
from xconnector.store.moves import Move

_WENT_OUT = frozenset(
    {
        DispatchState.DISPATCHING,
        DispatchState.HANDED_OVER,
        DispatchState.OUTCOME_UNKNOWN,
        DispatchState.UNDELIVERABLE,
        DispatchState.WITHDRAWN,
    }
)

NextCutoff = Callable[[str, datetime], datetime | None]
"""Says when a connection's next cut-off after a moment is; None where it has none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cancellation:
    """What became of an order to cancel."""

    communication_id: UUID
    cancelled: bool
    because: str
    """Before what it was cancelled, or why it was too late."""


async def cancel(pool: Pool, words: str, cutoff_of: NextCutoff, *, actor: str, reason: str) -> Cancellation:
    """Cancel the communication with this id, beginning of an id, or source key, unless it is out.

    Until the hand-over is intended it is certain: the bundle that it waits for is made without it. Raises
    UnknownCommunicationError when none or more than one fits.
    """

    async def write(connection: Connection) -> Cancellation:
        now = datetime.now(UTC)
        found = await only_one(connection, words)
        state = State(found.state)
        handed_over = await dispatches.of_communication(connection, found.communication_id)
        if state in NOT_OUT:
            before = _before(found, handed_over, cutoff_of, now)
            detail = {"reason": reason, "stood": state, "before": before}
            move = Move(communication_id=found.communication_id, batch_id=found.batch_id, detail=detail)
            cancelled = await cancel_in(
                connection, [move], origin=state, resolution=f"cancelled by {actor}: {reason}", now=now, actor=actor
            )
            if cancelled:
                return Cancellation(communication_id=found.communication_id, cancelled=True, because=before)
            # Somebody moved it between our look and our word; who looks again sees where it stands.
            found = await only_one(connection, words)
            handed_over = await dispatches.of_communication(connection, found.communication_id)
        return await _too_late(connection, found, handed_over, actor=actor, reason=reason, now=now)

    return await in_transaction(pool, write)


def _before(found: Found, handed_over: Sequence[Handover], cutoff_of: NextCutoff, now: datetime) -> str:
    """Say what it is cancelled before."""
    connection = found.plan[found.hop] if found.hop < len(found.plan) else None
    cutoff = cutoff_of(connection, now) if connection is not None and found.state == State.COLLECTED else None
    if cutoff is not None:
        return f"the cut-off of {connection} at {cutoff.isoformat()}, and before any hand-over was intended"
    went_out = any(each.state in _WENT_OUT for each in handed_over)
    return "another hand-over was intended" if went_out else "any hand-over was intended"


async def _too_late(
    connection: Connection, found: Found, handed_over: Sequence[Handover], *, actor: str, reason: str, now: datetime
) -> Cancellation:
    """Note that somebody asked, and why it could not be."""
    because = _why(State(found.state), [each for each in handed_over if each.state in _WENT_OUT])
    await ledger.append(
        connection,
        [
            ledger.Entry(
                at=now,
                batch_id=found.batch_id,
                communication_id=found.communication_id,
                event="not cancelled",
                actor=actor,
                detail={"reason": reason, "stood": found.state, "because": because},
            )
        ],
    )
    return Cancellation(communication_id=found.communication_id, cancelled=False, because=because)


def _why(state: State, went_out: Sequence[Handover]) -> str:
    if state in {State.CANCELLED, State.SUPPRESSED}:
        return f"it is {state.value} already"
    if not went_out:
        return "a composer has it; cancel it when it has come back"
    last = went_out[-1]
    bundle = f" in bundle {last.bundle_key}" if last.bundle_key else ""
    return f"too late: handed over to {last.connection} at {last.intended_at.isoformat()}{bundle}"
