"""overdue: what a channel has not acknowledged in time becomes a question for a person."""

from xconnector.domain.communication import State
from xconnector.domain.failure import Failure, FailureKind
from xconnector.domain.staleness import spelled_age
from xconnector.execution.jobs import Attempt
from xconnector.pipeline import failing
from xconnector.pipeline.retrying import again
from xconnector.pipeline.workplace import Workplace
from xconnector.postgres.connect import Connection, in_transaction
from xconnector.store import communications, dispatches
from xconnector.store.dispatches import DispatchState
from xconnector.store.failures import Stopped


async def overdue(place: Workplace, attempt: Attempt, batch_id: int, channel: str) -> None:
    """Give up waiting for acknowledgements that should have come, and look again later for those that still may."""
    within = place.limits_of(channel).report_within

    async def write(connection: Connection) -> None:
        now = place.now()
        late = await communications.ids_in_state(
            connection, batch_id, State.DISPATCHED, hop_connection=channel, moved_before=now - within
        )
        reason = f"{channel} has not acknowledged it within {spelled_age(within)}; ask there, then settle it"
        failure = Failure(stage="deliver", kind=FailureKind.UNKNOWN_OUTCOME, reason=reason)
        stopped = [Stopped(batch_id=batch_id, communication_id=key, failure=failure) for key in late]
        await failing.fail(connection, stopped, origin=State.DISPATCHED, target=State.OUTCOME_UNKNOWN, now=now)
        await dispatches.mark_latest(connection, late, DispatchState.OUTCOME_UNKNOWN, now)
        if await communications.ids_in_state(connection, batch_id, State.DISPATCHED, hop_connection=channel):
            await again(connection, attempt, now + within)

    await in_transaction(place.pool, write)
