"""receive: once per source key; the same key with another payload is refused and kept."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterable, Iterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import TypeAlias, TypeVar
from uuid import UUID

from xconnector.contract.errors import PermanentError, TransientError
from xconnector.contract.run_file import RunFile
from xconnector.contract.source import ControlTotals, ControlTotalsMismatchError, RunSource, confirm_totals
from xconnector.domain.event import BadRecord, RecordFate, SourceRecord
from xconnector.domain.failure import Failure, FailureKind
from xconnector.execution.jobs import Priority
from xconnector.pipeline.arriving import arrival_of, read_as_told, without_breach
from xconnector.pipeline.freshness import refuse_run_of_stale
from xconnector.pipeline.stopping_feeds import stop_before_run, stop_where_broken
from xconnector.pipeline.workplace import Workplace
from xconnector.postgres.connect import Connection, in_transaction, reading, transaction
from xconnector.project.model import Feed
from xconnector.store import failures, feed_states, inbox, ledger, runs
from xconnector.store.inbox import Arrival, Received
from xconnector.store.runs import Run

BATCH_SIZE = 500
"""Records of a run that move together."""
HELD_BY_THE_DEAD = timedelta(seconds=3)
"""How long the database may take to notice that the program which held a file was killed."""

T = TypeVar("T")
Fed: TypeAlias = tuple[SourceRecord | BadRecord, Feed | None]
"""A record with its feed; without one, the type of the event tells which it is."""


async def receive(
    place: Workplace,
    records: Sequence[SourceRecord | BadRecord],
    *,
    feed: Feed | None,
    run_id: UUID | None = None,
    priority: Priority = Priority.ONE_OFF,
) -> list[Received]:
    """Take records in as one batch and let the main path begin; durable when this returns.

    Returns how the intake of each ended, in order.
    """

    async def write(connection: Connection) -> list[Received]:
        return await receive_within(place, connection, records, feed=feed, run_id=run_id, priority=priority)

    return await in_transaction(place.pool, write)


async def receive_within(
    place: Workplace,
    connection: Connection,
    records: Sequence[SourceRecord | BadRecord],
    *,
    feed: Feed | None,
    run_id: UUID | None = None,
    priority: Priority = Priority.ONE_OFF,
) -> list[Received]:
    """Take records in as one batch, in the caller's transaction: they are in exactly if what else it writes is.

    Returns how the intake of each ended, in order.
    """
    return await _take_in(place, connection, [(record, feed) for record in records], run_id, priority)


async def receive_fed(place: Workplace, fed: Sequence[Fed]) -> list[Received]:
    """Take single records in as one batch, each for its own feed; durable when this returns, else as `receive`."""

    async def write(connection: Connection) -> list[Received]:
        return await _take_in(place, connection, fed, None, Priority.ONE_OFF)

    return await in_transaction(place.pool, write)


async def _take_in(
    place: Workplace, connection: Connection, fed: Sequence[Fed], run_id: UUID | None, priority: Priority
) -> list[Received]:
    fed = [(read_as_told(record, feed), feed) for record, feed in fed]
    arrivals = [arrival_of(place.project, record, feed) for record, feed in fed]
    now = place.now()
    batch_id = await runs.open_batch(connection, run_id=run_id, priority=priority, now=now)
    halted = await feed_states.paused(connection, list({one.feed for one in arrivals if one.feed}))
    # What a stopped feed sends waits, whether it keeps its contract or not: that may be what is mended meanwhile.
    arrivals = [without_breach(one) if one.feed in halted else one for one in arrivals]
    received = await inbox.receive(connection, batch_id, arrivals, now, is_run=run_id is not None)
    await ledger.append(
        connection,
        [
            _entry(row, record, batch_id, now)
            for row, (record, _) in zip(received, fed, strict=True)
            if not row.came_before
        ],
    )
    stopped = [
        failures.Stopped(batch_id=batch_id, record_id=row.record_id, failure=failure)
        for row in received
        if not row.came_before and (failure := _failure(row)) is not None
    ]
    await failures.remember(connection, stopped, now)
    taken_of = {one.feed for one, row in zip(arrivals, received, strict=True) if row.fate is RecordFate.TAKEN}
    await feed_states.hold(connection, batch_id, sorted(halted & taken_of), now)
    if taken_of - halted:
        await place.jobs.defer(connection, "prepare", priority=priority, batch_id=batch_id)
    if run_id is None:
        await stop_where_broken(place, connection, _broken_by(arrivals, received), now)
    return received


def _broken_by(arrivals: Sequence[Arrival], received: Sequence[Received]) -> set[str]:
    """Return the feeds whose contract some of these arrivals broke."""
    return {
        one.feed
        for one, row in zip(arrivals, received, strict=True)
        if one.feed and one.data is not None and row.fate is RecordFate.SET_ASIDE and not row.came_before
    }


def _entry(row: Received, record: SourceRecord | BadRecord, batch_id: int, now: datetime) -> ledger.Entry:
    return ledger.Entry(
        at=now,
        batch_id=batch_id,
        record_id=row.record_id,
        event="received",
        actor=record.handed_in_by if isinstance(record, SourceRecord) else None,
        detail={
            "fate": row.fate,
            "sha256": row.sha256,
            "earlier_sha256": row.earlier_sha256,
            "reason": row.reason,
        },
    )


def _failure(row: Received) -> Failure | None:
    if row.fate is RecordFate.SET_ASIDE:
        return Failure(stage="receive", kind=FailureKind.INPUT, reason=row.reason or "")
    if row.fate is RecordFate.REFUSED:
        what = "under another type" if row.sha256 == row.earlier_sha256 else "with another payload"
        reason = (
            f"this key was taken {what}: first SHA-256 {row.earlier_sha256}, now {row.sha256}; "
            "send a correction under a key of its own"
        )
        return Failure(stage="receive", kind=FailureKind.INPUT, reason=reason)
    return None


# ---------------------------------------------------------------- runs


async def receive_run(
    place: Workplace,
    feed: Feed,
    path: Path,
    *,
    batch_size: int = BATCH_SIZE,
    progress: Callable[[int, int], None] | None = None,
) -> Run:
    """Take in a file as a run, and return the run once all its records are in.

    The control totals are checked before anything is made, and so is what the feed's source promised: where that does
    not hold, the feed is stopped, and the run is taken in and waits until people let the feed go on. An interrupted
    intake of the same file is taken up where it stopped; until its last record is in, the run is not sealed and does
    not close. `progress` is told records done and records in all.

    Raises ControlTotalsMismatchError, or one of the contract errors when the file as a whole cannot be read, is
    changed meanwhile, or another program is taking it in.
    """
    assert feed.connection is not None, "only a feed with a connection reads files"
    await refuse_run_of_stale(place, feed)
    source = await place.connections.run_source(feed.connection)
    file = await asyncio.to_thread(RunFile, path)
    counted = await asyncio.to_thread(source.totals, path)
    declared = await asyncio.to_thread(source.declared, path)
    if declared is not None:
        try:
            confirm_totals(path, declared, counted)
        except ControlTotalsMismatchError as error:
            bad = await asyncio.to_thread(_first_bad_record, source, path, feed)
            raise ControlTotalsMismatchError(f"{error}{bad}") from None
    await asyncio.to_thread(file.prove_unchanged)
    async with _alone_with(place, path, file.sha256):
        if not await _is_interrupted(place, feed, file):
            await stop_before_run(place, feed, lambda: _records_of(source, path, feed))
        run, done = await _start(place, feed, file, counted, declared)
        rest = islice(source.read(path, source=feed.name, event_type=feed.event), done, None)
        for records in _chunks(rest, batch_size):
            await asyncio.to_thread(file.prove_unchanged)
            await receive(place, records, feed=feed, run_id=run.run_id, priority=Priority.BULK)
            done += len(records)
            if progress is not None:
                progress(done, counted.records)
        _prove_whole(run, done)
        await asyncio.to_thread(file.prove_unchanged, by_digest=True)
        async with transaction(place.pool) as connection:
            await runs.seal(connection, run.run_id, records_read=done, now=place.now())
            sealed = await runs.find(connection, run.name)
    return sealed or run


@asynccontextmanager
async def _alone_with(place: Workplace, path: Path, digest: str) -> AsyncGenerator[None]:
    """Keep other programs from taking this very file in for the block.

    Raises TransientError when another one is at it, after a while in which the lock of one that was killed ends.
    """
    gives_up_at = place.now() + HELD_BY_THE_DEAD
    while True:
        async with place.locks.hold(f"intake:{digest}") as held:
            if held is not None:
                yield
                return
        if place.now() > gives_up_at:
            raise TransientError(f"{path.name} is being taken in by another program; `xconnector status` shows its run")
        await asyncio.sleep(0.1)


def _first_bad_record(source: RunSource, path: Path, feed: Feed) -> str:
    """Tell of the first record that cannot be read: more often than the totals, it is what is wrong."""
    for record in source.read(path, source=feed.name, event_type=feed.event):
        if isinstance(record, BadRecord):
            return f" The first record that cannot be read is number {record.position}: {record.reason}"
    return ""


def _records_of(source: RunSource, path: Path, feed: Feed) -> Iterator[SourceRecord | BadRecord]:
    return (read_as_told(one, feed) for one in source.read(path, source=feed.name, event_type=feed.event))


async def _is_interrupted(place: Workplace, feed: Feed, file: RunFile) -> bool:
    async with reading(place.pool) as connection:
        return await runs.unsealed(connection, feed=feed.name, file_sha256=file.sha256) is not None


async def _start(
    place: Workplace, feed: Feed, file: RunFile, counted: ControlTotals, declared: ControlTotals | None
) -> tuple[Run, int]:
    """Begin a run, or take up the interrupted one of this very file; returns it with the records already in.

    Raises PermanentError when other records are read of the file now than when its run began.
    """
    async with transaction(place.pool) as connection:
        interrupted = await runs.unsealed(connection, feed=feed.name, file_sha256=file.sha256)
        if interrupted is not None:
            if interrupted.expected != counted.records:
                raise PermanentError(
                    f"{file.path.name}: {interrupted.expected} records were counted when run {interrupted.name} began, "
                    f"{counted.records} now; let connection {feed.connection} read it as it did then"
                )
            return interrupted, await runs.count_records(connection, interrupted.run_id)
        now, run_id = place.now(), place.new_id()
        run = Run(
            run_id=run_id,
            # Two runs may begin in the same second.
            name=f"{feed.name}-{now:%Y%m%d-%H%M%S}-{run_id.hex[-4:]}",
            feed=feed.name,
            file_name=file.path.name,
            file_sha256=file.sha256,
            project_sha256=place.project.content_sha256,
            expected=counted.records,
            declared=declared.records if declared is not None else None,
            records_read=None,
            started_at=now,
            sealed_at=None,
        )
        await runs.start(connection, run)
        return run, 0


def _prove_whole(run: Run, done: int) -> None:
    """Raise PermanentError unless as many records are in as were counted."""
    if done != run.expected:
        raise PermanentError(
            f"run {run.name} stays open: {run.expected} records were counted in {run.file_name}, {done} are in; "
            "this is a defect of the connector that reads it: report it"
        )


def _chunks(items: Iterable[T], size: int) -> Iterator[list[T]]:
    iterator = iter(items)
    while chunk := list(islice(iterator, size)):
        yield chunk
