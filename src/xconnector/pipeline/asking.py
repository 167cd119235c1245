"""asking: whether what is asked for begins now, waits, or is not made; of kinds whose triggers say more than an event.

Whoever judges holds the keys of what is judged, so that no two transactions judge the same without each other.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from xconnector.domain.communication import State
from xconnector.domain.trigger.book import Ask, Book, Heard, Stand, WaitsFor
from xconnector.domain.trigger.judging import Begin, End, Ending, Judged, Verdict, Wait, judge
from xconnector.domain.trigger.rules import TriggerRules, Urgency
from xconnector.execution.jobs import Priority
from xconnector.execution.waits import Wait as RowWithDueTime
from xconnector.execution.waits import wait_until
from xconnector.pipeline import failing
from xconnector.pipeline.countering import cancel_countered
from xconnector.pipeline.following_customers import follow_customers
from xconnector.pipeline.verdict_told import BEGIN, detail_of, event_of, failure_of, state_after
from xconnector.pipeline.workplace import Workplace
from xconnector.postgres.connect import Connection
from xconnector.store import asks, communications, counters, customer_asks, failures, ledger
from xconnector.store.asks import KeptAsk
from xconnector.store.communications import Decided
from xconnector.store.counters import Countered
from xconnector.store.failures import Stopped
from xconnector.store.moves import Move, Step, move_and_tell

MOST_TOLD = 100
"""Records that one entry of the ledger names; `ask` has them all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewAsk:
    """A wish of a record that came now."""

    ask: Ask
    batch_id: int
    priority: int
    """Of the jobs that make it."""
    member_key: str
    """Whom its record names."""
    customer_key: str
    """To whom the member belongs now."""
    event: str
    """Type of the event that asks."""
    mapping: str
    """SHA-256 of the mapping by which its data is told."""


def priority_of(urgency: Urgency, otherwise: int) -> int:
    """Return the priority of the jobs that make a communication; `otherwise` is that with which its record came."""
    return {Urgency.HIGH: int(Priority.HIGH), Urgency.LOW: int(Priority.LOW)}.get(urgency, otherwise)


async def ask_for(
    place: Workplace, connection: Connection, new: Sequence[NewAsk], heard: Sequence[Heard], *, now: datetime
) -> set[UUID]:
    """Judge new asks, and record what follows for those that do not begin now; returns those that begin.

    `heard` are events that came with them: they cancel what was asked for before, and end waits.
    """
    if not new and not heard:
        return set()
    keys = [one.ask.keys for one in new]
    await asks.hold(connection, {key for one in keys for key in one.all} | {one.key for one in heard})
    await counters.hear(connection, heard, now)
    await cancel_countered(place, connection, heard, now=now)
    await asks.leave_lines(connection, keys)
    children = [one.key for one in heard]
    known = await _claimed(connection, await asks.related(connection, keys, heard=children))
    book = Book()
    book.write(kept.entry for kept in known)
    listening = {key for one in keys for key in (one.parent, *one.counters) if key is not None}
    book.hear(await counters.heard_under(connection, listening | {*children}))
    entries = [book.ask(one.ask) for one in new]
    kept = {one.entry.ask.communication_id: one for one in known}
    kept |= {
        one.ask.communication_id: KeptAsk(
            entry=entry,
            batch_id=one.batch_id,
            priority=one.priority,
            keyed_for=None if one.customer_key == one.member_key else one.customer_key,
        )
        for one, entry in zip(new, entries, strict=True)
    }
    ready = [entry for one in heard for entry in book.children_of(one)]
    judged = judge(book, [*entries, *ready], _rules(place), now)
    newly = [one for one in judged if one.is_new]
    await asks.add(connection, [_course(kept, one) for one in newly])
    await _write_new(connection, newly, {one.ask.communication_id: one for one in new}, now=now)
    await _listen(connection, newly, now)
    await _tell_taken_in(connection, judged, kept, now)
    await _let_follow(place, connection, [one for one in judged if not one.is_new], kept, now=now)
    await _await(connection, judged, kept)
    return {one.entry.ask.communication_id for one in newly if isinstance(one.verdict, Begin)}


async def _listen(connection: Connection, judged: Sequence[Judged], now: datetime) -> None:
    """Let what is made, or may be, be cancelled by events; tell of what was cancelled before it began."""
    listening = [
        (key, one.entry.ask.communication_id)
        for one in judged
        if not isinstance(one.verdict, End)
        for key in one.entry.ask.keys.counters
    ]
    await counters.listen(connection, listening)
    stopped = [
        Countered(
            communication_id=one.entry.ask.communication_id,
            record_id=event.origin.record_id,
            source=event.origin.source,
            source_key=event.origin.source_key,
            event_type=event.event,
            as_of=event.as_of,
            heard_at=now,
            stood=State.TRIGGERED,
            stopped_at=now,
        )
        for one in judged
        if isinstance(one.verdict, End) and (event := one.verdict.countered_by) is not None
    ]
    await counters.add(connection, stopped, now)


async def judge_again(place: Workplace, connection: Connection, ids: Sequence[UUID], *, now: datetime) -> None:
    """Judge asks again that wait, with those that wait with them, and record what follows."""
    if not ids:
        return
    moved = await follow_customers(place, connection, await customer_asks.members_of(connection, ids))
    ids = list(dict.fromkeys((*ids, *moved)))
    # Read for their keys first, and again when these are held.
    before = await asks.related(connection, (), ids=ids)
    keys = [kept.entry.ask.keys for kept in before]
    await asks.hold(connection, (key for one in keys for key in one.all))
    await asks.leave_lines(connection, keys)
    known = await _claimed(connection, await asks.related(connection, keys, ids=ids))
    book = Book()
    book.write(kept.entry for kept in known)
    parents = (kept.entry.ask.keys.parent for kept in known if kept.entry.waits_for is WaitsFor.PARENT)
    book.hear(await counters.heard_under(connection, (key for key in parents if key is not None)))
    judged = judge(book, [book.entries[key] for key in ids if key in book.entries], _rules(place), now)
    kept = {one.entry.ask.communication_id: one for one in known}
    await _tell_taken_in(connection, judged, kept, now)
    await _let_follow(place, connection, judged, kept, now=now)
    await _await(connection, judged, kept)


async def _tell_taken_in(
    connection: Connection, judged: Sequence[Judged], kept: Mapping[UUID, KeptAsk], now: datetime
) -> None:
    """Tell of each communication which records it was made of beside its own."""
    taken: dict[UUID, list[str]] = {}
    for one in judged:
        if isinstance(one.verdict, End) and one.verdict.into is not None:
            taken.setdefault(one.verdict.into, []).append(one.entry.ask.origin.source_key)
    await ledger.append(
        connection,
        [
            ledger.Entry(
                at=now,
                batch_id=kept[into].batch_id,
                communication_id=into,
                event="took in",
                detail={"number": len(records), "records": records[:MOST_TOLD]},
            )
            for into, records in taken.items()
        ],
    )


async def _claimed(connection: Connection, known: Sequence[KeptAsk]) -> list[KeptAsk]:
    """Hold the communications that wait until the transaction ends; one that was withdrawn meanwhile waits no more."""
    waiting = [kept.entry.ask.communication_id for kept in known if kept.entry.stand is Stand.WAITING]
    held = await communications.claim(connection, waiting, state=State.WAITING) if waiting else set[UUID]()
    for kept in known:
        if kept.entry.stand is Stand.WAITING and kept.entry.ask.communication_id not in held:
            kept.entry.stand, kept.entry.waits_for = Stand.LEFT, None
    return [*known]


def _rules(place: Workplace) -> Mapping[str, TriggerRules]:
    return {name: kind.rules for name, kind in place.project.communications.items()}


def _course(kept: Mapping[UUID, KeptAsk], one: Judged) -> KeptAsk:
    """Return an ask with what follows for it."""
    verdict = one.verdict
    return replace(
        kept[one.entry.ask.communication_id],
        due_at=verdict.until if isinstance(verdict, Wait) else None,
        because=None if isinstance(verdict, Begin) else verdict.because,
        taken_into=verdict.into if isinstance(verdict, End) else None,
    )


async def _await(connection: Connection, judged: Iterable[Judged], kept: Mapping[UUID, KeptAsk]) -> None:
    """Let asks be judged again when their time comes; what waits together for quiet has one wait."""
    found: dict[str, RowWithDueTime] = {}
    for one in judged:
        if not isinstance(one.verdict, Wait) or one.verdict.until is None:
            continue
        row, until = kept[one.entry.ask.communication_id], one.verdict.until
        group = one.entry.ask.keys.collapse if one.verdict.waits_for is WaitsFor.QUIET else None
        key = f"begin:{row.batch_id}:{until.isoformat()}" if group is None else f"quiet:{group}"
        ids: dict[str, int | str] = {"batch_id": row.batch_id}
        if group is not None:
            ids["group"] = str(group)
        found[key] = RowWithDueTime(due_at=until, stage=BEGIN, ids=ids, priority=row.priority, key=key)
    await wait_until(connection, *found.values())


# ---------------------------------------------------------------- new asks


async def _write_new(
    connection: Connection, judged: Sequence[Judged], new: Mapping[UUID, NewAsk], *, now: datetime
) -> None:
    """Write communications that do not begin now, and why."""
    rows = [(new[one.entry.ask.communication_id], one.verdict) for one in judged if not isinstance(one.verdict, Begin)]
    await communications.remember(
        connection,
        [
            Decided(
                communication_id=one.ask.communication_id,
                batch_id=one.batch_id,
                record_id=one.ask.origin.record_id,
                name=one.ask.kind,
                customer_key=one.member_key,
                state=state_after(verdict),
            )
            for one, verdict in rows
        ],
        now,
    )
    stopped = [
        Stopped(batch_id=one.batch_id, communication_id=one.ask.communication_id, failure=failure_of(verdict))
        for one, verdict in rows
        if isinstance(verdict, End) and verdict.ending is Ending.MISSED
    ]
    await failures.remember(connection, stopped, now)
    await ledger.append(connection, [entry for one, verdict in rows for entry in _entries(one, verdict, now)])


def _entries(one: NewAsk, verdict: Verdict, now: datetime) -> Iterator[ledger.Entry]:
    """First that it was triggered, then why it is not made now."""
    triggered = {"event": one.event, "mapping": one.mapping}
    said = [("triggered", State.TRIGGERED, triggered), (event_of(verdict), state_after(verdict), detail_of(verdict))]
    for event, moved, detail in said:
        yield ledger.Entry(
            at=now,
            batch_id=one.batch_id,
            communication_id=one.ask.communication_id,
            event=event,
            state=moved,
            detail=detail,
        )


# ---------------------------------------------------------------- asks that waited


async def _let_follow(
    place: Workplace,
    connection: Connection,
    judged: Sequence[Judged],
    kept: Mapping[UUID, KeptAsk],
    *,
    now: datetime,
) -> None:
    """Move communications on that waited, and tell of those whose wait is another now."""
    if not judged:
        return
    await asks.follow(connection, [_course(kept, one) for one in judged])
    otherwise = [one for one in judged if isinstance(one.verdict, Wait) and not one.waits_on]
    await ledger.append(connection, [_waits(one, kept, now) for one in otherwise])
    for target in (State.SUPPRESSED, State.CANCELLED):
        ending = [one for one in judged if isinstance(one.verdict, End) and state_after(one.verdict) is target]
        step = Step(origin=State.WAITING, target=target, event=target.value)
        await move_and_tell(connection, [_move(one, kept) for one in ending], step, now)
    missed = [
        Stopped(batch_id=kept[key].batch_id, communication_id=key, failure=failure_of(one.verdict))
        for one in judged
        if isinstance(one.verdict, End) and state_after(one.verdict) is State.FAILED
        for key in (one.entry.ask.communication_id,)
    ]
    await failing.fail(connection, missed, origin=State.WAITING, now=now)
    await _let_begin(place, connection, [one for one in judged if isinstance(one.verdict, Begin)], kept, now=now)


def _waits(one: Judged, kept: Mapping[UUID, KeptAsk], now: datetime) -> ledger.Entry:
    key = one.entry.ask.communication_id
    detail = detail_of(one.verdict)
    return ledger.Entry(
        at=now, batch_id=kept[key].batch_id, communication_id=key, event="waits", state=None, detail=detail
    )


def _move(one: Judged, kept: Mapping[UUID, KeptAsk]) -> Move:
    key = one.entry.ask.communication_id
    return Move(communication_id=key, batch_id=kept[key].batch_id, detail=detail_of(one.verdict) or None)


async def _let_begin(
    place: Workplace,
    connection: Connection,
    judged: Sequence[Judged],
    kept: Mapping[UUID, KeptAsk],
    *,
    now: datetime,
) -> None:
    """Let communications be assembled and decided now, each with its batch and as urgently as its kind is."""
    step = Step(origin=State.WAITING, target=State.TRIGGERED, event="begins")
    moved = await move_and_tell(connection, [_move(one, kept) for one in judged], step, now)
    ready: dict[int, set[int]] = {}
    for key in moved:
        ready.setdefault(kept[key].priority, set()).add(kept[key].batch_id)
    for priority, batches in sorted(ready.items()):
        each = [{"batch_id": batch_id} for batch_id in sorted(batches)]
        await place.jobs.defer_many(connection, "prepare", each, priority=priority)
