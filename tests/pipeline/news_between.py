"""A house in which anything may happen between a decision and a hand-over, with what must be so all the time.

What the customers wish is kept beside the product, in the plainest way: it is compared with what left.
"""

from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec

from tests.office import edit, notice, open_place, write_office_project
from tests.pipeline.plain_composer import PlainComposer
from tests.pipeline.scripted_channel import Answer, RememberingChannel, ScriptedChannel, told
from tests.pipeline.scripted_press import ScriptedPress
from tests.pipeline.stepping_office import Clock, ClockedWorkplace, DiedError, Stepping
from xconnector.contract.channel import Dispatch, Receipt
from xconnector.contract.errors import ConnectorError, OutcomeUnknownError, PermanentError, TransientError
from xconnector.contract.lifecycle import Connector
from xconnector.domain.communication import END_STATES, State
from xconnector.domain.consent import ConsentAction, ConsentBasis, ConsentEvent
from xconnector.domain.customer import CustomerRecord
from xconnector.domain.delivery import DeliveryEventType
from xconnector.domain.document import RenditionKind
from xconnector.domain.routing.plan import Medium
from xconnector.domain.suppression import SuppressionAction, SuppressionEvent, SuppressionReason
from xconnector.operations.reconciling import reconcile_everything
from xconnector.pipeline.receive import receive
from xconnector.postgres.connect import in_transaction, transaction
from xconnector.store import consents, customers, suppressions
from xconnector.store.communications import HopTerms, Terms
from xconnector.store.decision_text import KeptOutcome, outcome_of

MEDIA = {"email": Medium.EMAIL, "portal": Medium.PORTAL, "print": Medium.PRINT, "press": Medium.PRINT}
PREFERENCES = ("mail", "portal", "paper", "pressed", "mail only", "anything", "nothing")

_HEAD = "| row | when customer.preference | then route | then review | cite |\n|---|---|---|---|---|\n"
_ROUTES = (
    """\
| R1 | mail      | email for 5 days, portal, print  | - | house rule |
| R2 | portal    | portal for 2 days, email, press  | - | house rule |
| R3 | paper     | print                            | - | house rule |
| R4 | pressed   | press with certified, email      | - | house rule |
| R5 | mail only | email                            | - | house rule |
| R6 | nothing   | suppress: opt-out                | - | house rule |
| R7 | -         | email, portal, press             | - | house rule |
""",
    """\
| R1 | mail, portal | portal, email, press          | - | house rule |
| R2 | paper        | press with tracked            | - | house rule |
| R3 | pressed      | print, email                  | - | house rule |
| R4 | nothing      | suppress: opt-out             | - | house rule |
| R5 | -            | email for 1 days, print       | - | house rule |
""",
)
_NOBODY = "| M2 | - | no | any | none | none | house rule |\n"
_EVERYBODY = "| M3 | - | yes | print, email | tracked | 9 | house rule |\n"
_MUST_SEND = """\
| row | when customer.language | then mandatory | then media | then proof | then within days | cite |
|---|---|---|---|---|---|---|
| M1 | en | yes | any | certificate of mailing | 5 | § 1 |
"""
_WITHDRAWAL = """\
| row | when consent | then send | then reason | cite |
|---|---|---|---|---|
| W1 | withdrawn | no | the customer withdrew a consent | Art. 7 (3) GDPR |
| W2 | - | yes | - | house rule |
"""
_SUPPRESSION = """\
| row | when medium | when suppressed | when deceased | then send | then reason | cite |
|---|---|---|---|---|---|---|
| S1 | - | not none | - | no | it is on the list | house rule |
| S2 | email, portal | - | yes | no | the customer has died | house rule |
| S3 | - | - | - | yes | - | house rule |
"""
_CONNECTIONS = """\
  portal: {connector: portal, url: "http://portal.small.test", key: a-key}
  press:
    connector: print_house
    destination: {kind: folder, folder: var/press}
    limits: {collect: 1h, attempts: 4}
  archive:"""
TABLES = 3


def _write_tables(folder: Path, number: int) -> None:
    """Write the first tables, others that route otherwise, or those by which everything must be sent."""
    routing = _HEAD + _ROUTES[number % 2]
    must_send = _MUST_SEND + (_EVERYBODY if number == TABLES - 1 else _NOBODY)
    for name, text in {"routing": routing, "must_send": must_send}.items():
        (folder / "tables" / f"{name}.md").write_text(text, encoding="utf-8")


def _write_project(folder: Path) -> None:
    write_office_project(folder)
    edit(folder, "xconnector.yaml", "  archive:", _CONNECTIONS)
    edit(folder, "xconnector.yaml", "{collect: 100ms}", "{collect: 1h, attempts: 4}")
    with (folder / "xconnector.yaml").open("a", encoding="utf-8") as file:
        file.write("checks: {must_send: must_send, suppression: suppression, withdrawal: withdrawal, default: print}\n")
    _write_tables(folder, 0)
    for name, text in {"withdrawal": _WITHDRAWAL, "suppression": _SUPPRESSION}.items():
        (folder / "tables" / f"{name}.md").write_text(text, encoding="utf-8")


# ---------------------------------------------------------------- the outside


@dataclass(slots=True, kw_only=True)
class Moods:
    """How the channels answer what comes next, each mood once."""

    ahead: dict[str, list[str]] = field(default_factory=dict[str, list[str]])
    outcomes: dict[str, list[str]] = field(default_factory=dict[str, list[str]])
    """By dispatch key: what became of each attempt."""

    def next_of(self, channel: str) -> str:
        waiting = self.ahead.get(channel)
        return waiting.pop(0) if waiting else "takes"

    def answer(self, channel: str, dispatch: Dispatch) -> Answer:
        mood = self.next_of(channel)
        self.note([dispatch], mood)
        answers: dict[str, ConnectorError] = {
            "refuses": PermanentError("no"),
            "is away": TransientError("away"),
            "loses its answer": OutcomeUnknownError("lost"),
        }
        if mood.startswith("dies"):
            raise DiedError(mood)
        return answers.get(mood) or Receipt(reference=f"ref-{dispatch.dispatch_key}")

    def bundle(self, channel: str, pieces: Sequence[Dispatch]) -> None:
        mood = self.next_of(channel)
        if mood == "dies after":
            # It is printed, and nobody hears of it.
            self.ahead.setdefault(f"{channel} answers", []).append("dies")
            mood = "takes"
        self.note(pieces, mood)
        if mood.startswith("dies"):
            raise DiedError(mood)
        if mood != "takes":
            raise PermanentError("no") if mood == "refuses" else TransientError("away")

    def after(self, channel: str) -> None:
        if self.next_of(f"{channel} answers") == "dies":
            raise DiedError("after")

    def note(self, dispatches: Sequence[Dispatch], mood: str) -> None:
        for dispatch in dispatches:
            self.outcomes.setdefault(dispatch.dispatch_key, []).append(mood)


@dataclass(slots=True, kw_only=True)
class Portal(RememberingChannel):
    """Takes letters, and knows a dispatch again."""

    @property
    def takes(self) -> frozenset[RenditionKind]:
        return frozenset({RenditionKind.LETTER})


# ---------------------------------------------------------------- what customers wish


@dataclass(slots=True, kw_only=True)
class Wishes:
    """What is so of one customer now."""

    number: int
    preference: str
    email: str
    street: str = "Hauptstr. 1"
    language: str = "de"
    withdrawn: set[Medium] = field(default_factory=set[Medium])
    suppressed: set[Medium] = field(default_factory=set[Medium])
    returned: set[tuple[Medium, str]] = field(default_factory=set[tuple[Medium, str]])
    """Addresses from which something came back."""
    has_died: bool = False

    @property
    def key(self) -> str:
        return f"K-{self.number}"

    def address(self, medium: Medium) -> str:
        return {Medium.EMAIL: self.email, Medium.PRINT: self.street}.get(medium, "")

    def denies(self, medium: Medium) -> bool:
        """Say whether nothing may be sent this way."""
        return (
            medium in self.withdrawn | self.suppressed
            or (medium, self.address(medium)) in self.returned
            or (self.has_died and medium is not Medium.PRINT)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    """A communication as it stands in the database."""

    customer_key: str
    state: State
    hop: int
    plan: Sequence[str]
    terms: Terms
    outcome: KeptOutcome
    handovers: Sequence[tuple[str, str]]
    """Connection and state of each."""
    reasons: Sequence[str]
    """Of its failures, and of its suppression."""


_FOUND = """\
SELECT communication.customer_key, communication.state, communication.hop, communication.plan, assembly.terms::text,
    (SELECT outcome::text FROM decision WHERE decision.communication_id = communication.communication_id
     ORDER BY occasion DESC LIMIT 1),
    ARRAY(SELECT connection || ' ' || dispatch.state FROM dispatch
          WHERE dispatch.communication_id = communication.communication_id ORDER BY intended_at),
    ARRAY(SELECT reason FROM failure WHERE failure.communication_id = communication.communication_id
          UNION ALL
          SELECT detail -> 'decision' ->> 'suppressed' FROM ledger
          WHERE ledger.communication_id = communication.communication_id AND event = 'suppressed')
FROM communication LEFT JOIN assembly USING (communication_id)
"""


@dataclass(slots=True, kw_only=True)
class Between:
    """The house with its customers, of whom each waits for one letter."""

    folder: Path
    database: str
    stack: AsyncExitStack
    moods: Moods
    clock: Clock
    channels: dict[str, ScriptedChannel | ScriptedPress]
    people: list[Wishes] = field(default_factory=list[Wishes])
    seen: dict[str, int] = field(default_factory=dict[str, int])
    """By channel: how many of those that it was given were looked at."""
    stepping: Stepping = field(init=False)

    @property
    def place(self) -> ClockedWorkplace:
        return self.stepping.place

    @property
    def given(self) -> dict[str, list[str]]:
        """By channel that was given anything: whose letters they were."""
        return {
            name: [dispatch.recipient.customer_key for dispatch in channel.given]
            for name, channel in self.channels.items()
            if channel.given
        }

    async def open(self) -> None:
        """Open the place, also anew: the tables in force are those that lie in its folder then."""
        await self.stack.aclose()
        connectors: dict[str, Connector] = {"composer": PlainComposer(), **self.channels}
        opened = await self.stack.enter_async_context(
            open_place(self.folder, self.database, 1, already_open=connectors)
        )
        place = ClockedWorkplace.of(opened, self.clock)
        self.stepping = Stepping(place=place, watched=self.look)

    async def begin(self, preferences: Sequence[str]) -> None:
        """Order a letter for each customer, and let them be made: their hand-overs are due, or they are collected."""
        for number, preference in enumerate(preferences, start=1):
            wishes = Wishes(number=number, preference=preference, email=f"{number}-0@x.test")
            self.people.append(wishes)
            record = notice(str(number), email=wishes.email, preference=preference)
            await receive(self.place, [replace(record, occurred_at=self.place.now())], feed=None)
        await self.stepping.work(without=("deliver", "bundle"))

    # ------------------------------------------------------------ what happens

    async def happen(self, wishes: Wishes, what: str) -> None:
        """Let something be heard of a customer."""
        word, _, which = what.partition(" ")
        match word:
            case "withdraws":
                wishes.withdrawn.add(Medium(which))
                await self._consent(wishes, Medium(which), ConsentAction.WITHDRAW)
            case "grants":
                wishes.withdrawn.discard(Medium(which))
                await self._consent(wishes, Medium(which), ConsentAction.GRANT)
            case "suppressed":
                wishes.suppressed.add(Medium(which))
                await self._suppression(wishes, Medium(which), SuppressionAction.SUPPRESSED)
            case "lifted":
                wishes.suppressed.discard(Medium(which))
                wishes.returned = {each for each in wishes.returned if each[0] != Medium(which)}
                await self._suppression(wishes, Medium(which), SuppressionAction.LIFTED)
            case "returned":
                await self._return(wishes)
            case _:
                await self._say(wishes, word, which)

    async def _say(self, wishes: Wishes, word: str, which: str) -> None:
        match word:
            case "prefers":
                wishes.preference = which
            case "speaks":
                wishes.language = which
            case "mailbox":
                name, _, rest = wishes.email.partition("@")
                number, _, count = name.partition("-")
                wishes.email = f"{number}-{int(count) + 1}@{rest}"
            case "moves":
                name, _, house = wishes.street.partition(" ")
                wishes.street = f"{name} {int(house) + 1}"
            case "dies":
                wishes.has_died = True
            case _:
                raise ValueError(word)
        fields: dict[str, Any] = {
            "preference": wishes.preference, "language": wishes.language, "email": wishes.email,
            "address_lines": [wishes.street], "postcode": "10115", "city": "Berlin",
        }  # fmt: skip
        now = self.place.now()
        if wishes.has_died:
            fields["deceased_on"] = now.date().isoformat()
        record = CustomerRecord(customer_key=wishes.key, source="crm", as_of=now, fields=fields)
        await in_transaction(self.place.pool, lambda connection: customers.remember(connection, [record], now))

    async def _consent(self, wishes: Wishes, medium: Medium, action: ConsentAction) -> None:
        now = self.place.now()
        event = ConsentEvent(
            customer_key=wishes.key,
            medium=medium,
            scope="all",
            action=action,
            basis=ConsentBasis.EXPRESS if action is ConsentAction.GRANT else None,
            occurred_at=now,
            recorded_at=now,
            source="desk",
            actor="anna",
        )
        await in_transaction(self.place.pool, lambda connection: consents.add(connection, [event]))

    async def _suppression(self, wishes: Wishes, medium: Medium, action: SuppressionAction) -> None:
        now = self.place.now()
        event = SuppressionEvent(
            customer_key=wishes.key,
            medium=medium,
            action=action,
            reason=SuppressionReason.BLOCKED if action is SuppressionAction.SUPPRESSED else None,
            occurred_at=now,
            recorded_at=now,
            source="desk",
            actor="anna",
        )
        await in_transaction(self.place.pool, lambda connection: suppressions.add(connection, [event]))

    async def _return(self, wishes: Wishes) -> None:
        """Let what the customer got last come back."""
        for name, channel in self.channels.items():
            mine = [each for each in channel.given if each.recipient.customer_key == wishes.key]
            if not mine or not isinstance(channel, ScriptedChannel):
                continue
            last = mine[-1]
            if self.moods.outcomes[last.dispatch_key][-1] != "takes":
                continue
            if address := {Medium.EMAIL: last.recipient.email}.get(MEDIA[name]):
                wishes.returned.add((MEDIA[name], address))
            channel.news.append(
                [replace(told(last.dispatch_key, DeliveryEventType.BOUNCED), occurred_at=self.place.now())]
            )

    async def change_tables(self, number: int) -> None:
        """Let other tables be in force."""
        _write_tables(self.folder, number)
        await self.open()

    def pass_time(self, time: timedelta) -> None:
        self.clock.ahead += time

    # ------------------------------------------------------------ what must be so

    async def look(self) -> None:
        """Look at what left and at where everything stands."""
        found = await self._found()
        for name, channel in self.channels.items():
            fresh = channel.given[self.seen.get(name, 0) :]
            self.seen[name] = len(channel.given)
            for dispatch in fresh:
                self._may_have_left(name, dispatch, found[dispatch.recipient.customer_key])
                self._left_once(name, dispatch)
        for row in found.values():
            _agrees(row)

    async def end(self) -> None:
        """Let time pass until nothing happens any more."""
        for _ in range(8):
            await self.stepping.work()
            self.pass_time(timedelta(days=2))
        await self.stepping.work()
        for row in (await self._found()).values():
            assert row.state in END_STATES, row
        account = await reconcile_everything(self.place.pool)
        assert account.closes, account
        assert account.reconciliation.came_in == len(self.people)

    def _may_have_left(self, name: str, dispatch: Dispatch, row: _Found) -> None:
        wishes = next(each for each in self.people if each.key == dispatch.recipient.customer_key)
        medium = MEDIA[name]
        assert not wishes.denies(medium), f"{name}: the customer denies it: {wishes}"
        assert name in {hop.to for hop in row.outcome.hops}, f"{name}: it was decided otherwise: {row}"
        if medium is Medium.EMAIL:
            assert dispatch.recipient.email == wishes.email, f"{name}: for another address: {wishes}"
        if medium is Medium.PRINT:
            assert wishes.street in dispatch.recipient.address_lines, f"{name}: for another address: {wishes}"

    def _left_once(self, name: str, dispatch: Dispatch) -> None:
        """Say that a connection got a letter once; one that it refused, or knows again, it may get again."""
        channel = self.channels[name]
        again = [each for each in channel.given if each.communication_id == dispatch.communication_id]
        if isinstance(channel, RememberingChannel) and len({each.dispatch_key for each in again}) == 1:
            return
        outcomes = [mood for key in {each.dispatch_key for each in again} for mood in self.moods.outcomes[key]]
        assert outcomes.count("takes") + outcomes.count("dies after") <= 1, f"{name}: handed over twice: {outcomes}"

    async def _found(self) -> dict[str, _Found]:
        async with transaction(self.place.pool) as connection:
            cursor = await connection.execute(_FOUND)
            rows = await cursor.fetchall()
        return {
            row[0]: _Found(
                customer_key=row[0],
                state=State(row[1]),
                hop=row[2],
                plan=row[3],
                terms=msgspec.json.decode(row[4], type=Terms) if row[4] else Terms(),
                outcome=outcome_of(row[5]),
                handovers=[_pair(each) for each in row[6]],
                reasons=[reason for reason in row[7] if reason],
            )
            for row in rows
        }


def _pair(words: str) -> tuple[str, str]:
    connection, _, state = words.partition(" ")
    return connection, state


def _agrees(row: _Found) -> None:
    """Say that where it stands fits what was decided of it last."""
    if row.state is State.SUPPRESSED:
        assert not row.outcome.mandatory, f"it must be sent: {row}"
        assert row.reasons, f"nobody knows why: {row}"
        for connection, state in row.handovers:
            assert state not in {"collected", "dispatching"}, f"it still waits at {connection}: {row}"
    if row.state is State.FAILED:
        assert row.reasons, f"nobody knows why: {row}"
    if row.state in {State.ARCHIVED, State.COLLECTED}:
        _stands_before_a_hop(row)


def _stands_before_a_hop(row: _Found) -> None:
    decided = {hop.to: hop.hop for hop in row.outcome.hops}
    ahead = row.plan[row.hop :]
    assert ahead, f"nothing is ahead of it: {row}"
    assert [name for name in decided if name in ahead] == list(ahead), f"its plan is not what was decided: {row}"
    assert len(row.terms.hops) == len(row.plan), f"its terms are of another plan: {row}"
    for at, name in enumerate(ahead, start=row.hop):
        expected = HopTerms(wait=decided[name].wait, proof=decided[name].proof)
        assert row.terms.of_hop(at) == expected, f"its terms are not what was decided: {row}"
    assert row.terms.is_mandatory == row.outcome.mandatory, f"whether it must be sent is told otherwise: {row}"
    waiting = [connection for connection, state in row.handovers if state == "collected"]
    assert waiting == ([row.plan[row.hop]] if row.state is State.COLLECTED else []), f"it waits elsewhere: {row}"


@asynccontextmanager
async def open_between(folder: Path, database: str, preferences: Sequence[str]) -> AsyncGenerator[Between]:
    """Open the house, with letters that are about to leave."""
    _write_project(folder)
    moods = Moods()
    channels: dict[str, ScriptedChannel | ScriptedPress] = {
        "email": ScriptedChannel(answer=_answering(moods, "email")),
        "portal": Portal(answer=_answering(moods, "portal")),
        "print": _press(moods, "print"),
        "press": _press(moods, "press"),
    }
    async with AsyncExitStack() as stack:
        between = Between(folder=folder, database=database, stack=stack, moods=moods, clock=Clock(), channels=channels)
        await between.open()
        await between.begin(preferences)
        yield between


def _answering(moods: Moods, name: str) -> Callable[[Dispatch], Answer]:
    return lambda dispatch: moods.answer(name, dispatch)


def _press(moods: Moods, name: str) -> ScriptedPress:
    return ScriptedPress(on_bundle=lambda pieces: moods.bundle(name, pieces), on_answer=lambda: moods.after(name))
