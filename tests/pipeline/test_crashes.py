"""A worker is killed with -9 at every commit of a run, once before it and once after it, and work is taken up again."""

import asyncio
import sys
import time
from collections import Counter
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine, Mapping, Sequence
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from psycopg.conninfo import make_conninfo

from tests.conftest import own_database
from tests.connectors.exstream.sandbox_program import running_exstream
from tests.office import PATIENCE_SECONDS, Changes, Office, is_through, keep_printing, open_place, write_office_project
from tests.pipeline.checked_office import SUPPRESSION, WITHDRAWAL, add_checks, withdraw
from tests.pipeline.exstream_office import composed_by, write_design
from tests.pipeline.mortal_line import MortalLine
from xconnector.connectors.embedded.composer import EmbeddedComposer
from xconnector.contract.lifecycle import Connector
from xconnector.domain.communication import END_STATES, State
from xconnector.operations.reconciling import reconcile_everything
from xconnector.pipeline.receive import receive_run
from xconnector.postgres.connect import Pool, open_pool
from xconnector.sandbox.house import Conduct, House
from xconnector.sandbox.relay import SandboxRelay
from xconnector.testing.small_project import row, write_run

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.slow, pytest.mark.timeout(300)]

HEARD = "heard@x.test"
ROWS = {
    "mailed": row("mailed", email="a@x.test"),
    "bounced": row("bounced", email="bounce-b@x.test"),
    "refused": row("refused", email="refuse-c@x.test"),
    "printed": row("printed"),
    "suppressed": row("suppressed", preference="nothing"),
    "undecided": row("undecided", amount="700.00"),
    "reviewed": row("reviewed", amount="2000.00"),
    "heard": row("heard", email=HEARD, amount="33.00"),
}
"""What is to become of them; of the last there is news while no worker is alive."""
AT_ONCE = 4
NEVER = 10_000
"""More commits than there are."""
MUST_SEND = """\
| row | when data.amount | then mandatory | then media | then proof | then within days | cite       |
|-----|------------------|----------------|------------|------------|------------------|------------|
| M1  | 33               | yes            | any        | none       | none             | § 1        |
| M2  | -                | no             | any        | none       | none             | house rule |
"""
QUIET_SECONDS = 0.5
HANDED_OVER = {"handed_over", "undeliverable"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """Where the tests of all positions take their databases and composer from."""

    postgres: str
    template: str
    folder: Path
    connectors: Mapping[str, Connector]
    """Connections that outlive the worker."""
    changes: Changes = field(default_factory=dict[str, Sequence[tuple[str, str]]])
    """Of the project."""
    write: Callable[[Path], None] = lambda _: None
    """Writes what else is in its folder."""
    hear: Callable[[Office], Awaitable[None]] = lambda _: asyncio.sleep(0)
    """Hears of customers between the death and its rescue."""


@pytest.mark.parametrize("before", [True, False], ids=["before a commit", "after a commit"])
async def test_a_program_that_dies_at_any_commit_breaks_no_promise(
    postgres: str, migrated_template: str, tmp_path: Path, composer: EmbeddedComposer, before: bool
) -> None:
    scene = Scene(
        postgres=postgres,
        template=migrated_template,
        folder=tmp_path,
        connectors={"composer": composer},
        write=_write_checks,
        hear=_withdraw,
    )

    # Five stages, and two commits around each hand-over: fewer would mean that they were not seen.
    assert len(await _die_everywhere(scene, before=before)) >= 8


@pytest.mark.parametrize("before", [True, False], ids=["before a commit", "after a commit"])
async def test_a_program_that_dies_over_a_job_of_exstream_breaks_no_promise_and_submits_nothing_twice(
    postgres: str, migrated_template: str, tmp_path: Path, before: bool
) -> None:
    output = tmp_path / "output"
    designs = write_office_project(tmp_path / "designs")
    write_design(designs)
    async with running_exstream(designs, output) as exstream:
        scene = Scene(
            postgres=postgres,
            template=migrated_template,
            folder=tmp_path,
            connectors={},
            changes=composed_by(exstream, output),
            write=write_design,
        )
        # Once without a death: a composer that only starts takes longer than a lost job is looked for.
        assert not await _die_and_go_on(scene, NEVER, before=before)
        # Half of the deaths, since each takes seconds: after the odd commits and before the even ones, which is at the
        # beginning and at the end of every other step. The test above dies everywhere.
        died_at = await _die_everywhere(scene, before=before, first=2 if before else 1, every=2)
        seen = await exstream.seen()

    # As many, and those around the submission and its end.
    assert len(died_at) >= 5
    assert seen["duplicates"] == {}


async def _die_everywhere(scene: Scene, *, before: bool, first: int = 1, every: int = 1) -> list[int]:
    """Die at each commit there is, or each of so many, a few at a time, and return at which."""
    died_at: list[int] = []
    is_over = False
    while not is_over:
        positions = range(first, first + AT_ONCE * every, every)
        deaths = await asyncio.gather(*(_die_and_go_on(scene, position, before=before) for position in positions))
        died_at += [position for position, died in zip(positions, deaths, strict=True) if died]
        is_over = not all(deaths)
        first = positions[-1] + every
    return died_at


async def _die_and_go_on(scene: Scene, position: int, *, before: bool) -> bool:
    """Die at one position, go on until the end, and prove every promise; returns whether the position was reached."""
    folder = write_office_project(scene.folder / str(position), scene.changes)
    scene.write(folder)
    house = House(folder=folder / "var" / "print", conduct=Conduct())
    async with (
        _own_database(scene) as database,
        open_pool(database, name="onlooker", largest=1) as onlooker,
        SandboxRelay(folder / "relay", folder / "var" / "bounces", bounce_after=0.05) as relay,
    ):
        printing = asyncio.create_task(keep_printing(house))
        async with open_place(folder, database, relay.port) as place:
            file = write_run(folder / "run.csv", list(ROWS.values()))
            await receive_run(place, place.project.feeds["notice_runs"], file)

        quiet = _Quiet(pool=onlooker, bounces=folder / "var" / "bounces" / "new")
        async with MortalLine(database, session="office", dies_at=position, before=before) as line:
            worker = await asyncio.create_subprocess_exec(
                sys.executable,
                *("-m", "tests.pipeline.mortal_worker", str(folder), line.conninfo, str(relay.port)),
                stderr=asyncio.subprocess.DEVNULL,
            )
            try:
                await _either(quiet.comes(), line.died.wait())
                assert worker.returncode is None, "the worker did not start"
            finally:
                worker.kill()
                await worker.wait()
            died = line.died.is_set()
        printing.cancel()
        await asyncio.gather(printing, return_exceptions=True)

        async with open_place(folder, database, relay.port, already_open=scene.connectors) as place:
            office = Office(folder=folder, database=database, place=place, relay=relay, house=house)
            await scene.hear(office)
            mailed_before = office.mails_to(HEARD)
            async with office.at_work():
                await quiet.comes()
            where = f"death {'before' if before else 'after'} commit {position}"
            await _prove(office, where)
            if scene.hear is _withdraw:
                await _prove_heard(office, mailed_before, where)
    return died


def _write_checks(folder: Path) -> None:
    add_checks(
        folder,
        checks="{must_send: must_send, suppression: suppression, withdrawal: withdrawal, default: print}",
        must_send=MUST_SEND,
        suppression=SUPPRESSION,
        withdrawal=WITHDRAWAL,
    )


async def _withdraw(office: Office) -> None:
    await withdraw(office, "K-heard")


async def _prove_heard(office: Office, mailed_before: int, where: str) -> None:
    """What must be sent left as it had begun to, or by post; no mail was sent after the customer withdrew."""
    found = await office.explain("heard")
    ways = {row.connection for row in found.handovers if row.state in {"handed_over", "outcome_unknown"}}
    assert office.mails_to(HEARD) == mailed_before, where
    assert len(ways) == 1, (where, found.handovers)
    assert mailed_before == 0 or ways == {"email"}, where


@asynccontextmanager
async def _own_database(scene: Scene) -> AsyncGenerator[str]:
    with ExitStack() as stack:
        name = await asyncio.to_thread(stack.enter_context, own_database(scene.postgres, template=scene.template))
        yield make_conninfo(scene.postgres, dbname=name)
        await asyncio.to_thread(stack.close)


async def _either(*conditions: Coroutine[Any, Any, object]) -> None:
    tasks = [asyncio.create_task(condition) for condition in conditions]
    await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Quiet:
    """Nothing is in progress and no bounce lies there, for a while."""

    pool: Pool
    bounces: Path

    async def comes(self) -> None:
        deadline = time.monotonic() + 3 * PATIENCE_SECONDS
        since: float | None = None
        while since is None or time.monotonic() - since < QUIET_SECONDS:
            assert time.monotonic() < deadline, f"it never became quiet: {await reconcile_everything(self.pool)}"
            is_quiet = not any(self.bounces.iterdir()) and is_through(await reconcile_everything(self.pool))
            since = (since or time.monotonic()) if is_quiet else None
            await asyncio.sleep(0.1)


async def _prove(office: Office, where: str) -> None:
    account = await office.account()
    assert account.closes, where
    assert account.reconciliation.came_in == len(ROWS), where
    stories = {key: await office.explain(key) for key in ROWS}
    for key, found in stories.items():
        assert State(found.found.state) in END_STATES | {State.IN_REVIEW}, (where, key)
    assert stories["suppressed"].found.state == "suppressed", where
    assert stories["undecided"].found.state == "failed", where
    assert stories["reviewed"].found.state == "in_review", where
    assert stories["printed"].found.state == "completed", where

    arrived = Counter([*office.printed(), *(line["dispatch_key"] for line in office.relay.arrivals())])
    states = {row.dispatch_key: row.state for found in stories.values() for row in found.handovers}
    assert max(arrived.values()) == 1, where
    assert {key for key, state in states.items() if state in HANDED_OVER} <= set(arrived), where
    assert all(states[key] in HANDED_OVER | {"outcome_unknown"} for key in arrived), where
