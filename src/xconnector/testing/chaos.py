"""Chaos: workers are killed at random moments while a run is on its way, again and again.

`python -m xconnector.testing.chaos` runs it at length against real programs: the sandbox's mail relay
and print house, PostgreSQL, and workers as processes. Afterwards the run must close, every
communication must stand in one end state, and the outside must have got every dispatch key exactly
once, unless its outcome is recorded as unknown.
"""

import argparse
import asyncio
import json
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import psycopg

from xconnector.domain.communication import END_STATES
from xconnector.entrypoints.programs import sandbox, start
from xconnector.operations.reconciling import RunAccount, reconcile_run
from xconnector.postgres.connect import open_pool
from xconnector.postgres.queries import Queries
from xconnector.store.schema import migrate_everything
from xconnector.testing.small_project import row, write_run, write_small_project

_QUERIES = Queries.load("xconnector.testing", "chaos.sql")


@dataclass(frozen=True, slots=True, kw_only=True)
class ChaosPlan:
    """How much is made, and how often it is disturbed."""

    records: int
    kills: int
    workers: int = 2
    seed: int = 1
    longest_pause: float = 3.0
    """Seconds between two kills."""
    patience: float = 600.0
    """Seconds after which the run must be through."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Aftermath:
    """What was found when the run was through."""

    seconds: float
    kills: int
    account: RunAccount
    not_ended: int
    """Communications outside every end state."""
    outcome_unknown: int
    arrived: int
    """Hand-overs that the outside got."""
    arrived_twice: tuple[str, ...]
    """Dispatch keys that the outside got more than once."""
    lost: tuple[str, ...]
    """Dispatch keys that count as handed over, but that the outside never got."""
    unrecorded: tuple[str, ...]
    """Dispatch keys that the outside got, but that count neither as handed over nor as unknown."""

    @property
    def holds(self) -> bool:
        """Say whether every promise was kept."""
        faults = (self.not_ended, *self.arrived_twice, *self.lost, *self.unrecorded)
        return self.account.account.closes and self.account.is_finished and not any(faults)


def unleash(folder: Path, database_url: str, plan: ChaosPlan) -> Aftermath:
    """Run the plan in an empty folder and database, and look at what is left.

    Raises TimeoutError when the run is not through in time.
    """
    chance = random.Random(plan.seed)  # noqa: S311 - seeded, so that a run can be repeated
    asyncio.run(migrate_everything(database_url))
    write_small_project(folder / "project")
    file = write_run(folder / "notices.csv", [_row(number) for number in range(plan.records)])
    with ExitStack() as stack:
        relay = stack.enter_context(
            sandbox(
                "smtp",
                *("--port", "0", "--folder", str(folder / "relay")),
                *("--bounces-maildir", str(folder / "project" / "var" / "bounces")),
                log=folder / "relay.log",
            )
        )
        house = stack.enter_context(
            sandbox("print_house", "--port", "0", "--folder", str(folder / "house"), log=folder / "house.log")
        )
        environment = {
            **os.environ,
            "XCONNECTOR_DATABASE_URL": database_url,
            "SMTP_PORT": str(relay.facts["port"]),
            "PRINT_PORT": str(house.facts["port"]),
            "PRINT_HOST_KEY": str(house.facts["host_key"]),
        }
        began = time.monotonic()
        run = _take_in(folder, database_url, file, environment)
        account = _disturb(folder, database_url, run, plan, environment, chance)
        return _look(folder, database_url, account, kills=plan.kills, seconds=time.monotonic() - began)


def _row(number: int) -> str:
    """Seven in ten go by e-mail, one of them to a mailbox that does not exist; the others by post."""
    digit = number % 10
    email = f"bounce-{number}@x.test" if digit == 0 else f"a{number}@x.test" if digit < 7 else ""
    return row(f"N{number}", email=email)


def _take_in(folder: Path, database_url: str, file: Path, environment: Mapping[str, str]) -> str:
    """Take the file in as a run, killed once as soon as its first records are in, and return the run's name."""
    arguments = ["run", str(file), "--feed", "notice_runs", "--batch-size", "100", "--json"]
    arguments += ["--project", str(folder / "project")]
    interrupted = start("xconnector", *arguments, log=folder / "intake.log", environment=environment)
    with psycopg.connect(database_url, autocommit=True) as connection:
        while interrupted.poll() is None and connection.execute(_QUERIES.any_record).fetchone() is None:
            time.sleep(0.01)
    interrupted.kill()
    told, _ = interrupted.communicate()
    if not told:
        told = subprocess.run(
            [sys.executable, "-m", "xconnector", *arguments],
            check=True,
            stdout=subprocess.PIPE,
            text=True,
            env=environment,
        ).stdout
    return str(json.loads(told)["name"])


def _disturb(
    folder: Path, database_url: str, run: str, plan: ChaosPlan, environment: Mapping[str, str], chance: random.Random
) -> RunAccount:
    """Kill and replace workers until all kills are spent, then wait until the run is through."""
    arguments = ["worker", "--project", str(folder / "project"), "--concurrency", "4"]

    def worker() -> "subprocess.Popen[str]":
        return start("xconnector", *arguments, log=folder / "workers.log", environment=environment)

    workers = [worker() for _ in range(plan.workers)]
    try:
        for _ in range(plan.kills):
            time.sleep(chance.uniform(0.5, plan.longest_pause))
            victim = workers.pop(chance.randrange(len(workers)))
            victim.send_signal(signal.SIGKILL)
            victim.communicate()
            workers.append(worker())
        return asyncio.run(_until_through(database_url, run, plan.patience))
    finally:
        for process in workers:
            process.terminate()
        for process in workers:
            process.communicate()


async def _until_through(database_url: str, run: str, patience: float) -> RunAccount:
    async with open_pool(database_url, name="chaos", largest=2) as pool, asyncio.timeout(patience):
        quiet_since: float | None = None
        while True:
            account = await reconcile_run(pool, run)
            if not account.is_finished:
                quiet_since = None
            elif quiet_since is None:
                quiet_since = time.monotonic()
            elif time.monotonic() - quiet_since > 5:
                return account
            await asyncio.sleep(0.5)


def _look(folder: Path, database_url: str, account: RunAccount, *, kills: int, seconds: float) -> Aftermath:
    arrivals = _arrivals(folder / "relay" / "arrivals.jsonl") + _arrivals(folder / "house" / "arrivals.jsonl")
    with psycopg.connect(database_url) as connection:
        states = dict(connection.execute(_QUERIES.dispatch_states).fetchall())
        not_ended = connection.execute(_QUERIES.not_ended, {"ends": [str(state) for state in END_STATES]}).fetchone()
    handed_over = {key for key, state in states.items() if state in {"handed_over", "undeliverable"}}
    unknown = {key for key, state in states.items() if state == "outcome_unknown"}
    return Aftermath(
        seconds=seconds,
        kills=kills,
        account=account,
        not_ended=int(not_ended[0]) if not_ended else 0,
        outcome_unknown=len(unknown),
        arrived=arrivals.total(),
        arrived_twice=tuple(sorted(key for key, times in arrivals.items() if times > 1)),
        lost=tuple(sorted(handed_over - set(arrivals))),
        unrecorded=tuple(sorted(set(arrivals) - handed_over - unknown)),
    )


def _arrivals(file: Path) -> Counter[str]:
    """Count each dispatch key that the outside got; a bundle that it knew again does not count."""
    if not file.exists():
        return Counter()
    lines = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    return Counter(str(line["dispatch_key"]) for line in lines if not line.get("duplicate"))


def main() -> None:
    """Run chaos from the command line; exit code 1 when a promise was broken."""
    parser = argparse.ArgumentParser(prog="xconnector chaos", description=__doc__)
    parser.add_argument("--records", type=int, default=5000)
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--database-url", required=True)
    told = parser.parse_args()
    plan = ChaosPlan(records=told.records, kills=told.kills, seed=told.seed)
    found = unleash(told.folder, told.database_url, plan)
    sys.stdout.write(
        f"{found.kills} kills in {found.seconds:.0f} s; {found.arrived:,} hand-overs arrived, "
        f"{len(found.arrived_twice)} twice, {len(found.lost)} lost, {len(found.unrecorded)} unrecorded, "
        f"{found.outcome_unknown} of unknown outcome; "
        f"{'every promise was kept' if found.holds else 'A PROMISE WAS BROKEN'}\n"
    )
    sys.exit(0 if found.holds else 1)


if __name__ == "__main__":
    main()
