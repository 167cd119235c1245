"""The small project at work in this process: real PostgreSQL, relay, print house and composer, and a worker beside.

The relay is a real SMTP server on 127.0.0.1; the print house works off a folder. Both belong to the test, which tells
them how to behave. Rounds that the product makes every second or two are made every tenth of one.
"""

import asyncio
import contextlib
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import msgspec

from xconnector.contract.lifecycle import Connector
from xconnector.domain.communication import Standing, State
from xconnector.domain.event import SourceRecord
from xconnector.execution.jobs import Chore, Jobs, Retry, Stage, Watch
from xconnector.execution.worker import Worker, WorkerSettings
from xconnector.operations.explaining import Explanation, explain
from xconnector.operations.reconciling import reconcile_everything, reconcile_run
from xconnector.pipeline.begin import give_turns
from xconnector.pipeline.collect import gather
from xconnector.pipeline.communicate import STAGES
from xconnector.pipeline.giving_up import give_up
from xconnector.pipeline.receive import receive, receive_run
from xconnector.pipeline.submitting import gather_orders
from xconnector.pipeline.track import poll
from xconnector.pipeline.workplace import Workplace, state_folder
from xconnector.postgres.connect import open_pool
from xconnector.postgres.locks import Session, SessionLocks
from xconnector.project.load import load_project
from xconnector.project.open_connections import Connections
from xconnector.sandbox.house import Conduct, House
from xconnector.sandbox.relay import SandboxRelay
from xconnector.store.content import ContentStore
from xconnector.store.inbox import Received
from xconnector.store.reconciliations import Account
from xconnector.store.runs import Run
from xconnector.testing.small_project import write_run, write_small_project

AS_TEXT_MESSAGE = {"templates/notice/sms.txt": [("", "{{ customer.name }}: {{ data.amount.text }}\n")]}
"""The notice, for who sends it to telephones: composers of small projects make only what tests ask for."""

Changes = Mapping[str, Sequence[tuple[str, str]]]
"""By file of the project: what to replace by what."""

QUICK = timedelta(milliseconds=100)
SETTINGS = WorkerSettings(
    poll=QUICK, heartbeat=QUICK, stalled_after=timedelta(seconds=1), rescue=QUICK, sweep=QUICK, reconnect=QUICK
)
PATIENCE_SECONDS = 40.0

_SFTP = """    destination:
      kind: sftp
      host: 127.0.0.1
      port: ${PRINT_PORT}
      user: sandbox
      password: sandbox
      host_key: ${PRINT_HOST_KEY}
"""
_FOLDER = "    destination: {kind: folder, folder: var/print}\n"


def write_office_project(folder: Path, changes: Changes | None = None) -> Path:
    """Write the small project with a print house in a folder and without waiting for further pieces."""
    write_small_project(folder)
    edit(folder, "xconnector.yaml", _SFTP, _FOLDER)
    edit(folder, "xconnector.yaml", "{collect: 1s}", "{collect: 100ms}")
    for file, replacements in (changes or {}).items():
        # A change of nothing writes a file that the small project has not.
        if replacements[0][0] == "":
            (folder / file).touch(exist_ok=False)
        for old, new in replacements:
            edit(folder, file, old, new)
    return folder


def edit(folder: Path, file: str, old: str, new: str) -> None:
    """Replace a part of a project's file, which must be there."""
    path = folder / file
    text = path.read_text(encoding="utf-8")
    assert old in text, f"{file} no longer holds {old!r}"
    path.write_text(text.replace(old, new), encoding="utf-8")


def notice(number: str, **fields: object) -> SourceRecord:
    """An event that asks for a notice: by e-mail where there is an address, else by post."""
    data: dict[str, object] = {
        "number": number, "customer": f"K-{number}", "name": f"Meyer {number}", "street": "Hauptstr. 1",
        "postcode": "10115", "city": "Berlin", "language": "de", "amount": "12.50",
    }  # fmt: skip
    data |= fields
    return SourceRecord(
        source="crm",
        source_key=number,
        event_type="com.small.notice",
        occurred_at=datetime(2026, 11, 23, 8, tzinfo=UTC),
        payload=msgspec.json.encode(data),
        data=msgspec.json.decode(msgspec.json.encode(data)),
    )


@dataclass(slots=True, kw_only=True)
class Office:
    """Everything of one test."""

    folder: Path
    database: str = field(repr=False)
    place: Workplace
    relay: SandboxRelay
    house: House

    # ---------------------------------------------------------------- what comes in

    async def send(self, *records: SourceRecord) -> list[Received]:
        """Hand events in as one batch."""
        return await receive(self.place, records, feed=None)

    async def run(self, rows: list[str], *, name: str = "run.csv", batch_size: int = 500) -> Run:
        """Take a file in as a run."""
        file = write_run(self.folder / name, rows)
        return await receive_run(self.place, self.place.project.feeds["notice_runs"], file, batch_size=batch_size)

    # ---------------------------------------------------------------- work

    @asynccontextmanager
    async def at_work(self) -> AsyncGenerator[None]:
        """Let a worker and the print house work for the block."""
        worker = Worker(self.place.jobs, self.database, settings=SETTINGS)
        working = asyncio.create_task(worker.run())
        printing = asyncio.create_task(keep_printing(self.house))
        try:
            yield
            assert not printing.done(), "the print house broke"
        finally:
            worker.stop()
            printing.cancel()
            await asyncio.gather(working, printing, return_exceptions=True)

    async def work(self) -> Account:
        """Work until nothing is in progress any more, and return the account of everything."""
        async with self.at_work():
            await self.until(self.is_through)
        return await self.account()

    async def work_until(self, *wanted: tuple[str, State]) -> None:
        """Work until communications, by source key, stand where they should."""

        async def all_there() -> bool:
            found = [await self.state_of(key) for key, _ in wanted]
            return found == [state for _, state in wanted]

        async with self.at_work():
            await self.until(all_there)

    async def until(self, holds: Callable[[], Awaitable[bool]]) -> None:
        """Wait for a condition; fail with the account when it does not come."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not await holds():
            assert time.monotonic() < deadline, f"nothing of the kind happened: {await self.account()}"
            await asyncio.sleep(0.03)

    # ---------------------------------------------------------------- what became of it

    async def account(self, run: Run | None = None) -> Account:
        """Return the account of a run, or of everything."""
        if run is not None:
            return (await reconcile_run(self.place.pool, run.name)).account
        return await reconcile_everything(self.place.pool)

    async def is_through(self) -> bool:
        """Say whether nothing is in progress, but what waits for a person."""
        return is_through(await self.account())

    async def explain(self, key: str) -> Explanation:
        """Explain the communication that was made of this source key."""
        return await explain(self.place.pool, key)

    async def state_of(self, key: str) -> State | None:
        """Return where the communication of this source key stands; None before it is made."""
        with contextlib.suppress(LookupError):
            return State((await self.explain(key)).found.state)
        return None

    async def story_of(self, key: str) -> list[str]:
        """Return what happened to a communication, word by word."""
        return [entry.event for entry in (await self.explain(key)).history]

    def mails_to(self, recipient: str) -> int:
        """Count the mails that the relay took for a recipient."""
        return sum(1 for arrival in self.relay.arrivals() if arrival["recipient"] == recipient)

    def printed(self) -> list[str]:
        """Return the dispatch keys of the letters that the house printed."""
        if not self.house.arrivals.exists():
            return []
        lines = [msgspec.json.decode(line) for line in self.house.arrivals.read_bytes().splitlines()]
        return [line["dispatch_key"] for line in lines if not line.get("duplicate")]


def is_through(account: Account) -> bool:
    """Say whether nothing is in progress, but what waits for a person."""
    return account.reconciliation.standings[Standing.IN_PROGRESS] == account.states.get(State.IN_REVIEW, 0)


async def keep_printing(house: House) -> None:
    """Let the print house work off whatever comes, until cancelled."""
    while True:
        house.acknowledge_again()
        for trigger in [] if house.conduct.down else house.waiting():
            await asyncio.to_thread(house.work_off, trigger)
        await asyncio.sleep(0.05)


@asynccontextmanager
async def open_office(
    folder: Path,
    database: str,
    *,
    changes: Changes | None = None,
    already_open: Mapping[str, Connector] | None = None,
    retry: Retry | None = None,
) -> AsyncGenerator[Office]:
    """Write the project where there is none, and open everything."""
    if not (folder / "xconnector.yaml").exists():
        write_office_project(folder, changes)
    state = state_folder(folder)
    async with SandboxRelay(folder / "relay", state / "bounces", bounce_after=0.05) as relay:
        house = House(folder=state / "print", conduct=Conduct())
        async with open_place(folder, database, relay.port, already_open=already_open, retry=retry) as place:
            yield Office(folder=folder, database=database, place=place, relay=relay, house=house)


@asynccontextmanager
async def open_place(
    folder: Path,
    database: str,
    port: int,
    *,
    already_open: Mapping[str, Connector] | None = None,
    retry: Retry | None = None,
) -> AsyncGenerator[Workplace]:
    """Open a workplace on the project in a folder, as `entrypoints/bootstrap.py` does it."""
    project = load_project(folder, {"SMTP_PORT": str(port)})
    state = state_folder(folder)
    async with (
        open_pool(database, name="office") as pool,
        Session(database, name="office locks") as session,
    ):
        locks = SessionLocks(session)
        async with Connections(project, state, session=session, locks=locks, already_open=already_open) as connections:
            place = Workplace(
                project=project,
                jobs=Jobs(),
                pool=pool,
                locks=locks,
                connections=connections,
                content=ContentStore(state / "content"),
            )
            _lay_main_path(place, retry or Retry())
            yield place


def _lay_main_path(place: Workplace, retry: Retry) -> None:
    for name, stage in STAGES.items():
        place.jobs.add_stage(Stage(name=name, run=partial(stage, place), retry=retry))
    place.jobs.add_watch(Watch(name="gather orders", every=QUICK, look=partial(gather_orders, place)))
    place.jobs.add_chore(Chore(name="gather bundles", every=QUICK, do=partial(gather, place)))
    if place.project.has_lines or place.project.has_keys_of_customers:
        place.jobs.add_chore(Chore(name="give turns", every=QUICK, do=partial(give_turns, place)))
    for name in place.connections.channel_names:
        place.jobs.add_watch(Watch(name=f"poll {name}", every=QUICK, look=partial(poll, place, name)))
    place.jobs.on_exhausted(partial(give_up, place))
