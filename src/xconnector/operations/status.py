"""Status: what is on its way, what waits for people, and the latest runs."""

from dataclasses import dataclass

from xconnector.execution.backlog import Backlog, backlog
from xconnector.execution.shift import ToldShift, told_shifts
from xconnector.postgres.connect import Pool, snapshot
from xconnector.store import asks, communications, failures, news, reviews, runs, submissions
from xconnector.store.asks import WaitingCount
from xconnector.store.communications import StateCount
from xconnector.store.news import OfNobody
from xconnector.store.runs import Run
from xconnector.store.submissions import KeptSubmission

LATEST_RUNS = 10
MOST_SUBMISSIONS = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """The state of the house at one moment."""

    counts: list[StateCount]
    runs: list[Run]
    failures: int
    failure_groups: int
    reviews_waiting: int
    backlog: list[Backlog]
    waiting: list[WaitingCount]
    """What is asked for and has not begun, by kind and by what it waits for."""
    submissions: list[KeptSubmission]
    """Jobs of composers that have not ended, oldest first."""
    listeners: list[ToldShift]
    """What workers say of the brokers that they listen to."""
    reports_of_nobody: list[OfNobody]
    """Reports of channels on hand-overs that nobody knows, or not yet."""


async def status(pool: Pool) -> Status:
    """Return what is on its way, what waits for people, and the latest runs, as of one moment."""
    async with snapshot(pool) as connection:
        failed, causes = await failures.count_open(connection)
        return Status(
            counts=await communications.count(connection),
            runs=await runs.newest(connection, LATEST_RUNS),
            failures=failed,
            failure_groups=causes,
            reviews_waiting=await reviews.count_waiting(connection),
            backlog=await backlog(connection),
            waiting=await asks.count_waiting(connection),
            submissions=await submissions.under_way(connection, limit=MOST_SUBMISSIONS),
            listeners=await told_shifts(connection),
            reports_of_nobody=await news.of_nobody(connection),
        )
