"""The story of the demo, told through the same programs and operations that users have.

Customers are loaded, events come over HTTP, a statement run is read from a file. Meanwhile a template
is withdrawn, the print house rejects a bundle, mailboxes bounce, the worker is killed, statements lack
a figure. Nothing is lost: each fault becomes named failures, and what can be mended is reprocessed.
"""

import asyncio
import os
import socket
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import msgspec

from xconnector.domain.communication import Standing, State
from xconnector.domain.failure import FailureKind, Settlement
from xconnector.domain.keys import Purpose
from xconnector.domain.portal_link import PortalLink
from xconnector.domain.review import Decision
from xconnector.entrypoints.bootstrap import DATABASE_URL, open_project
from xconnector.entrypoints.demo import faults
from xconnector.entrypoints.demo.composed_by import ComposedBy
from xconnector.entrypoints.demo.composing import Composing
from xconnector.entrypoints.demo.population import Population, populate
from xconnector.entrypoints.portal_secrets import portal_secrets
from xconnector.entrypoints.programs import Program, ProgramError, sandbox, start_worker, web
from xconnector.operations import failures, reviews
from xconnector.operations.customers import LoadTerms, load_customers
from xconnector.operations.failures import Choice
from xconnector.operations.keys import make_key
from xconnector.operations.portal import customer_link
from xconnector.operations.reconciling import reconcile_everything, reconcile_run
from xconnector.operations.settling import settle
from xconnector.pipeline.receive import receive_run
from xconnector.pipeline.workplace import Workplace, state_folder
from xconnector.postgres.connect import transaction
from xconnector.project.create import create_project
from xconnector.store import dispatches
from xconnector.store.failures import Group
from xconnector.store.reconciliations import Account

EVENTS_OF_EACH_KIND = 25
RUN_BATCH = 100
KILL_AT = 0.3
"""Share of the statements that have left when the worker is killed."""
PATIENCE_SECONDS = 900
LOOK_EVERY_SECONDS = 0.5

Tell = Callable[[str], None]
"""Is told what happens, a sentence at a time."""
Watch = Callable[[str, Account], None]
"""Is shown the account of what is on its way, again and again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """Where the demo's things lie."""

    folder: Path

    @property
    def project(self) -> Path:
        return self.folder / "aurora"

    @property
    def mails(self) -> Path:
        return self.folder / "mail-relay"

    @property
    def house(self) -> Path:
        return self.folder / "print-house"

    @property
    def exstream(self) -> Path:
        return self.folder / "exstream"

    @property
    def logs(self) -> Path:
        return self.folder / "logs"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """What the demo ends with."""

    run: str
    of_run: Account
    everything: Account
    groups: list[Group]
    bounced: str | None
    """A communication whose mailbox did not exist and that went by post instead."""
    web: str
    portal_link: str
    """A signed link to the documents of a customer who reads them on the portal."""


class Demo:
    """One telling of the story. The programs it starts end with it."""

    def __init__(
        self, folder: Path, *, customers: int, tell: Tell, watch: Watch, composer: ComposedBy = ComposedBy.EMBEDDED
    ) -> None:
        """Nothing is started before `play`."""
        self._places = Places(folder=folder)
        self._composing = Composing(composer, self._places.project)
        self._customers = customers
        self._tell = tell
        self._watch = watch
        self._worker: Program | None = None
        self._environment: dict[str, str] = {}

    @property
    def places(self) -> Places:
        return self._places

    @asynccontextmanager
    async def play(self) -> AsyncGenerator[Ending]:
        """Tell the story to its end; the programs stay up until the block ends."""
        population = self._prepare()
        with ExitStack() as outside:
            self._start_outside(outside)
            # What works for the project ends before its database does.
            async with open_project(self._places.project, name="xconnector demo") as (place, database):
                self._environment[DATABASE_URL] = database.url
                with ExitStack() as inside:
                    web_address, key = await self._start_inside(place, inside)
                    terms = LoadTerms(source="crm", home_country=place.project.home_country)
                    loaded = await load_customers(place.pool, [population.customers], terms)
                    self._tell(f"Loaded {loaded.loads[0].records:,} customers from the CRM.")
                    await self._send_events(place, web_address, key, population)
                    run = await self._run_statements(place, population)
                    await self._mend(place)
                    yield await self._end(place, run, web_address, population)

    # ------------------------------------------------------------ beginning

    def _prepare(self) -> Population:
        create_project(self._places.project, "insurer")
        self._composing.choose()
        self._tell(f"Made the project of an insurer in {self._places.project}.")
        return populate(
            self._places.folder / "population",
            customers=self._customers,
            events_of_each_kind=EVENTS_OF_EACH_KIND,
            now=datetime.now(UTC),
        )

    def _start_outside(self, outside: ExitStack) -> None:
        """Start the outside world: a mail relay whose mailboxes may bounce, a print house behind SFTP, Exstream."""
        relay = outside.enter_context(
            sandbox(
                "smtp",
                *("--port", "0", "--folder", str(self._places.mails)),
                *("--bounces-maildir", str(self._places.project / "var" / "bounces")),
                log=self._places.logs / "mail-relay.log",
            )
        )
        house = outside.enter_context(
            sandbox(
                "print_house",
                *("--port", "0", "--folder", str(self._places.house)),
                log=self._places.logs / "print-house.log",
            )
        )
        exstream = self._composing.start(outside, folder=self._places.exstream, log=self._places.logs / "exstream.log")
        self._environment = {
            "SMTP_PORT": str(relay.facts["port"]),
            "PRINT_PORT": str(house.facts["port"]),
            "PRINT_HOST_KEY": str(house.facts["host_key"]),
            "PRINT_COLLECT": "3s",
            "PORTAL_URL": f"http://127.0.0.1:{_free_port()}",
            **exstream,
        }
        os.environ.update(self._environment)
        self._tell(
            f"Started the outside: a mail relay on port {relay.facts['port']}, "
            f"a print house behind SFTP on port {house.facts['port']}"
            f"{', Exstream on ' + exstream['EXSTREAM_URL'] if exstream else ''}."
        )

    async def _start_inside(self, place: Workplace, inside: ExitStack) -> tuple[str, str]:
        """Start the web with its intake and portal, and a worker; returns the web's address and an intake key."""
        self._environment["PORTAL_KEY"] = await make_key(place.pool, "demo-portal", Purpose.PORTAL)
        key = await make_key(place.pool, "demo-events", Purpose.EVENTS)
        address = self._environment["PORTAL_URL"]
        environment = {**os.environ, **self._environment}
        log = self._places.logs / "web.log"
        inside.enter_context(web(self._places.project, address, log=log, environment=environment))
        self._start_worker()
        inside.callback(self._end_worker)
        # Only now: a project without the template would not have been loaded.
        self._composing.withdrawal.begin()
        faults.reject_next_bundle(self._places.house)
        self._tell(f"Started PostgreSQL, a worker, and the web on {address}.")
        self._tell(
            f"Faults: {self._composing.withdrawal.told}, and the print house will reject the first bundle it gets."
        )
        return address, key

    def _start_worker(self) -> None:
        self._worker = start_worker(
            self._places.project,
            log=self._places.logs / "worker.log",
            environment={**os.environ, **self._environment},
        )

    def _end_worker(self) -> None:
        if self._worker is not None:
            self._worker.end()

    # ------------------------------------------------------------ events

    async def _send_events(self, place: Workplace, address: str, key: str, population: Population) -> None:
        events: list[msgspec.Raw] = msgspec.json.decode(population.events.read_bytes(), type=list[msgspec.Raw])
        headers = {"authorization": f"Bearer {key}", "content-type": "application/cloudevents-batch+json"}
        async with httpx.AsyncClient(base_url=address, headers=headers, timeout=60) as client:
            answer = await client.post("/events", content=msgspec.json.encode(events))
            if not answer.is_success:
                raise ProgramError(f"the web answered {answer.status_code} to the events; see {self._places.logs}")
            # The same events again, as a nervous source would send them: nothing is made twice.
            await client.post("/events", content=msgspec.json.encode(events))
        self._tell(
            f"Sent {len(events)} CloudEvents over HTTP (policies issued, claims approved, services changed, "
            "billing cycles closed), and sent them once more: repeats make nothing."
        )
        await self._until(place, "events", _stands_still)

    # ------------------------------------------------------------ statements

    async def _run_statements(self, place: Workplace, population: Population) -> str:
        feed = place.project.feeds["annual_statements"]
        run = await receive_run(place, feed, population.statements, batch_size=RUN_BATCH)
        self._tell(f"Took in {self._customers:,} annual statements as run {run.name}; their control totals agree.")
        was_killed = False
        async with asyncio.timeout(PATIENCE_SECONDS):
            while True:
                found = await reconcile_run(place.pool, run.name)
                self._watch(run.name, found.account)
                if not was_killed and _is_in_the_middle(found.account):
                    was_killed = True
                    self._kill_worker()
                if found.is_finished:
                    return run.name
                await asyncio.sleep(LOOK_EVERY_SECONDS)

    def _kill_worker(self) -> None:
        """Kill the worker with -9 in the middle of the run, end the withdrawal, and start another."""
        if self._worker is not None:
            self._worker.process.kill()
            self._worker.process.wait()
        self._composing.withdrawal.end()
        self._start_worker()
        self._tell(
            "Killed the worker with -9 in the middle of it, put back what was withdrawn, and started another worker."
        )

    # ------------------------------------------------------------ people

    async def _mend(self, place: Workplace) -> None:
        """Do what people would: give verdicts, and reprocess what can be mended."""
        await self._review(place)
        await self._settle(place)
        for group in await failures.failure_groups(place.pool):
            if group.stage in {"compose", "deliver"}:
                done = await failures.reprocess(
                    place.pool,
                    place.jobs,
                    Choice(fingerprint=group.fingerprint),
                    actor="demo",
                    reason="what was withdrawn is back, the print house has paper again",
                )
                if done.started:
                    self._tell(f"Reprocessed {done.started} failures with one cause: {group.example[:90]}")
        await self._until(place, "everything", _is_through)

    async def _settle(self, place: Workplace) -> None:
        """Look at the mail relay for hand-overs whose answer was lost with the worker, and say what became of each."""
        numbers = dict.fromkeys(Settlement, 0)
        for failure in await failures.open_failures(place.pool, Choice(), limit=1000):
            if failure.kind != FailureKind.UNKNOWN_OUTCOME or failure.communication_id is None:
                continue
            is_there = any(self._places.mails.rglob(f"{failure.communication_id}-*.eml"))
            settlement = Settlement.ARRIVED if is_there else Settlement.NOT_ARRIVED
            choice = Choice(communication_id=failure.communication_id)
            numbers[settlement] += await settle(
                place.pool, place.jobs, choice, settlement, actor="demo", reason="looked at the relay"
            )
        if any(numbers.values()):
            self._tell(
                f"{sum(numbers.values())} mails were on the line when the worker was killed: nothing is sent twice by "
                f"a restart, so somebody looked at the relay: {numbers[Settlement.ARRIVED]} had arrived, "
                f"{numbers[Settlement.NOT_ARRIVED]} had not and were sent again."
            )

    async def _review(self, place: Workplace) -> None:
        waiting = await reviews.waiting_reviews(place.pool, role=None, limit=1000)
        for number, review in enumerate(waiting):
            await reviews.decide(
                place.pool,
                place.jobs,
                place.project.people,
                communication=str(review.communication_id),
                document_sha256=review.document_sha256,
                decision=Decision.REJECTED if number == 0 else Decision.APPROVED,
                person="anna",
                reason="the amount is not proven" if number == 0 else "checked against the file",
            )
        if waiting:
            self._tell(
                f"Anna of compliance looked at {len(waiting)} large claims: one rejected, {len(waiting) - 1} approved."
            )

    # ------------------------------------------------------------ end

    async def _end(self, place: Workplace, run: str, address: str, population: Population) -> Ending:
        async with transaction(place.pool) as connection:
            bounced = await dispatches.any_rerouted(connection, origin="email", target="print")
        return Ending(
            run=run,
            of_run=(await reconcile_run(place.pool, run)).account,
            everything=await reconcile_everything(place.pool),
            groups=await failures.failure_groups(place.pool),
            bounced=str(bounced) if bounced else None,
            web=address,
            portal_link=customer_link(
                portal_secrets(state_folder(self._places.project), os.environ),
                PortalLink(customer_key=population.portal_reader, expires_at=place.now() + timedelta(hours=1)),
                base=address,
            ),
        )

    async def _until(self, place: Workplace, what: str, enough: Callable[[Account], bool]) -> None:
        """Watch until enough is done, and stays done for as long as late reports may take."""
        quiet_since: float | None = None
        async with asyncio.timeout(PATIENCE_SECONDS):
            while quiet_since is None or time.monotonic() - quiet_since < 3 * LOOK_EVERY_SECONDS:
                account = await reconcile_everything(place.pool)
                self._watch(what, account)
                if not enough(account):
                    quiet_since = None
                elif quiet_since is None:
                    quiet_since = time.monotonic()
                await asyncio.sleep(LOOK_EVERY_SECONDS)


def _stands_still(account: Account) -> bool:
    """Say whether nothing moves by itself any more: what is left waits for people."""
    on_its_way = account.reconciliation.standings[Standing.IN_PROGRESS]
    return on_its_way == account.states.get(State.IN_REVIEW, 0)


def _is_through(account: Account) -> bool:
    return account.reconciliation.is_through


def _is_in_the_middle(account: Account) -> bool:
    """Say whether enough is composed, or stands in one job of the composer."""
    waiting = account.states.get(State.TRIGGERED, 0) + account.states.get(State.DECIDED, 0)
    total = account.reconciliation.came_in
    known = sum(account.states.values())
    return (known - waiting) / total > KILL_AT if total else False


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
