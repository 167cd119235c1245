"""Deciding again, right before a hand-over, by consent and preference as they are now.

Where nothing is new of a customer, and neither day nor tables are others, the decision stands. Otherwise the same is
asked as before, and what is said now holds: the plan goes on through those of its connections that are still in it, or
nothing is sent. What was composed stays as it is, so that no other connection joins but the default.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from msgspec.structs import replace

from xconnector.domain.communication import State
from xconnector.domain.decision.deciding import DecisionError
from xconnector.domain.failure import Failure, FailureKind
from xconnector.domain.routing.plan import Hop, Suppression
from xconnector.domain.routing.policy import Facts
from xconnector.pipeline import failing, hops
from xconnector.pipeline.decide import decision_row, told
from xconnector.pipeline.grounds import Grounds, Policies, grounds_of
from xconnector.pipeline.workplace import Workplace
from xconnector.postgres.connect import Connection
from xconnector.project.model import CommunicationKind
from xconnector.project.presentation import day_of
from xconnector.project.routing import Routing, facts_again, route
from xconnector.store import communications, decisions, ledger
from xconnector.store.communications import HopTerms, Replanned, Standing, Terms
from xconnector.store.decisions import LatestDecision
from xconnector.store.failures import Stopped
from xconnector.store.moves import Move, Step, move_and_tell


@dataclass(frozen=True, slots=True, kw_only=True)
class Ready:
    """A communication before its next hop, with what was decided of it last."""

    standing: Standing
    kind: CommunicationKind
    latest: LatestDecision
    facts: Facts = field(repr=False)
    """What the tables saw then."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Anew:
    """What was decided of one communication now."""

    standing: Standing
    routing: Routing

    @property
    def onward(self) -> tuple[Hop, ...]:
        """The hops that are left: those decided now that were still ahead, and the default."""
        outcome = self.routing.delivery.outcome
        ahead = {*self.standing.plan[self.standing.hop :], self.routing.policy.default}
        tried = self.standing.plan[: self.standing.hop]
        decided = () if isinstance(outcome, Suppression) else outcome.hops
        return tuple(hop for hop in decided if hop.connection in ahead and hop.connection not in tried)

    @property
    def goes_on(self) -> bool:
        """Whether the connection that is next stays so."""
        return bool(self.onward) and self.onward[0].connection == self.standing.connection

    @property
    def why_not(self) -> str:
        outcome = self.routing.delivery.outcome
        if isinstance(outcome, Suppression):
            return outcome.reason
        taken = [step.said for step in self.routing.delivery.steps if step.takes_away]
        return taken[0] if taken else "the customer is reached another way now"


async def decide_again(
    place: Workplace,
    connection: Connection,
    policies: Policies,
    doubted: Sequence[Ready],
    *,
    origin: State,
    priority: int,
    now: datetime,
) -> frozenset[UUID]:
    """Ask again, and let follow what is said; return those that do not take the hop before which they stand.

    `origin` is where they stand: archived, or collected for a bundle.
    """
    if not doubted:
        return frozenset()
    grounds = await grounds_of(connection, policies, [one.standing.customer_key for one in doubted], at=now)
    anew: list[_Anew] = []
    stopped: dict[UUID, Stopped] = {}
    for one in doubted:
        try:
            anew.append(_Anew(standing=one.standing, routing=_routed(place, grounds, one)))
        except DecisionError as error:
            failure = Failure(stage="deliver", kind=FailureKind.PROJECT, reason=str(error))
            stopped[one.standing.communication_id] = failing.stopped_by(one.standing, failure)
    await _keep(connection, policies, anew, now=now)
    leaving = [one for one in anew if not one.goes_on]
    await _suppress(connection, [one for one in leaving if not one.onward], origin=origin, now=now)
    onward = [one for one in leaving if one.onward]
    if origin is not State.ARCHIVED:
        ids = [one.standing.communication_id for one in onward]
        await communications.move(connection, ids, origin=origin, target=State.ARCHIVED, now=now)
    await _reroute(place, connection, onward, priority=priority, now=now)
    await failing.fail(connection, list(stopped.values()), origin=origin, now=now)
    return frozenset([*(one.standing.communication_id for one in leaving), *stopped])


def is_doubted(place: Workplace, policies: Policies, one: Ready, now: datetime) -> bool:
    """Say whether it could be decided otherwise by now: by news of the customer, on another day, by other tables."""
    latest = one.latest
    if latest.has_news or latest.day != day_of(now, place.project.locale.timezone):
        return True
    try:
        return policies.of(one.kind).sha256 != latest.policy_sha256
    except DecisionError:
        return True


def _routed(place: Workplace, grounds: Grounds, one: Ready) -> Routing:
    facts = facts_again(place.project, one.kind, grounds.known[one.standing.customer_key], one.facts, at=grounds.at)
    return route(one.kind, grounds.policies.of(one.kind), facts)


async def _keep(connection: Connection, policies: Policies, anew: Iterable[_Anew], *, now: datetime) -> None:
    """Keep the facts as they are now, where they are not those that were kept last."""
    await policies.remember(connection)
    rows = [
        decision_row(
            one.standing.communication_id,
            one.routing,
            name=one.standing.name,
            customer_key=one.standing.customer_key,
            at=now,
        )
        for one in anew
    ]
    await decisions.remember_again(connection, rows)


async def _suppress(connection: Connection, ended: Sequence[_Anew], *, origin: State, now: datetime) -> None:
    """End what must not be sent any more."""
    await move_and_tell(
        connection,
        [
            Move(
                communication_id=one.standing.communication_id,
                batch_id=one.standing.batch_id,
                detail={"decision": told(one.routing) | {"suppressed": one.why_not}},
            )
            for one in ended
        ],
        Step(origin=origin, target=State.SUPPRESSED, event="suppressed"),
        now,
    )


async def _reroute(
    place: Workplace, connection: Connection, rerouted: Sequence[_Anew], *, priority: int, now: datetime
) -> None:
    """Let what may not take its next hop take those that are left."""
    await communications.replan(connection, [_replanned(one) for one in rerouted])
    await ledger.append(
        connection,
        [
            ledger.Entry(
                at=now,
                batch_id=one.standing.batch_id,
                communication_id=one.standing.communication_id,
                event="rerouted",
                state=State.ARCHIVED,
                detail={"to": one.onward[0].connection, "because": one.why_not, "decision": told(one.routing)},
            )
            for one in rerouted
        ],
    )
    departures = [
        hops.Departure(
            communication_id=one.standing.communication_id,
            batch_id=one.standing.batch_id,
            hop=one.standing.hop,
            connection=one.onward[0].connection,
        )
        for one in rerouted
    ]
    await hops.depart(place, connection, departures, priority=priority, now=now)


def _replanned(one: _Anew) -> Replanned:
    standing = one.standing
    return Replanned(
        communication_id=standing.communication_id,
        plan=(*standing.plan[: standing.hop], *(hop.connection for hop in one.onward)),
        terms=_terms(standing.agreed, standing.hop, one.onward),
    )


def _terms(agreed: Terms, hop: int, onward: Sequence[Hop]) -> Terms:
    behind = tuple(agreed.of_hop(at) for at in range(hop))
    return replace(agreed, hops=(*behind, *(HopTerms(wait=one.wait, proof=one.proof) for one in onward)))


def ready_of(
    kinds: Mapping[str, CommunicationKind], standings: Sequence[Standing], latest: Mapping[UUID, LatestDecision]
) -> Iterator[Ready]:
    """Yield those that can be decided again: their kind is still there, and so is what the tables saw."""
    for row in standings:
        last, kind = latest.get(row.communication_id), kinds.get(row.name)
        facts = None if last is None else last.facts
        if last is not None and kind is not None and facts is not None:
            yield Ready(standing=row, kind=kind, latest=last, facts=facts)
