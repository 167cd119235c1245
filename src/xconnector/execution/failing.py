"""What becomes of a stage that raised: again at once, again later, or given up."""

import asyncio
import logging
import traceback
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
from procrastinate import BaseRetryStrategy, RetryDecision
from procrastinate.jobs import Job

from xconnector.execution.jobs import Attempt, Exhausted, ExhaustedFunction, Stage
from xconnector.execution.own_jobs import has_its_job
from xconnector.postgres.connect import COLLISIONS, Pool, transaction

logger = logging.getLogger(__name__)

COLLISIONS_IN_A_ROW = 3


class StageFailedError(Exception):
    """The stage raised and will be tried again."""

    def __init__(self, error: str, *, retry_in: timedelta) -> None:
        super().__init__(error)
        self.retry_in = retry_in


class StageExhaustedError(Exception):
    """The stage raised for the last time."""


class RetryAsTold(BaseRetryStrategy):
    """Follows what `run_stage` decided; work cut off by a shutdown is free for others at once."""

    def get_retry_decision(self, *, exception: BaseException, job: Job) -> RetryDecision | None:
        del job
        if isinstance(exception, StageFailedError):
            return RetryDecision(retry_at=datetime.now(UTC) + exception.retry_in)
        if isinstance(exception, asyncio.CancelledError):
            return RetryDecision()
        return None


async def run_stage(stage: Stage, attempt: Attempt, *, pool: Pool, on_exhausted: ExhaustedFunction | None) -> None:
    """Run it once, collisions with other transactions aside.

    Raises:
        StageFailedError: to be tried again later.
        StageExhaustedError: given up, and what follows is committed.
    """
    error = await _outcome(stage, attempt)
    if error is None:
        return
    described = describe(error)
    wait = stage.retry.wait_after(attempt.number)
    if wait is not None:
        logger.warning("stage %s failed at attempt %d: %s", stage.name, attempt.number, described)
        raise StageFailedError(described, retry_in=wait)
    if not await give_up(attempt, described, pool=pool, on_exhausted=on_exhausted):
        raise StageFailedError(described, retry_in=stage.retry.longest_wait)
    raise StageExhaustedError(described)


async def give_up(attempt: Attempt, error: str, *, pool: Pool, on_exhausted: ExhaustedFunction | None) -> bool:
    """Commit what follows when a job is not tried again; False when that failed too.

    Nothing follows when another execution was begun meanwhile: what becomes of the job is for that one to say.
    """
    exhausted = Exhausted(stage=attempt.stage, ids=attempt.ids, error=error)
    try:
        async with transaction(pool) as connection:
            if not await has_its_job(connection, attempt):
                return True
            logger.error("stage %s is given up after attempt %d: %s", attempt.stage, attempt.number, error)
            if on_exhausted is not None:
                await on_exhausted(connection, exhausted)
    except Exception as failure:  # noqa: BLE001 - whatever it is, the job must not be lost
        logger.error("what follows a given-up %s failed: %s", attempt.stage, describe(failure))  # noqa: TRY400 - its words may hold content
        return False
    return True


async def _outcome(stage: Stage, attempt: Attempt) -> Exception | None:
    for again in range(COLLISIONS_IN_A_ROW, -1, -1):
        try:
            await stage.run(attempt, **attempt.ids)
        except COLLISIONS as collision:
            if not again:
                return collision
        except Exception as error:  # noqa: BLE001 - a stage may raise anything; each is answered by the caller
            return error
        else:
            return None
    return None


def describe(error: BaseException) -> str:
    """What may be told of an exception in logs and failures, on one line.

    The words of one whose class says `is_free_of_content = True`: they hold neither content nor secrets, and tell an
    operator what to do. Of any other only kind and place: a database's error may quote a customer's row.
    """
    kind = type(error).__qualname__
    if getattr(error, "is_free_of_content", False) is True:
        return f"{kind}: {' '.join(str(error).split())}"
    if isinstance(error, psycopg.Error) and error.sqlstate:
        kind = f"{kind} {error.sqlstate}"
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename != __file__]
    ours = [frame for frame in frames if "xconnector" in Path(frame.filename).parts] or frames
    if not ours:
        return kind
    return f"{kind} in {ours[-1].name} ({Path(ours[-1].filename).name}:{ours[-1].lineno})"
