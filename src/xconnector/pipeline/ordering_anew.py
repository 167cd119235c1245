"""Ordering anew: orders that stand in no job of a composer are ordered again, as the project says now."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from xconnector.domain.communication import State
from xconnector.pipeline.workplace import Workplace
from xconnector.postgres.connect import Connection
from xconnector.store.moves import Move, Step, move_and_tell


async def order_anew(
    place: Workplace, connection: Connection, orders: Sequence[tuple[UUID, int]], *, why: str, now: datetime
) -> None:
    """Let communications, as (id, batch), be composed again, in the caller's transaction."""
    moves = [Move(communication_id=key, batch_id=batch_id, detail={"reason": why}) for key, batch_id in orders]
    step = Step(origin=State.COMPOSING, target=State.DECIDED, event="ordered anew")
    moved = await move_and_tell(connection, moves, step, now)
    batches = sorted({batch_id for key, batch_id in orders if key in moved})
    await place.jobs.defer_many(connection, "compose", [{"batch_id": batch_id} for batch_id in batches])
