"""Communications: their states, their frozen assembly, and the moves between stages."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from uuid import UUID

import msgspec

from xconnector.domain.communication import State, may_move
from xconnector.postgres.connect import Connection, copy_rows
from xconnector.postgres.queries import Queries
from xconnector.store.rows import fetch_all, fetch_one, to_json

_QUERIES = Queries.load("xconnector.store", "communications.sql")
_ID_DIGITS = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """A communication as the first three stages leave it: decided, suppressed or failed."""

    communication_id: UUID
    batch_id: int
    record_id: int
    name: str
    customer_key: str
    state: State
    plan: tuple[str, ...] = ()
    """Connections in order."""


class HopTerms(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What was decided of one hop, beside its connection."""

    wait: timedelta | None = None
    """How long it may stay unseen before the next hop is taken."""
    proof: str | None = None
    """The proof of mailing that is asked of the post."""


class Terms(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What was decided of a communication, beside the order of its channels."""

    hops: tuple[HopTerms, ...] = ()
    """In the order of the plan."""
    record_class: str = ""
    print_options: Mapping[str, str] = {}
    is_mandatory: bool = False
    """Whether a law wants it sent."""
    leave_by: date | None = None
    """The last day on which it must be on its way, where a law says one."""

    def of_hop(self, hop: int) -> HopTerms:
        """Return what was decided of a hop, by its index."""
        return self.hops[hop] if hop < len(self.hops) else HopTerms()


_terms = msgspec.json.Decoder(Terms)


@dataclass(frozen=True, slots=True, kw_only=True)
class Assembly:
    """The frozen snapshot a communication is made of. JSON as text."""

    communication_id: UUID
    title: str
    language: str
    issued_at: datetime
    recipient: str = field(repr=False)
    sort_key: str = field(repr=False)
    data: str = field(repr=False)
    review_role: str | None
    terms: str
    """`Terms`."""
    project_sha256: str


async def remember(connection: Connection, decided: Sequence[Decided], now: datetime) -> None:
    """Write communications, new ones and those that were triggered again."""
    if not decided:
        return
    await connection.execute(
        _QUERIES.remember,
        {
            "ids": [row.communication_id for row in decided],
            "batches": [row.batch_id for row in decided],
            "records": [row.record_id for row in decided],
            "names": [row.name for row in decided],
            "customers": [row.customer_key for row in decided],
            "states": [row.state for row in decided],
            "plans": [",".join(row.plan) for row in decided],
            "now": now,
        },
    )


async def freeze(connection: Connection, assemblies: Sequence[Assembly]) -> None:
    """Keep the snapshots that communications are made of."""
    await copy_rows(
        connection,
        _QUERIES.freeze,
        [
            (
                row.communication_id,
                row.title,
                row.language,
                row.issued_at,
                row.recipient,
                row.sort_key,
                row.data,
                row.review_role,
                row.terms,
                row.project_sha256,
            )
            for row in assemblies
        ],
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Triggered:
    """A communication that waits for its data and its route again."""

    communication_id: UUID
    record_id: int
    name: str


async def triggered(connection: Connection, batch_id: int) -> list[Triggered]:
    """Return the batch's communications that wait to be assembled again."""
    return await fetch_all(connection, Triggered, _QUERIES.triggered, batch_id=batch_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """A communication with what its next stage needs to know of it."""

    communication_id: UUID
    batch_id: int
    name: str
    hop: int
    plan: list[str]
    attempts: int
    customer_key: str
    title: str
    language: str
    issued_at: datetime
    recipient: str = field(repr=False)
    """JSON text."""
    review_role: str | None
    terms: str
    """JSON text."""

    @property
    def agreed(self) -> Terms:
        """What was decided beside the order of the channels."""
        return _terms.decode(self.terms)

    @property
    def connection(self) -> str | None:
        """The connection of the present hop, or None when the plan is used up."""
        return self.plan[self.hop] if self.hop < len(self.plan) else None


async def in_state(
    connection: Connection, batch_id: int, state: State, *, hop_connection: str | None = None
) -> list[Standing]:
    """Return the batch's communications in a state, optionally only those whose present hop is this connection."""
    return await fetch_all(
        connection, Standing, _QUERIES.in_state, batch_id=batch_id, state=state, hop_connection=hop_connection
    )


async def claim(connection: Connection, ids: Sequence[UUID], *, state: State) -> set[UUID]:
    """Hold those that are in a state until the transaction ends, and return which they are.

    In the order of their identities, in which everybody locks communications.
    """
    cursor = await connection.execute(_QUERIES.claim, {"ids": sorted(ids), "state": state})
    return {row[0] for row in await cursor.fetchall()}


async def standings(connection: Connection, ids: Sequence[UUID], *, state: State) -> list[Standing]:
    """Return those of these communications that are in a state."""
    return await fetch_all(connection, Standing, _QUERIES.standings, ids=list(ids), state=state)


async def contents(connection: Connection, ids: Sequence[UUID]) -> dict[UUID, str]:
    """Return what the templates of these communications get, as JSON text."""
    cursor = await connection.execute(_QUERIES.contents, {"ids": list(ids)})
    return {row[0]: str(row[1]) for row in await cursor.fetchall()}


async def move(
    connection: Connection,
    ids: Sequence[UUID],
    *,
    origin: State,
    target: State,
    now: datetime,
    keep_attempts: bool = False,
) -> set[UUID]:
    """Move those that are in the origin state, and return which were: exactly one mover gets each.

    A move begins a new stage with no attempts, unless it only tries the present one again.
    """
    assert origin is target or may_move(origin, target), f"no communication moves from {origin} to {target}"
    if not ids:
        return set()
    cursor = await connection.execute(
        _QUERIES.move,
        {"ids": sorted(ids), "origin": origin, "target": target, "now": now, "keep_attempts": keep_attempts},
    )
    return {row[0] for row in await cursor.fetchall()}


async def move_composed(
    connection: Connection, documents: Sequence[tuple[UUID, str]], *, origin: State, target: State, now: datetime
) -> set[UUID]:
    """Move communications on with the digest of what was composed, and return which were in the origin state."""
    if not documents:
        return set()
    ids, digests = zip(*sorted(documents), strict=True)
    cursor = await connection.execute(
        _QUERIES.move_composed,
        {"ids": list(ids), "digests": list(digests), "origin": origin, "target": target, "now": now},
    )
    return {row[0] for row in await cursor.fetchall()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Hopped:
    """Where a communication stands after its plan was asked for the next hop."""

    communication_id: UUID
    batch_id: int
    hop: int
    connection: str | None


async def next_hop(connection: Connection, ids: Sequence[UUID], *, origin: State, now: datetime) -> list[Hopped]:
    """Take the next hop of each plan and return where each stands; past the end there is no connection.

    Those with a next connection are archived again (kept, and waiting for it); the others stay.
    """
    return await fetch_all(connection, Hopped, _QUERIES.next_hop, ids=sorted(ids), origin=origin, now=now)


@dataclass(frozen=True, slots=True, kw_only=True)
class Replanned:
    """A communication whose plan was decided anew before it was handed over."""

    communication_id: UUID
    plan: tuple[str, ...]
    """All connections, those of hops that are behind it included."""
    terms: Terms


async def replan(connection: Connection, replanned: Sequence[Replanned]) -> None:
    """Give communications that the caller has claimed another plan; the hop at which they stand is the same."""
    if not replanned:
        return
    await connection.execute(
        _QUERIES.replan,
        {
            "ids": [row.communication_id for row in replanned],
            "plans": [",".join(row.plan) for row in replanned],
            "terms": [to_json(row.terms) for row in replanned],
        },
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Unseen:
    """A communication that a channel has for longer than it may stay unseen there."""

    communication_id: UUID
    state: str
    wait: timedelta


async def unseen(connection: Connection, batch_id: int, *, hop_connection: str, now: datetime) -> list[Unseen]:
    """Return what nobody looked at in its time, as far as was reported, of those that have a next hop."""
    return await fetch_all(
        connection, Unseen, _QUERIES.unseen, batch_id=batch_id, hop_connection=hop_connection, now=now
    )


async def open_with_wait(connection: Connection, batch_id: int, *, hop_connection: str) -> bool:
    """Say whether something is at a channel whose outcome is not known yet and that must be seen in its time."""
    cursor = await connection.execute(_QUERIES.open_with_wait, {"batch_id": batch_id, "hop_connection": hop_connection})
    return await cursor.fetchone() is not None


async def retry_at(connection: Connection, later: Sequence[tuple[UUID, datetime, bool]]) -> None:
    """Let communications wait in their state until their time, as (id, time, whether an attempt is to be counted)."""
    if not later:
        return
    ids, times, attempts = zip(*sorted(later), strict=True)
    await connection.execute(
        _QUERIES.retry_at, {"ids": list(ids), "times": list(times), "attempts": [int(counts) for counts in attempts]}
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A communication as a person looks at it."""

    communication_id: UUID
    batch_id: int
    record_id: int
    name: str
    customer_key: str
    state: str
    hop: int
    plan: list[str]
    document_sha256: str | None
    moved_at: datetime
    run_name: str | None
    title: str | None
    language: str | None
    source: str
    source_key: str


async def find(connection: Connection, words: str) -> list[Found]:
    """Return up to two communications that were made of this source key, else whose id begins like this."""
    digits = words.replace("-", "").lower()
    is_prefix = 0 < len(digits) <= _ID_DIGITS and set(digits) <= set("0123456789abcdef")
    found = await fetch_all(
        connection,
        Found,
        _QUERIES.find,
        first=UUID(digits.ljust(_ID_DIGITS, "0")) if is_prefix else None,
        last=UUID(digits.ljust(_ID_DIGITS, "f")) if is_prefix else None,
        source_key=words,
    )
    return [row for row in found if row.source_key == words] or found


async def assembly(connection: Connection, communication_id: UUID) -> Assembly | None:
    """Return the snapshot a communication is made of, or None when it never got so far."""
    return await fetch_one(connection, Assembly, _QUERIES.assembly, communication_id=communication_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class StateCount:
    """How many communications of one kind are in one state."""

    name: str
    state: str
    number: int


async def count(connection: Connection) -> list[StateCount]:
    """Count communications by name and state."""
    return await fetch_all(connection, StateCount, _QUERIES.count)


async def stand_at_last_hop(connection: Connection, ids: Sequence[UUID]) -> list[tuple[int, str]]:
    """Let communications whose plan is used up stand at its last hop again.

    Returns the batches and connections where hand-overs of them are due now, each pair once.
    """
    cursor = await connection.execute(_QUERIES.stand_at_last_hop, {"ids": list(ids)})
    return sorted({(int(row[0]), str(row[1])) for row in await cursor.fetchall()})


async def ids_in_state(
    connection: Connection,
    batch_id: int,
    state: State,
    *,
    hop_connection: str | None = None,
    moved_before: datetime | None = None,
) -> list[UUID]:
    """Return the ids of the batch's communications in a state, assembled or not, optionally since before a time."""
    cursor = await connection.execute(
        _QUERIES.ids_in_state,
        {"batch_id": batch_id, "state": state, "hop_connection": hop_connection, "moved_before": moved_before},
    )
    return [row[0] for row in await cursor.fetchall()]


async def document_digests(connection: Connection, ids: Sequence[UUID]) -> dict[UUID, str | None]:
    """Return the digest of the document of each communication, as it was composed and released."""
    cursor = await connection.execute(_QUERIES.document_digests, {"ids": list(ids)})
    return {row[0]: row[1] for row in await cursor.fetchall()}
