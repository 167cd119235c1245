"""Trying again: what an outside system could not take now waits as a row with a due time."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from xconnector.contract.errors import ConnectorError, TransientError
from xconnector.execution.jobs import Attempt, Priority
from xconnector.execution.waits import Wait, wait_until
from xconnector.postgres.connect import Connection
from xconnector.project.model import ConnectionLimits
from xconnector.store import communications

FIRST_WAIT = timedelta(seconds=2)
LONGEST_WAIT = timedelta(minutes=15)
_SCATTER = 0.1
_STEPS = 1009
"""A prime: ids that are given in a row fall on steps that are apart."""
_DOUBLINGS = 10
"""After which every wait is the longest, however often something was tried."""


def due_again(
    attempts: int, error: ConnectorError, limits: ConnectionLimits, *, now: datetime, of: UUID | None = None
) -> datetime | None:
    """Say when to try again after so many attempts; None when the error will not pass or all are used up.

    The wait doubles with every attempt or is the next that the limits say, unless the outside said how long. `of` is
    what is tried: it moves the waits of the limits by up to a tenth.
    """
    if not isinstance(error, TransientError) or attempts + 1 >= limits.attempts:
        return None
    if error.retry_after:
        return now + error.retry_after
    return now + (
        _scattered(limits.waits[min(attempts, len(limits.waits) - 1)], of) if limits.waits else wait_after(attempts)
    )


def _scattered(wait: timedelta, of: UUID | None) -> timedelta:
    """Return a wait, a tenth longer or shorter: by its id, so that what failed together does not come together."""
    if of is None:
        return wait
    return wait * (1 + _SCATTER * (of.int % _STEPS / (_STEPS - 1) * 2 - 1))


def wait_after(attempts: int) -> timedelta:
    """How long to wait after so many attempts: doubling, and never longer than a quarter of an hour."""
    return min(FIRST_WAIT * 2 ** min(attempts, _DOUBLINGS), LONGEST_WAIT)


async def again(connection: Connection, attempt: Attempt, due_at: datetime) -> None:
    """Let the stage run again with the same ids at that time."""
    await wait_until(
        connection, Wait(due_at=due_at, stage=attempt.stage, ids=attempt.ids, priority=Priority(attempt.priority))
    )


async def wait_in_place(
    connection: Connection, attempt: Attempt, later: Sequence[tuple[UUID, datetime]], *, was_tried: bool = True
) -> None:
    """Let communications wait in their state, each until its time, and the stage run again when the first is due."""
    if later:
        await communications.retry_at(connection, [(key, due_at, was_tried) for key, due_at in later])
        await again(connection, attempt, min(due_at for _, due_at in later))
