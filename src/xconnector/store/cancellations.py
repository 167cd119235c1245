"""Cancelling what has not left: the communication, and what else is open of it."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from xconnector.domain.communication import State
from xconnector.postgres.connect import Connection
from xconnector.store import asks, dispatches, failures
from xconnector.store.moves import Move, Step, move_and_tell

_MAY_HAVE_HAND_OVERS = frozenset({State.ARCHIVED, State.COLLECTED, State.FAILED})


async def cancel(
    connection: Connection,
    moves: Sequence[Move],
    *,
    origin: State,
    resolution: str,
    now: datetime,
    actor: str | None = None,
) -> set[UUID]:
    """Cancel those that are in the origin state, in the caller's transaction, and return which they are.

    Whoever intends to hand them over moves them from the same state: one of the two comes first, and the other sees it.
    """
    if not moves:
        return set()
    step = Step(origin=origin, target=State.CANCELLED, event="cancelled", actor=actor)
    moved = await move_and_tell(connection, moves, step, now)
    await asks.stop_waiting(connection, sorted(moved))
    if origin in _MAY_HAVE_HAND_OVERS:
        await dispatches.withdraw(connection, sorted(moved), now)
    if origin is State.FAILED:
        await failures.resolve_of(connection, moved, resolution=resolution, now=now)
    return moved
