"""Reports for people: the funnel of a run, and what providers did on each day."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from xconnector.domain.funnel import Funnel, Records, funnel
from xconnector.operations.reconciling import UnknownRunError
from xconnector.postgres.connect import Pool, snapshot
from xconnector.store import reconciliations, reporting, runs
from xconnector.store.reporting import Score
from xconnector.store.runs import Run


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFunnel:
    """The funnel of one run."""

    run: Run
    funnel: Funnel


async def funnel_of_run(pool: Pool, name: str) -> RunFunnel:
    """Return how far everything came that a run ordered, as of one moment.

    Raises UnknownRunError when no run has this name or id.
    """
    async with snapshot(pool) as connection:
        run = await runs.find(connection, name)
        if run is None:
            raise UnknownRunError(f"no run is called {name!r}; `xconnector status` lists the latest")
        account = await reconciliations.account(connection, run_id=run.run_id, expected=run.expected)
        courses = await reporting.courses(connection, run.run_id)
    unread = max(account.reconciliation.unread, 0)
    records = Records(
        unread=unread,
        unasked=account.records["unasked"],
        repeated=account.records["repeated"],
        refused=account.records["refused"],
        set_aside=account.records["set_aside"],
        asked_for_none=account.records["asked_for_none"],
    )
    return RunFunnel(run=run, funnel=funnel(account.reconciliation.came_in + unread, courses, records))


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoredDay:
    """What one connection did on one day, with the reasons for what did not arrive."""

    score: Score
    returned: Mapping[str, int]
    """What came back for good, by reason."""
    delayed: Mapping[str, int]
    """What could not be delivered at first, by reason."""


async def scoreboard(pool: Pool, *, first: date, last: date, timezone: str) -> list[ScoredDay]:
    """Return what each connection did with what was handed over on these days, both included."""
    zone = ZoneInfo(timezone)
    span = {
        "since": datetime.combine(first, time(), zone).astimezone(UTC),
        "until": datetime.combine(last + timedelta(days=1), time(), zone).astimezone(UTC),
    }
    async with snapshot(pool) as connection:
        scores = await reporting.scores(connection, **span, zone=timezone)
        returns = await reporting.returns(connection, **span, zone=timezone)
    reasons: dict[tuple[str, date, bool], dict[str, int]] = {}
    for row in returns:
        reasons.setdefault((row.connection, row.day, row.is_for_good), {})[row.reason] = row.number
    return [
        ScoredDay(
            score=score,
            returned=reasons.get((score.connection, score.day, True), {}),
            delayed=reasons.get((score.connection, score.day, False), {}),
        )
        for score in scores
    ]
