"""begin: what waited for its time or its turn is judged again when that has come."""

from uuid import UUID

from xconnector.domain.trigger.rules import OnFailure
from xconnector.execution.jobs import Attempt
from xconnector.pipeline.asking import judge_again
from xconnector.pipeline.retrying import again
from xconnector.pipeline.workplace import Workplace
from xconnector.postgres.connect import Connection, in_transaction
from xconnector.store import asks, customer_asks

TURNS_AT_ONCE = 500


async def begin(place: Workplace, attempt: Attempt, batch_id: int, group: str | None = None) -> None:
    """Let what is due of the batch begin, or of the group that waits to become one communication."""

    async def write(connection: Connection) -> None:
        now = place.now()
        due = await asks.due(connection, batch_id, group=None if group is None else UUID(group), now=now)
        await judge_again(place, connection, due, now=now)
        # The database's clock, by which waits end, may be ahead of ours.
        if not due and (due_at := await asks.next_due(connection, batch_id)) is not None:
            await again(connection, attempt, due_at)

    await in_transaction(place.pool, write)


async def give_turns(place: Workplace, connection: Connection) -> None:
    """Let the next of each line begin whose predecessor has left, in the caller's transaction.

    What waits for a member that was merged or parted stands in the lines of its customer from now on.
    """
    orders = {name: kind.rules.order for name, kind in place.project.communications.items()}
    passing = [name for name, order in orders.items() if order is not None and order.on_failure is OnFailure.PASS]
    ids = await asks.turns(connection, passing=passing, limit=TURNS_AT_ONCE)
    if place.project.has_keys_of_customers:
        ids += await customer_asks.astray_waiting(connection, limit=TURNS_AT_ONCE)
    await judge_again(place, connection, ids, now=place.now())
