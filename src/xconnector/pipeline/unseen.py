"""unseen: what nobody has looked at within its time takes the next hop of its plan."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from xconnector.domain.communication import State
from xconnector.domain.failure import Failure, FailureKind
from xconnector.domain.routing.route_cell import spelled_wait
from xconnector.execution.jobs import Attempt
from xconnector.execution.waits import Wait, wait_until
from xconnector.pipeline import hops
from xconnector.pipeline.retrying import again
from xconnector.pipeline.workplace import Workplace
from xconnector.postgres.connect import Connection, in_transaction
from xconnector.store import communications

LOOK_AGAIN_AFTER = timedelta(hours=1)
"""After which it is looked again whether a hand-over was settled whose outcome was not known in its time."""


async def await_being_seen(
    connection: Connection, channel: str, batches: Iterable[tuple[int, timedelta]], *, now: datetime
) -> None:
    """Let batches be looked at when what the channel has of them should have been seen."""
    waits = [
        Wait(due_at=now + within, stage="unseen", ids={"batch_id": batch_id, "channel": channel})
        for batch_id, within in sorted(batches)
    ]
    await wait_until(connection, *waits)


async def unseen(place: Workplace, attempt: Attempt, batch_id: int, channel: str) -> None:
    """Take the next hop of what the channel has for longer than its plan lets it stay unseen."""

    async def write(connection: Connection) -> None:
        now = place.now()
        unseen = await communications.unseen(connection, batch_id, hop_connection=channel, now=now)
        for origin in (State.COMPLETED, State.DISPATCHED):
            causes = {row.communication_id: _cause(channel, row.wait) for row in unseen if row.state == origin}
            await hops.go_on(place, connection, causes, origin=origin, now=now)
        if await communications.open_with_wait(connection, batch_id, hop_connection=channel):
            await again(connection, attempt, now + LOOK_AGAIN_AFTER)

    await in_transaction(place.pool, write)


def _cause(channel: str, wait: timedelta) -> Failure:
    reason = f"nobody looked at it at {channel} for {spelled_wait(wait)}"
    return Failure(stage="deliver", kind=FailureKind.REFUSED, reason=reason)
