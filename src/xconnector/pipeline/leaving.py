"""What may leave now: what is still wanted, at an hour at which its medium may disturb."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from xconnector.domain.communication import State
from xconnector.domain.decision.deciding import DecisionError
from xconnector.domain.failure import Failure, FailureKind
from xconnector.domain.routing.checks import quiet_windows
from xconnector.domain.routing.plan import Medium
from xconnector.domain.routing.policy import Check
from xconnector.domain.routing.windows import next_open
from xconnector.execution.jobs import Attempt
from xconnector.pipeline import failing
from xconnector.pipeline.deciding_again import Ready, decide_again, is_doubted, ready_of
from xconnector.pipeline.grounds import Policies, policies_in_force
from xconnector.pipeline.retrying import wait_in_place
from xconnector.pipeline.workplace import Workplace
from xconnector.postgres.connect import Connection, in_transaction
from xconnector.project.time_zones import zones_of
from xconnector.store import decisions
from xconnector.store.communications import Standing
from xconnector.store.failures import Stopped


async def fit_to_leave(
    place: Workplace, attempt: Attempt, standings: Sequence[Standing], channel: str
) -> Sequence[Standing]:
    """Return those that may be handed over to the channel now; what becomes of the others is recorded."""
    if not standings:
        return []

    async def write(connection: Connection) -> Sequence[Standing]:
        now = place.now()
        latest = await decisions.latest(connection, [row.communication_id for row in standings])
        ready = [*ready_of(place.project.communications, standings, latest)]
        policies = await policies_in_force(place, connection, at=now)
        doubted = [one for one in ready if is_doubted(place, policies, one, now)]
        gone = await decide_again(
            place, connection, policies, doubted, origin=State.ARCHIVED, priority=attempt.priority, now=now
        )
        staying = [one for one in ready if one.standing.communication_id not in gone]
        held = _held_by_the_hour(place, policies, staying, channel, now=now)
        await wait_in_place(connection, attempt, held.later, was_tried=False)
        await failing.fail(connection, held.stopped, origin=State.ARCHIVED, now=now)
        kept_back = {*gone, *held.ids}
        return [row for row in standings if row.communication_id not in kept_back]

    return await in_transaction(place.pool, write)


@dataclass(slots=True)
class _Held:
    """What cannot leave at this hour."""

    later: list[tuple[UUID, datetime]] = field(default_factory=list[tuple[UUID, datetime]])
    """And when it may."""
    stopped: list[Stopped] = field(default_factory=list[Stopped])
    """Of which no table can tell when it may."""

    @property
    def ids(self) -> set[UUID]:
        return {key for key, _ in self.later} | {one.communication_id for one in self.stopped if one.communication_id}


def _held_by_the_hour(
    place: Workplace, policies: Policies, ready: Sequence[Ready], channel: str, *, now: datetime
) -> _Held:
    """Return those that would come at a time at which their medium must not disturb."""
    held = _Held()
    known = place.project.connections.get(channel)
    medium = None if known is None else known.medium
    if medium is None or Check.QUIET_HOURS not in place.project.checks.tables:
        return held
    for one in ready:
        try:
            opens_at = _opens_at(place, policies, one, medium, now)
        except DecisionError as error:
            failure = Failure(stage="deliver", kind=FailureKind.PROJECT, reason=str(error))
            held.stopped.append(failing.stopped_by(one.standing, failure))
            continue
        if opens_at > now:
            held.later.append((one.standing.communication_id, opens_at))
    return held


def _opens_at(place: Workplace, policies: Policies, one: Ready, medium: Medium, now: datetime) -> datetime:
    """Return when the medium may disturb: now where no table limits it."""
    is_mandatory = one.standing.agreed.is_mandatory
    windows = quiet_windows(policies.of(one.kind), one.facts, medium, is_mandatory=is_mandatory)
    zones = zones_of(str(one.facts.common["jurisdiction"]), otherwise=place.project.locale.timezone)
    return next_open(windows, zones, now) if windows else now
