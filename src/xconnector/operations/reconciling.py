"""Reconcile: does what came in equal what ended plus what is on its way?"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from xconnector.postgres.connect import Pool, reading, snapshot
from xconnector.store import reconciliations, runs, submissions
from xconnector.store.reconciliations import Account
from xconnector.store.runs import Run
from xconnector.store.submissions import KeptSubmission

MOST_SHOWN = 1000


class UnknownRunError(LookupError):
    """No run has this name; the message says where to look."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunAccount:
    """The account of one run."""

    run: Run
    account: Account
    submissions: list[KeptSubmission]
    """Jobs of composers that work in their own time, with what each made and left out."""

    @property
    def is_finished(self) -> bool:
        """Say whether all records are in and nothing is on its way any more."""
        return self.account.reconciliation.sealed and self.account.reconciliation.is_through


async def reconcile_run(pool: Pool, name: str) -> RunAccount:
    """Account for a run, by its name or id.

    Raises UnknownRunError when there is none.
    """
    async with snapshot(pool) as connection:
        run = await runs.find(connection, name)
        if run is None:
            raise UnknownRunError(f"no run is called {name!r}; `xconnector status` lists the latest")
        account = await reconciliations.account(
            connection, run_id=run.run_id, declared=run.declared, expected=run.expected
        )
        submitted = await submissions.of_run(connection, run.run_id)
    return RunAccount(run=run, account=account, submissions=submitted)


async def submissions_under_way(pool: Pool) -> list[KeptSubmission]:
    """Return the jobs of composers that have not ended, those of single events too, oldest first."""
    async with reading(pool) as connection:
        return await submissions.under_way(connection, limit=MOST_SHOWN)


async def reconcile_day(pool: Pool, day: date, timezone: str) -> Account:
    """Account for everything that came in on a day, as days are counted in the time zone."""
    zone = ZoneInfo(timezone)
    since = datetime.combine(day, time(), zone).astimezone(UTC)
    until = datetime.combine(day + timedelta(days=1), time(), zone).astimezone(UTC)
    async with snapshot(pool) as connection:
        return await reconciliations.account(connection, since=since, until=until)


async def reconcile_everything(pool: Pool) -> Account:
    """Account for everything that ever came in."""
    async with snapshot(pool) as connection:
        return await reconciliations.account(connection)
