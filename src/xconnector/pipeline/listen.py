"""listen: what brokers give is taken in, and acknowledged once it is ours.

At least once by the broker and once by our intake (`receive.py`): what is given again after a crash is repeated there.
A message that cannot be read, or not kept, is set aside with us; it never holds up those behind it.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import partial
from typing import TypeVar

from xconnector.contract.stream_source import Appetite, Listening
from xconnector.domain.event import BadRecord, SourceRecord
from xconnector.execution.backlog import too_much_waits
from xconnector.execution.failing import describe
from xconnector.execution.jobs import Priority
from xconnector.execution.listening import LONGEST_WAIT
from xconnector.execution.shift import Shift, ShiftState
from xconnector.pipeline.receive import receive
from xconnector.pipeline.speaking import speaking_for
from xconnector.pipeline.workplace import Workplace
from xconnector.postgres.connect import DatabaseUnreachableError, reading, takes_nothing
from xconnector.project.model import Feed

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """How much is borne at once."""

    most_waiting: int = 500
    """Jobs of single events that are due and not begun; above, nothing is taken until half of them are gone."""
    look: timedelta = timedelta(seconds=1)
    """How often to look whether it became too much, or little enough."""
    first_wait: timedelta = timedelta(seconds=1)
    """Before what the database did not take is tried again; each time in a row it is twice as long, up to a limit."""
    appetite: Appetite = field(default_factory=Appetite)


async def listen(place: Workplace, feed: Feed, shift: Shift, *, bounds: Bounds | None = None) -> None:
    """Take in what a feed's broker gives until the shift is over; the batch that was begun is ended.

    While too much work waits, the broker keeps what it has: lag is where its owner looks for it.
    While the database takes nothing, what the broker gave stays in hand and is tried again. Raises what the connection
    raises, and what the database raised last where the shift ends first; what was not acknowledged is then given again.
    """
    assert feed.connection is not None, "only a feed with a connection is listened to"
    bounds = bounds or Bounds()
    source = await place.connections.stream_source(feed.connection)
    while not shift.is_over:
        await _rest(place, shift, bounds)
        async with source.listening(source=feed.name, event_type=feed.event) as listening:
            await _take_in(place, feed, shift, listening, bounds)


async def _rest(place: Workplace, shift: Shift, bounds: Bounds) -> None:
    """Wait until little enough is to be done."""
    most = bounds.most_waiting
    while not shift.is_over and await _is_too_much(place, most):
        most = bounds.most_waiting // 2
        await shift.tell(ShiftState.RESTING, f"more than {most} jobs of single events wait")
        await shift.pause(bounds.look)


async def _take_in(place: Workplace, feed: Feed, shift: Shift, listening: Listening, bounds: Bounds) -> None:
    """Take in batch after batch until the shift is over or too much is to be done."""
    looks_at = place.now() + bounds.look
    while not shift.is_over:
        if place.now() >= looks_at:
            if await _until_done(shift, bounds, partial(_is_too_much, place, bounds.most_waiting)):
                return
            looks_at = place.now() + bounds.look
        batch = await listening.take(bounds.appetite)
        if batch.records:
            records = speaking_for(place.project.speakers, feed.connection or feed.name, batch.records)
            await _until_done(shift, bounds, partial(_keep, place, feed, records))
        await batch.ack()
        await shift.tell(ShiftState.LISTENING, taken=len(batch.records))


async def _until_done(shift: Shift, bounds: Bounds, work: Callable[[], Awaitable[T]]) -> T:
    """Do what needs the database, again and again until it is done; raises what it raised where the shift ends first.

    Given back meanwhile, each message would count as given once more, and some brokers drop what was given too often.
    """
    wait = bounds.first_wait
    while True:
        try:
            return await work()
        except Exception as error:  # what failed is done again, and people see it
            await shift.tell(ShiftState.FAILING, describe(error))
            await shift.pause(wait)
            if shift.is_over:
                raise
            wait = min(2 * wait, LONGEST_WAIT)


async def _is_too_much(place: Workplace, most: int) -> bool:
    async with reading(place.pool) as connection:
        return await too_much_waits(connection, most=most, priority=Priority.ONE_OFF)


async def _keep(place: Workplace, feed: Feed, records: Sequence[SourceRecord | BadRecord]) -> None:
    """Take records in; where the database refuses them as a batch, one by one, and what it refuses alone as bad.

    Raises DatabaseUnreachableError, and what else keeps everything from being written.
    """
    try:
        await receive(place, records, feed=feed)
    except DatabaseUnreachableError:
        raise
    except Exception as error:  # whatever it is, the messages behind it are not held up
        if takes_nothing(error):
            raise
        if len(records) > 1:
            for record in records:
                await _keep(place, feed, [record])
        elif isinstance(records[0], SourceRecord):
            await receive(place, [_bad(records[0], error)], feed=feed)
        else:
            await receive(place, [replace(records[0], source_key=None, reason=_refused(error))], feed=feed)


def _bad(record: SourceRecord, error: Exception) -> BadRecord:
    return BadRecord(source=record.source, source_key=None, payload=record.payload, reason=_refused(error))


def _refused(error: Exception) -> str:
    return f"it could not be kept ({describe(error)})"
