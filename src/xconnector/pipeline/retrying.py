"""Trying again: what an outside system could not take now waits as a row with a due time."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from xconnector.contract.errors import ConnectorError, TransientError
from xconnector.domain.communication import State
from xconnector.execution.jobs import Attempt, Priority
from xconnector.execution.waits import Wait, wait_until
from xconnector.postgres.connect import Connection
from xconnector.project.model import ConnectionLimits
from xconnector.store import communications
from xconnector.store.communications import Standing

FIRST_WAIT = timedelta(seconds=2)
LONGEST_WAIT = timedelta(minutes=15)


@dataclass(frozen=True, slots=True, kw_only=True)
class Later:
    """A communication to be tried again, and when."""

    standing: Standing
    due_at: datetime
    counts: bool = True
    """Whether this was an attempt; a call that was not made because of limits is none."""


def later_of(standing: Standing, error: ConnectorError, limits: ConnectionLimits, *, now: datetime) -> Later | None:
    """Say when to try again; None when the error will not pass or all attempts are used up.

    The wait doubles with every attempt, unless the outside said how long.
    """
    if not isinstance(error, TransientError) or standing.attempts + 1 >= limits.attempts:
        return None
    wait = error.retry_after or min(FIRST_WAIT * 2**standing.attempts, LONGEST_WAIT)
    return Later(standing=standing, due_at=now + wait)


async def put_off(
    connection: Connection,
    later: Sequence[Later],
    *,
    stage: str,
    origin: State,
    target: State,
    attempt: Attempt,
    now: datetime,
) -> None:
    """Put communications back to wait, and let their stage run again with the same ids when the first is due."""
    if not later:
        return
    tried = [row.standing.communication_id for row in later if row.counts]
    await communications.put_off(connection, tried, origin=origin, target=target, now=now)
    untried = [row.standing.communication_id for row in later if not row.counts]
    await communications.move(connection, untried, origin=origin, target=target, now=now, keep_attempts=True)
    key = ":".join([stage, *(str(value) for value in attempt.ids.values())])
    due_at = min(row.due_at for row in later)
    await wait_until(
        connection, Wait(due_at=due_at, stage=stage, ids=attempt.ids, priority=Priority(attempt.priority), key=key)
    )


def wait_after(attempts: int) -> timedelta:
    """How long to wait after so many attempts: doubling, and never longer than a quarter of an hour."""
    return min(FIRST_WAIT * 2**attempts, LONGEST_WAIT)
