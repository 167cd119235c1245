"""Replay of a time window: what its records ask for and did not get is made; what was made is left as it is."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from xconnector.domain.communication import State
from xconnector.execution.jobs import Jobs
from xconnector.operations.failures import Choice, Span, failures_of, start_again
from xconnector.postgres.connect import Connection, Pool, in_transaction, snapshot
from xconnector.project.judging_records import judge_record
from xconnector.project.model import Project
from xconnector.store import ledger, recorded
from xconnector.store.failures import OpenFailure
from xconnector.store.inbox import TakenRecord
from xconnector.store.recorded import MadeOf, Window


@dataclass(slots=True, kw_only=True)
class Replay:
    """What a replay does, or would do, while it goes on."""

    records: int = 0
    left: Counter[str] = field(default_factory=Counter[str])
    """Communications that are left as they are, by their state."""
    missing: Counter[str] = field(default_factory=Counter[str])
    """Communications that are made now, by their name."""
    reprocessed: int = 0
    """Failures that start again."""
    hopeless: int = 0
    """Records set aside that would be set aside again today, for the same reason: they are left."""
    unfit: int = 0
    """Records that fit no mapping or condition today either."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """Who wants a replay, and why."""

    actor: str
    reason: str
    again: bool = False
    """Whether what is hopeless starts again too."""


async def replay_window(
    pool: Pool, jobs: Jobs, project: Project, window: Window, *, order: Order | None, replay: Replay
) -> None:
    """Let what is missing of a window be made, and what failed start again, page by page; safe to be repeated.

    Without an order nothing is done: `replay` tells what would be.
    """
    async with snapshot(pool) as connection:
        async for page in recorded.pages(connection, window):
            await in_transaction(
                pool, lambda on, page=page: _replay(on, jobs, project, page, order=order, replay=replay)
            )


async def _replay(
    connection: Connection,
    jobs: Jobs,
    project: Project,
    page: Sequence[TakenRecord],
    *,
    order: Order | None,
    replay: Replay,
) -> None:
    ids = [record.record_id for record in page]
    made = await recorded.made_of(connection, ids)
    failed = await failures_of(connection, Choice(record_ids=tuple(ids)), Span(), limit=len(ids) * _MOST_OF_A_RECORD)
    aside = {one.record_id for one in failed if one.record_id is not None}
    lacking = [one for one in page if one.record_id not in aside and _lacks(project, one, made, replay)]
    if order is None or not order.again:
        failed = _with_hope(project, page, failed, replay)
    replay.records += len(page)
    replay.left.update(one.state for one in made if one.state != State.FAILED)
    if order is None:
        replay.reprocessed += len(failed)
        return
    now = datetime.now(UTC)
    replay.reprocessed += await start_again(connection, jobs, failed, actor=order.actor, reason=order.reason)
    asked = await recorded.ask_again(connection, [one.record_id for one in lacking], now)
    for batch_id in sorted({batch_id for _, batch_id in asked}):
        await jobs.defer(connection, "prepare", batch_id=batch_id)
    await ledger.append(
        connection,
        [
            ledger.Entry(
                at=now,
                batch_id=batch_id,
                record_id=record_id,
                event="asked again",
                actor=order.actor,
                detail={"reason": order.reason},
            )
            for record_id, batch_id in asked
        ],
    )


_MOST_OF_A_RECORD = 10
"""Open failures: one for each of the communications that it asked for."""


def _with_hope(
    project: Project, page: Sequence[TakenRecord], failed: Sequence[OpenFailure], replay: Replay
) -> list[OpenFailure]:
    """Return failures without those of records of which the same would be said again, and count these."""
    records = {one.record_id: one for one in page}
    hopeful: list[OpenFailure] = []
    for one in failed:
        record = None if one.record_id is None else records.get(one.record_id)
        if record is None or judge_record(project, record).error != one.reason:
            hopeful.append(one)
    replay.hopeless += len(failed) - len(hopeful)
    return hopeful


def _lacks(project: Project, record: TakenRecord, made: Sequence[MadeOf], replay: Replay) -> bool:
    """Say whether a record asks for something that was never made, and count what."""
    has = {one.name for one in made if one.record_id == record.record_id}
    judged = judge_record(project, record)
    replay.unfit += judged.error is not None
    lacking = [name for name in judged.communications if name not in has]
    replay.missing.update(lacking)
    return bool(lacking)
