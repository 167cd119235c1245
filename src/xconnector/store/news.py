"""News of communications: which hand-over is meant by a report that names only the communication."""

from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID

from xconnector.domain.delivery import DeliveryEvent
from xconnector.postgres.connect import Connection
from xconnector.postgres.queries import Queries

_QUERIES = Queries.load("xconnector.store", "news.sql")
_ID_LENGTH = 36


async def address(connection: Connection, events: Sequence[DeliveryEvent]) -> list[DeliveryEvent]:
    """Return events with the keys of the hand-overs they mean, without those that are known already.

    An event that names only its communication means the hand-over that was the latest when it happened, or the first
    where it seems to have happened before all. While there is none, it keeps the communication's id as its key;
    `take_up_early` finds it there. The communications stay locked until the transaction ends.
    """
    bare = {place: key for place, event in enumerate(events) if (key := _communication(event.dispatch_key)) is not None}
    if not bare:
        return list(events)
    keys = await _meant(connection, [(place, key, events[place]) for place, key in bare.items()])
    addressed = [
        (keys.get(place) if place in bare else event.dispatch_key, event) for place, event in enumerate(events)
    ]
    return [replace(event, dispatch_key=key) for key, event in addressed if key is not None]


async def take_up_early(connection: Connection, dispatch_keys: Sequence[str]) -> None:
    """Let these hand-overs have the news that came of their communications before there was a hand-over."""
    await connection.execute(
        _QUERIES.take_up_early,
        {"keys": list(dispatch_keys), "communications": [key[:_ID_LENGTH] for key in dispatch_keys]},
    )


def _communication(key: str) -> UUID | None:
    """Return the id of a communication, spelled as we spell it; None for any other key."""
    try:
        found = UUID(key)
    except ValueError:
        return None
    return found if str(found) == key else None


async def _meant(connection: Connection, given: Sequence[tuple[int, UUID, DeliveryEvent]]) -> dict[int, str]:
    """Return by place the keys of events that are new."""
    ids = [key for _, key, _ in given]
    # Locked first and read by a second statement: a hand-over that is being intended is seen, or waits for us.
    await connection.execute(_QUERIES.lock, {"ids": ids})
    cursor = await connection.execute(
        _QUERIES.meant,
        {
            "places": [place for place, _, _ in given],
            "ids": ids,
            "types": [event.type for _, _, event in given],
            "details": [event.detail for _, _, event in given],
            "occurred": [event.occurred_at for _, _, event in given],
            "raws": [event.raw for _, _, event in given],
        },
    )
    return {int(row[0]): str(row[1]) for row in await cursor.fetchall()}
