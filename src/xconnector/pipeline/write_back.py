"""write back: source systems are told what became of their communications, each event once at least, in order.

A target that is out of order is asked again, ever more rarely, and misses nothing. A single event that it does not
take is set aside and the next goes on; a communication whose event it cannot take just now waits, the others go on.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import islice
from uuid import UUID
from zoneinfo import ZoneInfo

from xconnector.contract.errors import ConnectorError, PermanentError, TransientError
from xconnector.contract.write_back import WriteBackTarget
from xconnector.domain.write_back import RECONCILED, TYPE_PREFIX, Happening, Told, bounds_of, sums_by_word, told_of
from xconnector.execution.limits import NotNowError
from xconnector.pipeline.workplace import Workplace
from xconnector.postgres.connect import Connection, in_transaction, reading
from xconnector.project.model import WriteBack
from xconnector.project.open_connections import is_outage
from xconnector.store import write_backs
from xconnector.store.write_backs import Due, Marked, Refused, TargetState

COMMUNICATIONS_AT_ONCE = 100
"""Of so many is told before it is noted: as many events are told again when a worker is killed."""
OUT_OF_ORDER_AFTER = 3
"""So many communications in a row that a target cannot take mean that it is out of order."""
FIRST_WAIT = timedelta(seconds=5)
LONGEST_WAIT = timedelta(minutes=30)
DAY_IS_OVER_AFTER = timedelta(minutes=10)
"""After midnight; what was being written then is there by then."""


async def write_back(place: Workplace, one: WriteBack) -> None:
    """Tell a source system all that is new, where nobody else is at it and it is not left alone for a while."""
    async with place.locks.hold(f"write back:{one.name}") as held:
        if held is None:
            return
        state = await _begun(place, one)
        if state.retry_at is not None and place.now() < state.retry_at:
            return
        try:
            target = await place.connections.write_back(one.connection)
            while await _tell_some(place, one, target):
                pass
            await _tell_of_yesterday(place, one, target, state)
        except (ConnectorError, NotNowError) as error:
            await _note(place, one, error, state)
            # It was told when it began, and stands with the target as long as it lasts.
            if state.trouble != str(error):
                raise
        else:
            await _note(place, one, None, state)


async def _begun(place: Workplace, one: WriteBack) -> TargetState:
    return await in_transaction(place.pool, lambda connection: write_backs.begin(connection, one.name, now=place.now()))


async def _note(place: Workplace, one: WriteBack, error: Exception | None, state: TargetState) -> None:
    now = place.now()
    retry_at = None if error is None else now + _wait_after(error, state, now)

    async def write(connection: Connection) -> None:
        trouble = None if error is None else str(error)
        await write_backs.note(connection, one.name, trouble=trouble, retry_at=retry_at, now=now)

    await in_transaction(place.pool, write)


def _wait_after(error: Exception, state: TargetState, now: datetime) -> timedelta:
    """As long as the target asks for, else as long again as the trouble has lasted."""
    if isinstance(error, TransientError) and error.retry_after is not None:
        return error.retry_after
    return min(max(now - (state.trouble_since or now), FIRST_WAIT), LONGEST_WAIT)


async def _tell_some(place: Workplace, one: WriteBack, target: WriteBackTarget) -> bool:
    """Tell of some communications, note how far that came, and say whether there may be more."""

    async def look(connection: Connection) -> tuple[bool, list[Due], Mapping[UUID, list[Happening]]]:
        has_more = await write_backs.gather(connection, one.target, now=place.now())
        due = await write_backs.due(connection, one.name, now=place.now(), limit=COMMUNICATIONS_AT_ONCE)
        return has_more, due, await write_backs.happenings(connection, due)

    has_more, due, found = await in_transaction(place.pool, look)
    if not due:
        return has_more
    course = _Course(place=place, one=one, target=target, due={row.communication_id: row for row in due})
    try:
        await course.tell(found)
    finally:
        await course.note()
    return True


@dataclass(frozen=True, slots=True)
class _Step:
    """One event on its way."""

    communication_id: UUID
    entry_id: int
    told: int
    """The last entry that the target has when it has this event."""
    event: Told


@dataclass(slots=True, kw_only=True)
class _Course:
    """How far a target came with some communications."""

    place: Workplace
    one: WriteBack
    target: WriteBackTarget
    due: Mapping[UUID, Due]
    last: dict[UUID, int] = field(default_factory=dict[UUID, int])
    """By communication the last entry that the target has."""
    stuck: dict[UUID, TransientError] = field(default_factory=dict[UUID, TransientError])
    refused: list[Refused] = field(default_factory=list[Refused])
    finished: set[UUID] = field(default_factory=set[UUID])
    in_a_row: int = 0

    async def tell(self, found: Mapping[UUID, Sequence[Happening]]) -> None:
        """Tell what happened. Raises one of the four errors when the target is out of order."""
        steps = self._steps(found)
        while part := list(islice(steps, self.target.at_once)):
            some = [step for step in part if step.communication_id not in self.stuck]
            try:
                await self._call([step.event for step in some])
            except (PermanentError, TransientError) as error:
                for step in some:
                    await self._tell_singly(step, error if len(some) == 1 else None)
            else:
                self.in_a_row = 0
                self.last.update({step.communication_id: step.told for step in some})
        for key in self.due.keys() - self.stuck.keys():
            # What is behind the last event is of no interest to this target.
            self.last[key] = max([self.due[key].told, *(one.entry_id for one in found.get(key, ()))])
            self.finished.add(key)

    async def note(self) -> None:
        """Keep how far it came; what is stuck waits, and what was not reached stays due."""
        now = self.place.now()
        marked = [
            Marked(due=self.due[key], last=last, due_at=self._due_at(key, now))
            for key, last in sorted(self.last.items())
        ]
        # Of one that is out of order everything stays due.
        if self.in_a_row < OUT_OF_ORDER_AFTER:
            marked += [
                Marked(due=self.due[key], last=self.due[key].told, due_at=self._due_at(key, now))
                for key in self.stuck.keys() - self.last.keys()
            ]

        async def write(connection: Connection) -> None:
            await write_backs.mark(connection, self.one.name, marked)
            await write_backs.refuse(connection, self.one.name, self.refused, now=now)

        await in_transaction(self.place.pool, write)

    def _due_at(self, key: UUID, now: datetime) -> datetime | None:
        if key in self.finished:
            return None
        if key not in self.stuck:
            return now
        wait = self.stuck[key].retry_after or FIRST_WAIT * 2 ** min(self.due[key].attempts, 10)
        return now + min(wait, LONGEST_WAIT)

    def _steps(self, found: Mapping[UUID, Sequence[Happening]]) -> Iterator[_Step]:
        for key in self.due:
            for one in found.get(key, ()):
                events = told_of(one, project=self.place.project.name, words=self.one.words)
                for number, event in enumerate(events, 1):
                    told = one.entry_id if number == len(events) else one.entry_id - 1
                    yield _Step(key, one.entry_id, told, event)

    async def _tell_singly(self, step: _Step, known: PermanentError | TransientError | None) -> None:
        """Tell one event, or take it that it was told in vain; nothing more of a communication that is stuck."""
        if step.communication_id in self.stuck:
            return
        try:
            if known is not None:
                raise known
            await self._call([step.event])
        except PermanentError as error:
            self.refused.append(
                Refused(entry_id=step.entry_id, communication_id=step.communication_id, reason=str(error))
            )
        except TransientError as error:
            self.stuck[step.communication_id] = error
            self.in_a_row += 1
            if self.in_a_row >= OUT_OF_ORDER_AFTER:
                raise
            return
        self.in_a_row = 0
        self.last[step.communication_id] = step.told

    async def _call(self, events: Sequence[Told]) -> None:
        await _call(self.place, self.one, self.target, events)


async def _call(place: Workplace, one: WriteBack, target: WriteBackTarget, events: Sequence[Told]) -> None:
    try:
        await place.connections.limited(one.connection).call(lambda: target.tell(events), is_outage=is_outage)
    except TimeoutError:
        raise TransientError(f"{one.connection} did not answer within its `limits.timeout`") from None


async def _tell_of_yesterday(place: Workplace, one: WriteBack, target: WriteBackTarget, state: TargetState) -> None:
    """Tell once how much happened on the day before, so that the source system can compare."""
    zone = ZoneInfo(place.project.locale.timezone)
    day = (place.now() - DAY_IS_OVER_AFTER).astimezone(zone).date() - timedelta(days=1)
    since, until = bounds_of(day, zone)
    if state.began_at >= until:
        return
    async with reading(place.pool) as connection:
        if await write_backs.is_day_told(connection, one.name, day):
            return
        counts = await write_backs.count(connection, one.target, since=since, until=until)
    event = Told(
        id=f"{one.name}-{day}",
        type=f"{TYPE_PREFIX}{RECONCILED}",
        source=f"/xconnector/{place.project.name}",
        subject=day.isoformat(),
        time=until,
        sequence=day.isoformat(),
        data={"day": day.isoformat(), "time_zone": zone.key, "events": sums_by_word(counts, one.words)},
    )
    await _call(place, one, target, [event])
    await in_transaction(
        place.pool, lambda connection: write_backs.tell_day(connection, one.name, day, now=place.now())
    )
