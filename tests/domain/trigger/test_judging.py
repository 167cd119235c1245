"""Whatever the order and repetition of events, the same letters are made and no ask is lost."""

from collections import Counter as Count
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from xconnector.domain.trigger.book import Ask, Book, Entry, Heard, Origin, Stand, WaitsFor
from xconnector.domain.trigger.judging import Begin, End, Ending, Wait, judge
from xconnector.domain.trigger.keys import Fields, key_heard, keys_of
from xconnector.domain.trigger.rehearsal import Rehearsal
from xconnector.domain.trigger.rules import (
    Collapse,
    Counter,
    Listening,
    Once,
    Order,
    Otherwise,
    Parent,
    TriggerRules,
)

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
PAID = Listening(event="paid", fields=(("invoice", "invoice"),), where={})
OPENED = Listening(event="opened", fields=(("invoice", "invoice"),), where={})
RULES = {
    "dunning": TriggerRules(
        once=Once(fields=("invoice",)),
        parent=Parent(listening=OPENED, within=timedelta(days=3), otherwise=Otherwise.DROP),
        counters=(Counter(listening=PAID, within=timedelta(days=30)),),
        order=Order(fields=("customer",)),
    ),
    "change": TriggerRules(
        collapse=Collapse(fields=("customer",), window=30 * MINUTE, longest=timedelta(hours=4)),
        order=Order(fields=("customer",)),
    ),
}
FATES = frozenset({Stand.UNDER_WAY, Stand.WAITING, Stand.STOPPED, Stand.LEFT})


@dataclass(slots=True)
class World:
    """Asks and events as they come, with nothing beside the rules."""

    stage: Rehearsal = field(default_factory=lambda: Rehearsal(rules=RULES, now=NOON))
    numbers: Iterator[int] = field(default_factory=lambda: count(1))

    @property
    def book(self) -> Book:
        return self.stage.book

    @property
    def now(self) -> datetime:
        return self.stage.now

    def ask(self, kind: str, invoice: str, customer: str, *, as_of: datetime | None = None) -> Entry:
        number = next(self.numbers)
        fields = Fields(data={"invoice": invoice}, customer_key=customer)
        ask = Ask(
            communication_id=UUID(int=number),
            kind=kind,
            origin=Origin(record_id=number, source="crm", source_key=f"{kind}-{invoice}"),
            as_of=as_of or self.now,
            asked_at=self.now,
            keys=keys_of(kind, RULES[kind], fields),
        )
        return self.stage.ask(ask)

    def hear(self, listening: Listening, invoice: str, *, as_of: datetime | None = None) -> None:
        number = next(self.numbers)
        key = key_heard(listening, Fields(data={"invoice": invoice}, customer_key=""))
        assert key is not None
        origin = Origin(record_id=number, source="crm", source_key=f"{listening.event}-{invoice}")
        heard = Heard(key=key, origin=origin, as_of=as_of or self.now, event=listening.event)
        self.stage.hear(heard)

    def pass_by(self, span: timedelta) -> None:
        self.stage.pass_to(self.now + span)

    def to_the_end(self) -> None:
        """Let everything leave that may."""
        for _ in range(len(self.book.entries) + 1):
            self.pass_by(timedelta(days=4))
            for entry in self.under_way:
                self.stage.leave(entry)

    @property
    def under_way(self) -> list[Entry]:
        return [entry for entry in self.book.entries.values() if entry.stand is Stand.UNDER_WAY]

    def last(self, entry: Entry) -> object:
        return self.stage.fate_of(entry.ask.communication_id)

    def letters(self) -> Count[tuple[str, str]]:
        """Return what was made, by kind and customer or invoice."""
        begun = [entry for entry in self.book.entries.values() if isinstance(self.last(entry), Begin)]
        return Count((entry.ask.kind, str(entry.ask.keys.once or entry.ask.keys.collapse)) for entry in begun)


# Nothing leaves before all is told, so that no counter-event comes too late.
TOLD = st.tuples(st.sampled_from(["dunning", "paid", "opened"]), st.sampled_from("ABC"))


@settings(max_examples=200)
@given(st.lists(TOLD, max_size=10).flatmap(lambda told: st.tuples(st.just(told), st.permutations([*told, *told[:3]]))))
def test_any_order_and_repetition_of_events_gives_the_same_letters(
    orders: tuple[list[tuple[str, str]], list[tuple[str, str]]],
) -> None:
    made: list[Count[tuple[str, str]]] = []
    for told in orders:
        world = World()
        for what, invoice in told:
            if what == "dunning":
                world.ask("dunning", invoice, f"of {invoice}")
            else:
                world.hear(PAID if what == "paid" else OPENED, invoice)
            world.pass_by(MINUTE)
        world.to_the_end()
        made.append(world.letters())

    assert made[0] == made[1]
    kinds = {invoice: {what for what, other in orders[0] if other == invoice} for _, invoice in orders[0]}
    assert sum(made[0].values()) == sum(what == {"dunning", "opened"} for what in kinds.values())


@settings(max_examples=200)
@given(st.permutations(range(6)), st.lists(st.integers(0, 25), min_size=6, max_size=6))
def test_changes_become_one_letter_of_what_happened_last_in_whatever_order_they_come(
    order: Sequence[int], pauses: Sequence[int]
) -> None:
    world = World()
    for number, pause in zip(order, pauses, strict=True):
        world.ask("change", str(number), "K-1", as_of=NOON - timedelta(days=1) + number * MINUTE)
        world.pass_by(pause * MINUTE)
    world.to_the_end()

    begun = [entry for entry in world.book.entries.values() if isinstance(world.last(entry), Begin)]
    taken = [end for entry in world.book.entries.values() if isinstance(end := world.last(entry), End)]
    assert [entry.ask.origin.source_key for entry in begun] == ["change-5"]
    assert {(end.ending, end.into) for end in taken} == {(Ending.TAKEN_IN, begun[0].ask.communication_id)}
    assert len(taken) == 5


@settings(max_examples=100)
@given(st.lists(st.integers(29, 31), min_size=2, max_size=12))
def test_the_first_change_never_waits_longer_than_is_said(pauses: Sequence[int]) -> None:
    world = World()
    asked: list[Entry] = []
    for number, pause in enumerate(pauses):
        asked.append(world.ask("change", str(number), "K-1"))
        world.pass_by(pause * MINUTE)
        waiting = [entry.ask.asked_at for entry in asked if entry.waits_for is WaitsFor.QUIET]
        assert not waiting or world.now - min(waiting) < timedelta(hours=4)


class Line(RuleBasedStateMachine):
    """Everything happens in any order; the line of a customer stays one after the other, and each ask has one fate."""

    def __init__(self) -> None:
        super().__init__()
        self.world = World()

    @rule(kind=st.sampled_from(["dunning", "change"]), invoice=st.sampled_from("AB"), late=st.integers(0, 90))
    def ask(self, kind: str, invoice: str, late: int) -> None:
        self.world.ask(kind, invoice, "K-1", as_of=self.world.now - late * MINUTE)
        self.world.stage.give_turns()

    @rule(listening=st.sampled_from([PAID, OPENED]), invoice=st.sampled_from("AB"))
    def hear(self, listening: Listening, invoice: str) -> None:
        self.world.hear(listening, invoice)

    @rule(minutes=st.integers(1, 6000))
    def pass_by(self, minutes: int) -> None:
        self.world.pass_by(minutes * MINUTE)

    @precondition(lambda self: self.world.under_way)
    @rule(stops=st.booleans())
    def leave(self, stops: bool) -> None:
        (entry,) = self.world.under_way
        entry.stand = Stand.STOPPED if stops else Stand.LEFT
        self.world.stage.give_turns()

    @rule()
    def mend(self) -> None:
        for entry in self.world.book.entries.values():
            if entry.stand is Stand.STOPPED:
                entry.stand = Stand.LEFT
        self.world.stage.give_turns()

    @invariant()
    def one_leaves_at_a_time(self) -> None:
        assert len(self.world.under_way) <= 1

    @invariant()
    def each_has_one_fate(self) -> None:
        for entry in self.world.book.entries.values():
            verdicts = [one.verdict for one in self.world.stage.fates[entry.ask.communication_id]]
            assert entry.stand in FATES
            assert (entry.stand is Stand.WAITING) == isinstance(verdicts[-1], Wait)
            assert sum(isinstance(one, Begin) for one in verdicts) <= 1
            assert sum(isinstance(one, End) for one in verdicts) <= 1

    @invariant()
    def nobody_waits_for_nobody(self) -> None:
        stopped = any(entry.stand is Stand.STOPPED for entry in self.world.book.entries.values())
        quiet = any(entry.waits_for is WaitsFor.QUIET for entry in self.world.book.entries.values())
        if not self.world.under_way and not stopped and not quiet:
            assert not any(entry.waits_for is WaitsFor.TURN for entry in self.world.book.entries.values())

    def teardown(self) -> None:
        self.mend()
        self.world.to_the_end()
        assert not any(entry.stand is Stand.WAITING for entry in self.world.book.entries.values())


TestLine = Line.TestCase
TestLine.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)


def test_a_key_with_a_missing_field_is_none() -> None:
    rules = TriggerRules(once=Once(fields=("invoice", "customer")))

    assert keys_of("x", rules, Fields(data={"invoice": ""}, customer_key="K")).once is None
    assert keys_of("x", rules, Fields(data={"invoice": ["A"]}, customer_key="K")).once is None
    assert keys_of("x", rules, Fields(data={"invoice": "A"}, customer_key="K")).once is not None


@given(st.text(min_size=1), st.text(min_size=1), st.text(min_size=1), st.text(min_size=1))
def test_only_the_same_fields_make_the_same_key(one: str, other: str, third: str, fourth: str) -> None:
    rules = TriggerRules(once=Once(fields=("a", "b")))

    def key(a: str, b: str) -> UUID | None:
        return keys_of("x", rules, Fields(data={"a": a, "b": b}, customer_key="K")).once

    assert (key(one, other) == key(third, fourth)) == ((one, other) == (third, fourth))


def test_the_same_further_apart_than_is_said_is_not_the_same() -> None:
    rules = {"dunning": TriggerRules(once=Once(fields=("invoice",), within=timedelta(days=30)))}
    book = Book()
    keys = keys_of("dunning", rules["dunning"], Fields(data={"invoice": "A"}, customer_key="K"))
    entries = [
        book.ask(
            Ask(
                communication_id=UUID(int=number),
                kind="dunning",
                origin=Origin(record_id=number, source="crm", source_key=str(number)),
                as_of=NOON + timedelta(days=days),
                asked_at=NOON,
                keys=keys,
            )
        )
        for number, days in enumerate([0, 29, 31, 60, 62])
    ]

    verdicts = [one.verdict for one in judge(book, entries, rules, NOON)]

    assert [one.entry.ask.origin.source_key for one in judge(book, entries, rules, NOON)] == []
    assert sum(isinstance(one, Begin) for one in verdicts) == 3
    assert sum(isinstance(one, End) and one.ending is Ending.REPEATED for one in verdicts) == 2
