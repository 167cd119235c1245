"""pull: sources that are asked give what is new, and how far they were read is kept with what they gave.

Records and position are written in one transaction: after any crash a source is asked from where its last records end.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from xconnector.contract.errors import ConnectorError, PermanentError, TransientError
from xconnector.contract.pull_source import Pulled, PullSource
from xconnector.domain.cutoff import latest_cutoff
from xconnector.domain.event import BadRecord, SourceRecord
from xconnector.execution.jobs import Priority
from xconnector.execution.limits import NotNowError
from xconnector.pipeline.arriving import digest_of, read_as_told
from xconnector.pipeline.receive import BATCH_SIZE, receive_within
from xconnector.pipeline.workplace import Workplace
from xconnector.postgres.connect import Connection, in_transaction, transaction
from xconnector.project.model import Feed, Project
from xconnector.project.open_connections import is_outage
from xconnector.store import feed_positions, inbox
from xconnector.store.feed_positions import FeedPosition

PULL_EVERY = timedelta(minutes=1)
ASK_AGAIN_WITHIN = timedelta(minutes=30)
"""How long at most nobody asks a source that could not be asked."""
LOOK_AT_CLOCK_EVERY = timedelta(seconds=2)
"""How often is looked whether a feed's time has come."""


async def pull_when_due(place: Workplace, feed: Feed) -> None:
    """Ask a feed's source for all that is new, where its time has come and nobody else is at it."""
    async with place.locks.hold(f"feed:{feed.name}") as held:
        known = None if held is None else await _position(place, feed)
        if held is None or not is_due(place.project, feed, known, now=place.now()):
            return
        try:
            await _pull(place, feed)
        except (ConnectorError, NotNowError) as error:
            # It was told when it began, and stands with the feed as long as it lasts.
            if known is None or known.trouble != str(error):
                raise


async def pull_now(place: Workplace, feed: Feed) -> bool:
    """Ask a feed's source for all that is new; False where somebody else is at it."""
    async with place.locks.hold(f"feed:{feed.name}") as held:
        if held is not None:
            await _pull(place, feed)
        return held is not None


def is_due(project: Project, feed: Feed, known: FeedPosition | None, *, now: datetime) -> bool:
    """Say whether a feed's source is to be asked now: at its times of day, or so long after it was asked last.

    One that could not be asked is asked again before, ever more rarely while that lasts; and so is at once one that
    had more to give when whoever asked it was ended.
    """
    if known is None or (known.has_more and known.trouble is None):
        return True
    if known.trouble is not None and now - known.asked_at >= _until_asked_again(known):
        return True
    if feed.at:
        return latest_cutoff(now, feed.at, ZoneInfo(project.locale.timezone)) > known.asked_at
    return now - known.asked_at >= (feed.every or PULL_EVERY)


def _until_asked_again(known: FeedPosition) -> timedelta:
    """As long again as the trouble has lasted: the times between two asks double."""
    lasted = known.asked_at - (known.trouble_since or known.asked_at)
    return min(max(lasted, PULL_EVERY), ASK_AGAIN_WITHIN)


async def _position(place: Workplace, feed: Feed) -> FeedPosition | None:
    async with transaction(place.pool) as connection:
        return await feed_positions.find(connection, feed.name)


async def _pull(place: Workplace, feed: Feed) -> None:
    """Ask until nothing more is there. Raises what kept the source from being asked, after it is noted."""
    assert feed.connection is not None, "only a feed with a connection is asked"
    try:
        source = await place.connections.pull_source(feed.connection)
        known = await _position(place, feed)
        position = known.position if known is not None else None
        while (pulled := await _ask(place, feed, source, position)) and await _keep(place, feed, position, pulled):
            if not pulled.more:
                return
            if pulled.position == position:
                raise PermanentError(
                    f"{feed.connection} has more to give and names the place from which it was asked: it would give "
                    "the same for ever; what it gave was taken in, look at what its service answers"
                )
            position = pulled.position
    except (ConnectorError, NotNowError) as error:
        async with transaction(place.pool) as connection:
            await feed_positions.note(connection, feed.name, trouble=str(error), has_news=False, now=place.now())
        raise


async def _ask(place: Workplace, feed: Feed, source: PullSource, position: str | None) -> Pulled:
    assert feed.connection is not None, "only a feed with a connection is asked"
    try:
        return await place.connections.limited(feed.connection).call(
            lambda: source.pull(position, at_most=BATCH_SIZE, source=feed.name, event_type=feed.event),
            is_outage=is_outage,
        )
    except TimeoutError:
        raise TransientError(f"{feed.connection} did not answer within its `limits.timeout`") from None


async def _keep(place: Workplace, feed: Feed, origin: str | None, pulled: Pulled) -> bool:
    """Take in what is new and move the feed's position; False, with nothing done, where it stands elsewhere by now."""

    async def write(connection: Connection) -> bool:
        records = await _new_ones(connection, feed, pulled.records)
        if not await feed_positions.advance(
            connection,
            feed.name,
            origin=origin,
            target=pulled.position,
            has_news=bool(records),
            has_more=pulled.more,
            now=place.now(),
        ):
            return False
        # Whoever reads much at once lets others go first.
        priority = Priority.BULK if pulled.more else Priority.ONE_OFF
        for start in range(0, len(records), BATCH_SIZE):
            part = records[start : start + BATCH_SIZE]
            await receive_within(place, connection, part, feed=feed, priority=priority)
        return True

    return await in_transaction(place.pool, write)


async def _new_ones(
    connection: Connection, feed: Feed, records: Sequence[SourceRecord | BadRecord]
) -> Sequence[SourceRecord | BadRecord]:
    """Leave out what was taken, set aside or refused before: a source that reads a part again leaves no trace of it.

    What stands aside is asked for again by people, where its cause is mended, and not by its source.
    """
    told = [read_as_told(record, feed) for record in records]
    digests = [digest_of(record, feed) for record in told]
    keys = [record.source_key for record in told if record.source_key is not None]
    taken = await inbox.digests_of(connection, feed.name, keys)
    aside = await inbox.known_aside(connection, feed.name, digests)
    return [
        record
        for record, read, digest in zip(records, told, digests, strict=True)
        if (read.source_key, digest) not in aside
        and (isinstance(read, BadRecord) or taken.get(read.source_key) != digest)
    ]
