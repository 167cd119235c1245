"""Recorded decisions: which rows of which tables decided about a delivery, on which facts, and what came of it.

They stand beside the ledger, not in it: facts are customer content that can be erased, while their digest stays.
"""

import hashlib
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from uuid import UUID

from msgspec import Struct
from msgspec.json import Encoder
from msgspec.structs import replace

from xconnector.domain.decision.deciding import DecisionError
from xconnector.domain.routing.checks import Obligation
from xconnector.domain.routing.policy import DeliveryDecision, DeliveryPolicy, Facts, Step
from xconnector.postgres.connect import Connection, copy_rows
from xconnector.postgres.queries import Queries
from xconnector.store.decision_text import (
    KeptOutcome,
    facts_bytes,
    facts_of,
    failed_text,
    outcome_of,
    outcome_text,
    rows_of,
    rows_text,
    unanswered_text,
)
from xconnector.store.rows import fetch_all

_QUERIES = Queries.load("xconnector.store", "decisions.sql")
_digested = Encoder()
_PAGE = 2000
_NEVER_AFTER = datetime(9999, 12, 31, tzinfo=UTC)
_EVER_SINCE = datetime(1, 1, 1, tzinfo=UTC)
_FIRST_ID = UUID(int=0)


class DecisionRow(Struct, frozen=True, gc=False):
    """What is kept of one communication on one occasion. JSON as text, so that a million are read without all of it.

    A struct for the reason that `ledger.Entry` is one, and of no interest to the garbage collector, since it refers to
    nothing that could refer to it. Its fields are the columns, in their order.
    """

    communication_id: UUID
    occasion: int
    """0 when it was decided first; from 1 again, before hand-overs."""
    decided_at: datetime
    day: date
    """As of which rows of the tables counted."""
    name: str
    """Of the communication."""
    customer_key: str
    policy_sha256: str
    rows_text: str
    outcome_text: str
    facts_text: str | None
    """None when they were erased."""
    facts_sha256: str

    def __repr__(self) -> str:
        return f"DecisionRow(communication_id={self.communication_id}, occasion={self.occasion})"

    @property
    def sha256(self) -> str:
        """Digest over the whole row, for the ledger. Facts are in it by theirs, so that it outlives their erasure."""
        told = (
            str(self.communication_id),
            self.occasion,
            self.decided_at.astimezone(UTC).isoformat(),
            self.day.isoformat(),
            self.name,
            self.customer_key,
            self.policy_sha256,
            self.rows_text,
            self.outcome_text,
            self.facts_sha256,
        )
        return hashlib.sha256(_digested.encode(told)).hexdigest()

    @property
    def has_its_facts(self) -> bool:
        """Whether facts that are there are those of their digest."""
        return self.facts_text is None or hashlib.sha256(self.facts_text.encode()).hexdigest() == self.facts_sha256

    @property
    def rows(self) -> Mapping[str, str]:
        """Which row answered, by place: `spelled_place`; `NO_ROW` where none did."""
        return rows_of(self.rows_text)

    @property
    def outcome(self) -> KeptOutcome:
        return outcome_of(self.outcome_text)

    @property
    def facts(self) -> Facts | None:
        """What the tables saw; None when it was erased."""
        return None if self.facts_text is None else facts_of(self.facts_text, day=self.day)


def decided(
    communication_id: UUID,
    facts: Facts,
    decision: DeliveryDecision,
    *,
    name: str,
    customer_key: str,
    policy_sha256: str,
    at: datetime,
    beside: Sequence[Step] = (),
) -> DecisionRow:
    """Return what is to be kept of a decision; `beside` are steps of tables that decided nothing of the delivery."""
    said = rows_text((*decision.steps, *beside)), outcome_text(decision)
    return _row(communication_id, facts, said, name=name, customer_key=customer_key, policy_sha256=policy_sha256, at=at)


def undecided(
    communication_id: UUID,
    facts: Facts,
    error: DecisionError,
    obligation: Obligation,
    *,
    name: str,
    customer_key: str,
    policy_sha256: str,
    at: datetime,
) -> DecisionRow:
    """Return what is to be kept of what could not be decided, so that a mended table can be asked the same again."""
    said = unanswered_text(error), failed_text(error, obligation)
    return _row(communication_id, facts, said, name=name, customer_key=customer_key, policy_sha256=policy_sha256, at=at)


def _row(
    communication_id: UUID,
    facts: Facts,
    said: tuple[str, str],
    *,
    name: str,
    customer_key: str,
    policy_sha256: str,
    at: datetime,
) -> DecisionRow:
    """Return what is kept; `said` are rows and outcome as text."""
    seen = facts_bytes(facts)
    return DecisionRow(
        communication_id=communication_id,
        occasion=0,
        decided_at=at,
        day=facts.day,
        name=name,
        customer_key=customer_key,
        policy_sha256=policy_sha256,
        rows_text=said[0],
        outcome_text=said[1],
        facts_text=seen.decode(),
        facts_sha256=hashlib.sha256(seen).hexdigest(),
    )


async def remember_policies(connection: Connection, kept: Iterable[DeliveryPolicy]) -> None:
    """Keep which tables stand behind which check, unless that is known; the tables themselves are in `tables`."""
    # By digest, so that workers that keep the same ones at once wait for each other in one order.
    contents = sorted({policy.sha256: policy.content for policy in kept}.items())
    if contents:
        digests, texts = zip(*contents, strict=True)
        await connection.execute(_QUERIES.remember_policies, {"digests": [*digests], "contents": [*texts]})


async def policies(connection: Connection, digests: Sequence[str]) -> dict[str, str]:
    """Return the contents of policies, `DeliveryPolicy.content`, by their digests; unknown ones are left out."""
    cursor = await connection.execute(_QUERIES.policies, {"digests": list(digests)})
    return {str(digest): str(content) for digest, content in await cursor.fetchall()}


async def remember(connection: Connection, rows: Sequence[DecisionRow]) -> None:
    """Keep decisions, in the caller's transaction. Each communication is decided once."""
    await copy_rows(
        connection,
        _QUERIES.remember,
        [
            (
                row.communication_id,
                row.occasion,
                row.decided_at,
                row.day,
                row.name,
                row.customer_key,
                row.policy_sha256,
                row.rows_text,
                row.outcome_text,
                row.facts_text,
                row.facts_sha256,
            )
            for row in rows
        ],
    )


async def remember_again(connection: Connection, rows: Sequence[DecisionRow]) -> Sequence[DecisionRow]:
    """Keep what was decided again, each as its communication's next occasion; returns those that were kept.

    One that came to the same by the same rows on the same facts says nothing new and is not kept. The communications
    must be claimed by the caller's transaction.
    """
    known = await latest(connection, [row.communication_id for row in rows])
    new = [row for row in rows if not _says_the_same(row, known.get(row.communication_id))]
    kept = [replace(row, occasion=_occasion_after(known.get(row.communication_id))) for row in new]
    await remember(connection, kept)
    return kept


def _says_the_same(row: DecisionRow, last: "LatestDecision | None") -> bool:
    if last is None:
        return False
    now = (row.facts_sha256, row.policy_sha256, row.rows_text, row.outcome_text)
    return now == (last.facts_sha256, last.policy_sha256, last.rows_text, last.outcome_text)


def _occasion_after(last: "LatestDecision | None") -> int:
    return 0 if last is None else last.occasion + 1


@dataclass(frozen=True, slots=True, kw_only=True)
class LatestDecision:
    """What was decided of a communication last, and whether it could be otherwise by now."""

    communication_id: UUID
    occasion: int
    day: date
    policy_sha256: str
    rows_text: str
    outcome_text: str
    facts_text: str | None = field(repr=False)
    """None when they were erased."""
    facts_sha256: str
    has_news: bool
    """Whether anything was said of the customer since."""

    @property
    def facts(self) -> Facts | None:
        """What the tables saw; None when it was erased."""
        return None if self.facts_text is None else facts_of(self.facts_text, day=self.day)


async def with_news(connection: Connection, ids: Sequence[UUID]) -> set[UUID]:
    """Return the communications of whose customers something was said since they were decided last."""
    cursor = await connection.execute(_QUERIES.with_news, {"ids": list(ids)})
    return {row[0] for row in await cursor.fetchall()}


async def latest(connection: Connection, ids: Sequence[UUID]) -> dict[UUID, LatestDecision]:
    """Return of each communication the decision that was kept last."""
    rows = await fetch_all(connection, LatestDecision, _QUERIES.latest, ids=list(ids))
    return {row.communication_id: row for row in rows}


async def of_communication(connection: Connection, communication_id: UUID) -> list[DecisionRow]:
    """Return everything that was decided of a communication: first and again."""
    cursor = await connection.execute(_QUERIES.of_communication, {"communication_id": communication_id})
    return [DecisionRow(*columns) for columns in await cursor.fetchall()]


async def recorded(
    connection: Connection,
    *,
    since: datetime | None = None,
    until: datetime | None = None,
    names: Sequence[str] | None = None,
) -> AsyncIterator[Sequence[DecisionRow]]:
    """Yield the decisions of a time as they were made first, the later end excluded, oldest first and a page at a time.

    Each page is a statement of its own: reading a month keeps nobody else from anything.
    """
    after = (since or _EVER_SINCE, _FIRST_ID, -1)
    while True:
        cursor = await connection.execute(
            _QUERIES.recorded,
            {
                "after_at": after[0],
                "after_id": after[1],
                "after_occasion": after[2],
                "until": until or _NEVER_AFTER,
                "names": None if names is None else list(names),
                "most": _PAGE,
            },
        )
        page = [DecisionRow(*columns) for columns in await cursor.fetchall()]
        if page:
            yield page
        if len(page) < _PAGE:
            return
        last = page[-1]
        after = (last.decided_at, last.communication_id, last.occasion)
