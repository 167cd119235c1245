"""What may leave now: what is still wanted, at an hour at which its medium may disturb."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from xconnector.domain.communication import State
from xconnector.domain.decision.deciding import DecisionError
from xconnector.domain.failure import Failure, FailureKind
from xconnector.domain.routing.checks import quiet_windows
from xconnector.domain.routing.plan import Medium
from xconnector.domain.routing.policy import Check
from xconnector.domain.routing.windows import Window, next_open
from xconnector.execution.jobs import Attempt
from xconnector.pipeline import failing
from xconnector.pipeline.countering import countered, stop_countered
from xconnector.pipeline.deciding_again import Anew, asked_again, let_follow
from xconnector.pipeline.grounds import Policies, policies_in_force
from xconnector.pipeline.retrying import wait_in_place
from xconnector.pipeline.workplace import Workplace
from xconnector.postgres.connect import Connection
from xconnector.project.time_zones import zones_of
from xconnector.store import communications, ledger
from xconnector.store.communications import Standing
from xconnector.store.failures import Stopped


async def fit_to_leave(
    place: Workplace, connection: Connection, attempt: Attempt, standings: Sequence[Standing], channel: str
) -> list[Standing]:
    """Claim archived communications in the caller's transaction and return those that may be handed over in it.

    What becomes of the others is recorded. Those that are returned have the plan and the terms that hold now.
    """
    now = place.now()
    ours = await claimed(place, connection, standings, state=State.ARCHIVED, now=now)
    ours = await stop_countered(place, connection, ours, origin=State.ARCHIVED, now=now)
    policies = await policies_in_force(place, connection, at=now)
    anew = await asked_again(place, connection, policies, ours, now=now)
    staying = await let_follow(
        place, connection, policies, anew, origin=State.ARCHIVED, priority=attempt.priority, now=now
    )
    held = _held_by_the_hour(place, policies, staying, channel, now=now)
    await wait_in_place(
        connection, attempt, [(one.communication_id, one.opens_at) for one in held.later], was_tried=False
    )
    await ledger.append(connection, [one.entry(now) for one in held.later])
    await failing.fail(connection, held.stopped, origin=State.ARCHIVED, now=now)
    return [one.standing for one in staying if one.standing.communication_id not in held.ids]


async def claimed(
    place: Workplace, connection: Connection, standings: Sequence[Standing], *, state: State, now: datetime
) -> list[Standing]:
    """Claim those that are still in a state, until the end of the transaction; those of a kind that is gone fail."""
    ids = await communications.claim(connection, [row.communication_id for row in standings], state=state)
    ours = [row for row in standings if row.communication_id in ids]
    known = place.project.communications
    stopped = [failing.stopped_by(row, failing.taken_away(row, "deliver")) for row in ours if row.name not in known]
    await failing.fail(connection, stopped, origin=state, now=now)
    return [row for row in ours if row.name in known]


async def may_leave(place: Workplace, connection: Connection, standings: Sequence[Standing], channel: str) -> set[UUID]:
    """Return those that may be handed over now; nothing is written."""
    now = place.now()
    policies = await policies_in_force(place, connection, at=now)
    known = [row for row in standings if row.name in place.project.communications]
    staying = [one for one in await asked_again(place, connection, policies, known, now=now) if one.stays]
    held = _held_by_the_hour(place, policies, staying, channel, now=now)
    stopped = await countered(place, connection, known)
    return {one.standing.communication_id for one in staying} - held.ids - stopped


# ---------------------------------------------------------------- quiet hours


@dataclass(frozen=True, slots=True, kw_only=True)
class _Early:
    """What would come at a time at which its medium must not disturb."""

    standing: Standing
    opens_at: datetime
    windows: Sequence[Window]

    @property
    def communication_id(self) -> UUID:
        return self.standing.communication_id

    def entry(self, now: datetime) -> ledger.Entry:
        hours = " and ".join(str(window) for window in self.windows)
        return ledger.Entry(
            at=now,
            batch_id=self.standing.batch_id,
            communication_id=self.communication_id,
            event="waits",
            detail={"until": self.opens_at, "because": f"quiet hours: {self.standing.connection} is open {hours}"},
        )


@dataclass(slots=True)
class _Held:
    """What cannot leave at this hour."""

    later: list[_Early] = field(default_factory=list[_Early])
    stopped: list[Stopped] = field(default_factory=list[Stopped])
    """Of which no table can tell when it may."""

    @property
    def ids(self) -> set[UUID]:
        return {one.communication_id for one in self.later} | {
            one.communication_id for one in self.stopped if one.communication_id
        }


def _held_by_the_hour(
    place: Workplace, policies: Policies, staying: Iterable[Anew], channel: str, *, now: datetime
) -> _Held:
    held = _Held()
    known = place.project.connections.get(channel)
    medium = None if known is None else known.medium
    if medium is None or Check.QUIET_HOURS not in place.project.checks.tables:
        return held
    for one in staying:
        try:
            early = _early(place, policies, one, medium, now)
        except DecisionError as error:
            failure = Failure(stage="deliver", kind=FailureKind.PROJECT, reason=str(error))
            held.stopped.append(failing.stopped_by(one.standing, failure))
            continue
        if early is not None:
            held.later.append(early)
    return held


def _early(place: Workplace, policies: Policies, one: Anew, medium: Medium, now: datetime) -> _Early | None:
    """Return when the medium may disturb; None where that is now."""
    facts = one.facts
    assert facts is not None, "what is not kept any more does not stay"
    windows = quiet_windows(policies.of(one.kind), facts, medium, is_mandatory=one.is_mandatory)
    if not windows:
        return None
    zones = zones_of(str(facts.common["jurisdiction"]), otherwise=place.project.locale.timezone)
    opens_at = next_open(windows, zones, now)
    return _Early(standing=one.standing, opens_at=opens_at, windows=windows) if opens_at > now else None
