"""Whose turn it is."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

from xconnector.domain.trigger.book import Ask, Entry, Origin, Stand, WaitsFor
from xconnector.domain.trigger.keys import AskKeys
from xconnector.postgres.connect import Pool, transaction
from xconnector.store import asks
from xconnector.store.asks import KeptAsk

NOW = datetime(2026, 11, 23, 8, tzinfo=UTC)


async def test_of_more_lines_than_get_their_turn_at_once_the_one_that_waits_longest_goes_first(pool: Pool) -> None:
    waiting = [_waits(record, asked_at=NOW - timedelta(minutes=record)) for record in range(1, 6)]
    async with transaction(pool) as connection:
        await asks.add(connection, waiting)
        turns = await asks.turns(connection, passing=(), limit=3)
    assert turns == [one.entry.ask.communication_id for one in reversed(waiting)][:3]


def _waits(record: int, *, asked_at: datetime) -> KeptAsk:
    ask = Ask(
        communication_id=uuid4(),
        kind="notice",
        origin=Origin(record_id=record, source="crm", source_key=str(record)),
        as_of=NOW,
        asked_at=asked_at,
        keys=AskKeys(order=uuid4()),
    )
    return KeptAsk(entry=Entry(ask=ask, stand=Stand.WAITING, waits_for=WaitsFor.TURN), batch_id=1, priority=0)
