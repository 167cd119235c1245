"""Submissions: orders that a composer makes as one job of its own, and what became of them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from xconnector.postgres.connect import Connection
from xconnector.postgres.queries import Queries
from xconnector.store.communications import Standing
from xconnector.store.rows import fetch_all, fetch_one, to_json

_QUERIES = Queries.load("xconnector.store", "submissions.sql")


class SubmissionState(StrEnum):
    """Where a submission stands."""

    GATHERED = "gathered"
    """Its orders are known; the composer has not got them."""
    SUBMITTING = "submitting"
    """Intended; the result is not recorded."""
    SUBMITTED = "submitted"
    """The composer is at work."""
    ENDED = "ended"
    """What became of every order is recorded."""
    REFUSED = "refused"
    """The composer would not take it."""
    UNKNOWN = "unknown"
    """Whether the composer has it could not be found out."""
    STUCK = "stuck"
    """The composer has it, and what became of it could not be found out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SubmissionRow:
    """A submission as it was recorded."""

    submission_key: str
    connection: str
    template: str
    run_id: UUID | None
    run_name: str | None
    state: str
    orders: int
    repeats: str | None
    attempts: int
    reference: str | None
    created_at: datetime
    submitted_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """Orders that wait for a submission: those of one run, or single ones."""

    template: str
    run_id: UUID | None
    run_name: str | None
    is_sealed: bool
    """Whether the run takes no more records."""
    orders: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Ordered(Standing):
    """A communication that is being composed, and its place in its submission."""

    position: int
    key: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Named(Ordered):
    """One that a result named."""

    is_awaited: bool
    """Whether this very result is still to be recorded."""


async def wait(
    connection: Connection,
    composer: str,
    template: str,
    run_id: UUID | None,
    orders: Sequence[tuple[UUID, str | None]],
) -> None:
    """Let orders, as (communication, key), wait for a submission."""
    ids, keys = zip(*orders, strict=True)
    await connection.execute(
        _QUERIES.wait,
        {"connection": composer, "template": template, "run_id": run_id, "ids": list(ids), "keys": list(keys)},
    )


async def waiting(connection: Connection, composer: str) -> list[Waiting]:
    """Return what waits for submissions of this composer, by template and run."""
    return await fetch_all(connection, Waiting, _QUERIES.waiting, composer=composer)


async def is_under_way(connection: Connection, run_id: UUID, names: Sequence[str]) -> bool:
    """Say whether more communications of these names may still be ordered by the run."""
    cursor = await connection.execute(_QUERIES.any_batch_under_way, {"run_id": run_id, "names": list(names)})
    return await cursor.fetchone() is not None


async def gather(
    connection: Connection,
    composer: str,
    *,
    submission_key: str,
    template: str,
    run_id: UUID | None,
    at_most: int,
    now: datetime,
) -> int:
    """Bind waiting orders to a new submission in the sequence of their ordering, and return how many they are."""
    parameters = {
        "submission_key": submission_key,
        "connection": composer,
        "template": template,
        "run_id": run_id,
        "at_most": at_most,
        "now": now,
    }
    await connection.execute(_QUERIES.open_submission, parameters)
    orders = (await connection.execute(_QUERIES.bind, parameters)).rowcount
    await connection.execute(_QUERIES.count_orders, {"submission_key": submission_key, "orders": orders})
    return orders


async def find(connection: Connection, submission_key: str) -> SubmissionRow | None:
    """Return a submission, or None."""
    return await fetch_one(connection, SubmissionRow, _QUERIES.find, submission_key=submission_key)


async def positions_before(connection: Connection, submission_key: str, earlier: str) -> tuple[int, ...]:
    """Return where the orders of a submission stood in an earlier one, in their present sequence."""
    cursor = await connection.execute(_QUERIES.positions_before, {"submission_key": submission_key, "earlier": earlier})
    return tuple(int(row[0]) for row in await cursor.fetchall())


async def set_state(
    connection: Connection,
    submission_key: str,
    *,
    origin: SubmissionState,
    target: SubmissionState,
    is_retry: bool = False,
) -> bool:
    """Move a submission on; False when it was not in the origin state. A retry goes on counting attempts."""
    cursor = await connection.execute(
        _QUERIES.set_state,
        {"submission_key": submission_key, "origin": origin, "target": target, "keep_attempts": is_retry},
    )
    return cursor.rowcount == 1


async def say(connection: Connection, submission_key: str, said: str, *, attempts: int) -> None:
    """Note how far a submission is, or why that is not known, and how often in a row that was asked in vain."""
    await connection.execute(_QUERIES.say, {"submission_key": submission_key, "said": said, "attempts": attempts})


async def count_awaited(connection: Connection, submission_key: str) -> int:
    """Count the orders of a submission that are being composed in it."""
    cursor = await connection.execute(_QUERIES.count_awaited, {"submission_key": submission_key})
    row = await cursor.fetchone()
    return int(row[0]) if row else 0


async def claim_jobs(connection: Connection, composer: str, submission_key: str, jobs: Iterable[str]) -> bool:
    """Claim a composer's jobs for a submission; False where another submission has one of them."""
    parameters = {"connection": composer, "submission_key": submission_key, "jobs": sorted(jobs)}
    await connection.execute(_QUERIES.claim_jobs, parameters)
    row = await (await connection.execute(_QUERIES.holds_all, parameters)).fetchone()
    return bool(row and row[0])


async def lock_row(connection: Connection, submission_key: str) -> None:
    """Let nobody else take a submission up before the transaction ends."""
    await connection.execute(_QUERIES.lock_row, {"submission_key": submission_key})


async def composers(connection: Connection) -> list[str]:
    """Return the connections for which orders wait."""
    cursor = await connection.execute(_QUERIES.composers)
    return [str(row[0]) for row in await cursor.fetchall()]


async def take_back(connection: Connection, composer: str, *, limit: int) -> list[tuple[UUID, int]]:
    """Take waiting orders of a composer back, and return their communications with their batches."""
    cursor = await connection.execute(_QUERIES.take_back, {"connection": composer, "limit": limit})
    return [(row[0], int(row[1])) for row in await cursor.fetchall()]


async def lock(connection: Connection, composer: str) -> None:
    """Let nobody else bind orders of a composer before the transaction ends."""
    await connection.execute(_QUERIES.lock, {"connection": composer})


async def set_submitted(
    connection: Connection, submission_key: str, *, reference: str, detail: Mapping[str, str], now: datetime
) -> bool:
    """Record that the composer has it; False when it was not being submitted."""
    cursor = await connection.execute(
        _QUERIES.set_submitted,
        {"submission_key": submission_key, "reference": reference, "detail": to_json(detail), "now": now},
    )
    return cursor.rowcount == 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """How many orders a submission's results made, and left."""

    composed: int
    left_out: int
    """Orders that no result named."""
    unasked: int
    """Results that named none of the orders."""
    detail: Mapping[str, str] = field(default_factory=dict[str, str])
    """What the composer told at the end: trace ids, return codes, counts of its own."""


async def set_ended(connection: Connection, submission_key: str, tally: Tally, now: datetime) -> None:
    """Record that what became of every order is recorded."""
    await connection.execute(
        _QUERIES.set_ended,
        {
            "submission_key": submission_key,
            "composed": tally.composed,
            "left_out": tally.left_out,
            "unasked": tally.unasked,
            "detail": to_json(tally.detail),
            "now": now,
        },
    )


async def tell(
    connection: Connection, submission_key: str, event: str, detail: Mapping[str, object], now: datetime
) -> None:
    """Append the same entry to the ledger for each order that is being composed."""
    await connection.execute(
        _QUERIES.tell, {"submission_key": submission_key, "event": event, "detail": to_json(detail), "now": now}
    )


async def page(connection: Connection, submission_key: str, *, after: int, limit: int) -> list[Ordered]:
    """Return orders that are being composed behind a position, in their sequence."""
    return await fetch_all(connection, Ordered, _QUERIES.page, submission_key=submission_key, after=after, limit=limit)


async def named(connection: Connection, submission_key: str, names: Sequence[str | int]) -> dict[str | int, Named]:
    """Return the orders that results name by key or position; what names none of the submission's is missing."""
    keys = [name for name in names if isinstance(name, str)]
    positions = [name for name in names if isinstance(name, int)]
    rows = await fetch_all(
        connection, Named, _QUERIES.named, submission_key=submission_key, keys=keys, positions=positions
    )
    by_position: dict[str | int, Named] = {row.position: row for row in rows}
    by_key: dict[str | int, Named] = {row.key: row for row in rows if row.key is not None}
    return by_position | by_key


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptSubmission:
    """A submission, as a person looks at it."""

    submission_key: str
    connection: str
    template: str
    state: str
    orders: int
    composed: int | None
    left_out: int | None
    unasked: int | None
    said: str | None
    """How far it is, or why that is not known."""
    detail: Mapping[str, str]
    """The composer's own names for its job, and what it told at the end."""
    created_at: datetime
    submitted_at: datetime | None
    ended_at: datetime | None

    @property
    def failed(self) -> int | None:
        """Orders whose result was of no use; None before the end."""
        if self.composed is None or self.left_out is None:
            return None
        return self.orders - self.composed - self.left_out


async def of_run(connection: Connection, run_id: UUID) -> list[KeptSubmission]:
    """Return the submissions of a run, oldest first."""
    return await fetch_all(connection, KeptSubmission, _QUERIES.of_run, run_id=run_id)


async def under_way(connection: Connection, *, limit: int) -> list[KeptSubmission]:
    """Return submissions that have not ended, oldest first, those of single events too."""
    return await fetch_all(connection, KeptSubmission, _QUERIES.under_way, limit=limit)


async def reopen_latest(connection: Connection, ids: Sequence[UUID]) -> list[tuple[str, SubmissionState]]:
    """Take the latest submissions of these communications up again, and return each with the state it is in now.

    That is `submitting` where it is to be found out whether the composer has it, else `submitted`.
    """
    cursor = await connection.execute(_QUERIES.latest_of, {"ids": list(ids)})
    keys = sorted({str(row[0]) for row in await cursor.fetchall()})
    cursor = await connection.execute(_QUERIES.reopen, {"keys": keys})
    return [(str(row[0]), SubmissionState(row[1])) for row in await cursor.fetchall()]
