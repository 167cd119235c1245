"""From hop to hop: where an archived communication goes next, and what follows when a channel gave it back."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from xconnector.contract.errors import ConnectorError
from xconnector.domain.communication import State
from xconnector.domain.failure import Failure
from xconnector.execution.jobs import Priority
from xconnector.pipeline import failing
from xconnector.pipeline.workplace import Workplace
from xconnector.postgres.connect import Connection
from xconnector.store import communications, dispatches, ledger
from xconnector.store.communications import Standing
from xconnector.store.dispatches import DispatchState, Intent
from xconnector.store.failures import Stopped
from xconnector.store.moves import Move, Step, move_and_tell


@dataclass(frozen=True, slots=True, kw_only=True)
class Departure:
    """An archived communication and the connection that is next."""

    communication_id: UUID
    batch_id: int
    hop: int
    connection: str

    @classmethod
    def of(cls, standing: Standing) -> "Departure":
        return cls(
            communication_id=standing.communication_id,
            batch_id=standing.batch_id,
            hop=standing.hop,
            connection=standing.plan[standing.hop],
        )


async def depart(
    place: Workplace, connection: Connection, departures: Sequence[Departure], *, priority: int, now: datetime
) -> None:
    """Start the next hop of archived communications: they join their bundle, or their batch's hand-over is due."""
    by_connection: dict[str, list[Departure]] = {}
    for departure in departures:
        by_connection.setdefault(departure.connection, []).append(departure)
    for name, group in by_connection.items():
        if await _takes_bundles(place, name):
            await _collect(connection, name, group, now=now)
        else:
            batches = sorted({departure.batch_id for departure in group})
            each = [{"batch_id": batch_id, "channel": name} for batch_id in batches]
            await place.jobs.defer_many(connection, "deliver", each, priority=priority)


async def _takes_bundles(place: Workplace, name: str) -> bool:
    """Say whether a channel takes bundles; one that does not open now is left to the stage that hands over to it."""
    try:
        return await place.connections.collecting(name) is not None
    except ConnectorError:
        return False


async def _collect(connection: Connection, name: str, departures: Sequence[Departure], *, now: datetime) -> None:
    """Let communications wait for the bundle of their run or cut-off."""
    moved = await move_and_tell(
        connection,
        [
            Move(communication_id=row.communication_id, batch_id=row.batch_id, detail={"connection": name})
            for row in departures
        ],
        Step(origin=State.ARCHIVED, target=State.COLLECTED, event="collected"),
        now,
    )
    ours = [row for row in departures if row.communication_id in moved]
    keys = await dispatches.next_keys(connection, [(row.communication_id, row.hop) for row in ours])
    await dispatches.intend(
        connection,
        [
            Intent(
                dispatch_key=keys[row.communication_id],
                communication_id=row.communication_id,
                hop=row.hop,
                connection=name,
                state=DispatchState.COLLECTED,
            )
            for row in ours
        ],
        now,
    )


async def go_on(
    place: Workplace,
    connection: Connection,
    causes: Mapping[UUID, Failure],
    *,
    origin: State,
    now: datetime,
) -> None:
    """Take the next hop of communications that this one could not reach; without one they fail with their cause."""
    if not causes:
        return
    hopped = await communications.next_hop(connection, list(causes), origin=origin, now=now)
    onward = [
        Departure(communication_id=row.communication_id, batch_id=row.batch_id, hop=row.hop, connection=row.connection)
        for row in hopped
        if row.connection is not None
    ]
    await ledger.append(
        connection,
        [
            ledger.Entry(
                at=now,
                batch_id=row.batch_id,
                communication_id=row.communication_id,
                event="rerouted",
                state=State.ARCHIVED,
                detail={"to": row.connection, "because": causes[row.communication_id].reason},
            )
            for row in onward
        ],
    )
    await depart(place, connection, onward, priority=Priority.ONE_OFF, now=now)
    ended = [
        Stopped(batch_id=row.batch_id, communication_id=row.communication_id, failure=causes[row.communication_id])
        for row in hopped
        if row.connection is None
    ]
    await failing.fail(connection, ended, origin=origin, now=now)
