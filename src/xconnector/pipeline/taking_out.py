"""What was collected for a bundle and is not wanted any more is taken out before the bundle is made."""

from datetime import datetime
from uuid import UUID

from xconnector.domain.communication import State
from xconnector.execution.jobs import Priority
from xconnector.pipeline.deciding_again import decide_again, ready_of
from xconnector.pipeline.grounds import policies_in_force
from xconnector.pipeline.workplace import Workplace
from xconnector.postgres.connect import Connection
from xconnector.store import bundles, communications, decisions, dispatches
from xconnector.store.bundles import Gathering

AT_ONCE = 500


async def take_out(place: Workplace, connection: Connection, name: str, gathering: Gathering, *, now: datetime) -> None:
    """Decide again about the pieces of whose customers there is news; what speaks against them takes them out."""
    after: UUID | None = None
    while page := await bundles.with_news(connection, name, run_id=gathering.run_id, after=after, at_most=AT_ONCE):
        await _decide_again(place, connection, page, now=now)
        after = page[-1]


async def _decide_again(place: Workplace, connection: Connection, ids: list[UUID], *, now: datetime) -> None:
    standings = await communications.standings(connection, ids, state=State.COLLECTED)
    latest = await decisions.latest(connection, ids)
    ready = [*ready_of(place.project.communications, standings, latest)]
    policies = await policies_in_force(place, connection, at=now)
    gone = await decide_again(
        place, connection, policies, ready, origin=State.COLLECTED, priority=Priority.ONE_OFF, now=now
    )
    await dispatches.give_up_collected(connection, gone, now)
