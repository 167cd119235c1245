"""Replaying: a changed table over recorded decisions, from the store or from lines, and what it would have done."""

from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal
from typing import IO

from msgspec import DecodeError

from xconnector.domain.decision.replay import Change, CommunicationId, Recorded, Replay, ReplayMatrix
from xconnector.domain.decision.table import DecisionTable
from xconnector.domain.routing.policy import DeliveryPolicy
from xconnector.domain.routing.what_if import Consequences, Rerouted, WhatIf, with_table
from xconnector.operations.decision_lines import DecisionLines, SetAside, written, written_policy, written_question
from xconnector.operations.past_policies import PastPolicies
from xconnector.operations.recorded_questions import RecordedQuestions
from xconnector.postgres.connect import Pool, reading
from xconnector.store import decisions
from xconnector.store.decisions import DecisionRow

MOST_SET_ASIDE = 20
"""Lines that are named; the rest is counted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """Which decisions are meant."""

    since: datetime | None = None
    until: datetime | None = None
    """Excluded."""
    communications: tuple[str, ...] | None = None
    """By name; None means all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangedDecision:
    """A question that is answered otherwise, with what becomes of its delivery where that is known."""

    communication_id: CommunicationId
    customer: str
    day: date | None
    old_row: str | None
    """None where the table had no answer."""
    new_row: str | None
    """None where the table has no answer."""
    reason: str | None
    """Why there is no answer, or why it would not be sent."""
    old_channel: str | None = None
    new_channel: str | None = None
    old_cost: Decimal | None = None
    new_cost: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplayReport:
    """What a changed table would have done."""

    table: str
    table_sha256: str
    decisions: int
    """Decisions and single questions that were read."""
    matrix: ReplayMatrix
    consequences: Consequences | None
    """Of the deliveries that were decided anew; None where there were none."""
    not_asked: int
    """Decisions that asked no table of the name."""
    erased: int
    """Decisions whose facts were erased, so that they cannot be asked again."""
    without_policy: int
    """Changed decisions that were not decided anew: not all of what they were decided by is there."""
    set_aside: int
    """Lines that could not be read."""
    set_aside_lines: tuple[SetAside, ...]
    """The first `MOST_SET_ASIDE` of them."""
    changed_past_us: int
    """Decisions whose facts are not those of their digest any more: they are not asked."""
    changed_past_us_examples: tuple[CommunicationId, ...]
    unreadable: int
    """Decisions that do not say what decisions say."""
    unreadable_examples: tuple[CommunicationId, ...]

    @property
    def has_failures(self) -> bool:
        """Whether some decision finds no answer or no way any more, or something could not be read."""
        found = self.consequences
        left_without = found is not None and bool(found.left_without_way or found.without_answer)
        return left_without or bool(self.set_aside or self.unreadable or self.changed_past_us or self.matrix.failed)


@dataclass(slots=True)
class Listeners:
    """Who hears of what happens while it happens; a list of changes would not fit into memory."""

    changed: Callable[[ChangedDecision], None] | None = None
    progress: Callable[[int], None] | None = None
    """Told how many decisions were read, after each page."""


@dataclass(slots=True)
class _Counts:
    decisions: int = 0
    without_policy: int = 0
    set_aside: int = 0
    set_aside_lines: list[SetAside] = field(default_factory=list[SetAside])


class _Run:
    """One replay on its way."""

    def __init__(
        self,
        table: DecisionTable,
        *,
        as_of: date | None,
        everything: bool,
        listeners: Listeners,
        policies: PastPolicies,
    ) -> None:
        self._table = table
        self._as_of = as_of
        self._everything = everything
        self._listeners = listeners
        self._policies = policies
        self._changed_policies: dict[str, DeliveryPolicy | None] = {}
        self._replay = Replay(table, as_of=as_of)
        self._questions = RecordedQuestions(table.name, policies)
        self._what_if = WhatIf()
        self._counts = _Counts()

    def ask(self, questions: Sequence[Recorded]) -> None:
        """Take single questions: there is no delivery behind them."""
        self._counts.decisions += len(questions)
        for change in self._replay.over(questions):
            self._tell(change, None)

    def take(self, rows: Sequence[DecisionRow]) -> None:
        """Take decisions."""
        self._counts.decisions += len(rows)
        changes = [*self._replay.over(self._questions.of(rows))]
        changed = {change.communication_id for change in changes}
        anew: dict[CommunicationId, Rerouted | None] = {
            row.communication_id: self._decide(row)
            for row in (rows if self._everything or changed else ())
            if self._everything or row.communication_id in changed
        }
        for change in changes:
            self._tell(change, anew.get(change.communication_id))

    def set_aside(self, lines: Iterable[SetAside]) -> None:
        for line in lines:
            self._counts.set_aside += 1
            if len(self._counts.set_aside_lines) < MOST_SET_ASIDE:
                self._counts.set_aside_lines.append(line)

    def report_progress(self) -> None:
        if self._listeners.progress is not None:
            self._listeners.progress(self._counts.decisions)

    def report(self) -> ReplayReport:
        found = self._what_if.consequences()
        return ReplayReport(
            table=self._table.name,
            table_sha256=self._table.sha256,
            decisions=self._counts.decisions,
            matrix=self._replay.matrix(),
            consequences=found if found.decided else None,
            not_asked=self._questions.not_asked,
            erased=self._questions.erased,
            without_policy=self._counts.without_policy,
            set_aside=self._counts.set_aside,
            set_aside_lines=tuple(self._counts.set_aside_lines),
            changed_past_us=self._questions.changed,
            changed_past_us_examples=tuple(self._questions.changed_examples),
            unreadable=self._questions.unreadable,
            unreadable_examples=tuple(self._questions.unreadable_examples),
        )

    def _decide(self, row: DecisionRow) -> Rerouted | None:
        """Decide a delivery anew, where all that it was decided by is there."""
        if not row.has_its_facts:
            return None
        policy = self._policy(row.policy_sha256)
        try:
            facts, old = row.facts, row.outcome.plan
        except (DecodeError, RecursionError):
            self._counts.without_policy += 1
            return None
        if policy is None or facts is None:
            self._counts.without_policy += policy is None
            return None
        if self._as_of is not None:
            facts = replace(facts, day=self._as_of)
        return self._what_if.decide(row.communication_id, old, policy, facts)

    def _policy(self, sha256: str) -> DeliveryPolicy | None:
        """Return the policy of then with the changed table in it."""
        if sha256 not in self._changed_policies:
            of_then = self._policies[sha256]
            self._changed_policies[sha256] = None if of_then is None else with_table(of_then, self._table)
        return self._changed_policies[sha256]

    def _tell(self, change: Change, anew: Rerouted | None) -> None:
        if self._listeners.changed is None:
            return
        self._listeners.changed(
            ChangedDecision(
                communication_id=change.communication_id,
                customer=change.customer,
                day=change.day,
                old_row=change.old_row,
                new_row=change.new_row,
                reason=change.reason or (anew and anew.reason),
                old_channel=anew and anew.old_channel,
                new_channel=anew and anew.new_channel,
                old_cost=anew and anew.old_cost,
                new_cost=anew and anew.new_cost,
            )
        )


async def replay_recorded(
    pool: Pool,
    table: DecisionTable,
    span: Span,
    *,
    as_of: date | None = None,
    everything: bool = False,
    listeners: Listeners | None = None,
) -> ReplayReport:
    """Ask a changed table again what was asked and recorded, and decide the deliveries that change anew.

    Rows count as of each decision's own day, unless `as_of` names one. `everything` decides all deliveries anew.
    """
    policies = PastPolicies()
    run = _Run(table, as_of=as_of, everything=everything, listeners=listeners or Listeners(), policies=policies)
    async for page in _pages(pool, span, policies):
        run.take(page)
        run.report_progress()
    return run.report()


def replay_lines(
    file: IO[bytes],
    table: DecisionTable,
    *,
    against: DecisionTable | None = None,
    as_of: date | None = None,
    everything: bool = False,
    listeners: Listeners | None = None,
) -> ReplayReport:
    """Do the same over lines, see `decision_lines`; `against` is the table of then, for lines that do not have it."""
    policies = PastPolicies()
    run = _Run(table, as_of=as_of, everything=everything, listeners=listeners or Listeners(), policies=policies)
    for page in DecisionLines(file, policies, against=against).pages():
        run.ask(page.questions)
        run.take(page.decisions)
        run.set_aside(page.set_aside)
        run.report_progress()
    return run.report()


async def recorded_lines(pool: Pool, span: Span, *, table: str | None = None) -> AsyncIterator[bytes]:
    """Yield recorded decisions as lines, with the policies and tables behind them, or the questions to one table."""
    policies = PastPolicies()
    told: set[str] = set()
    questions = None if table is None else RecordedQuestions(table, policies)
    async for page in _pages(pool, span, policies):
        if questions is not None:
            yield b"".join(_question_lines(page, questions))
            continue
        for sha256 in {row.policy_sha256 for row in page} - told:
            told.add(sha256)
            policy = policies[sha256]
            if policy is not None:
                yield b"".join(written_policy(policy))
        yield b"".join(map(written, page))


def _question_lines(page: Sequence[DecisionRow], questions: RecordedQuestions) -> Iterator[bytes]:
    for row in page:
        for question in questions.of([row]):
            yield written_question(question, row.name)


async def _pages(pool: Pool, span: Span, policies: PastPolicies) -> AsyncIterator[Sequence[DecisionRow]]:
    async with reading(pool) as connection:
        pages = decisions.recorded(connection, since=span.since, until=span.until, names=span.communications)
        async for page in pages:
            await policies.learn(connection, {row.policy_sha256 for row in page})
            yield page
