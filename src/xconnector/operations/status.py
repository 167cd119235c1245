"""Status: what is on its way, what waits for people, and the latest runs."""

from dataclasses import dataclass

from xconnector.execution.backlog import Backlog, backlog
from xconnector.postgres.connect import Pool, snapshot
from xconnector.store import communications, failures, reviews, runs
from xconnector.store.communications import StateCount
from xconnector.store.runs import Run

LATEST_RUNS = 10
MOST_REVIEWS = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """The state of the house at one moment."""

    counts: list[StateCount]
    runs: list[Run]
    failures: int
    failure_groups: int
    reviews_waiting: int
    backlog: list[Backlog]


async def status(pool: Pool) -> Status:
    """Return what is on its way, what waits for people, and the latest runs, as of one moment."""
    async with snapshot(pool) as connection:
        groups = await failures.groups(connection, run_id=None)
        return Status(
            counts=await communications.count(connection),
            runs=await runs.newest(connection, LATEST_RUNS),
            failures=sum(group.number for group in groups),
            failure_groups=len(groups),
            reviews_waiting=len(await reviews.waiting(connection, role=None, limit=MOST_REVIEWS)),
            backlog=await backlog(connection),
        )
