"""Deciding again, right before a hand-over, by consent and preference as they are now.

Where nothing is new of a customer, and neither day nor tables are others, the decision stands. Otherwise the same is
asked as before, and what is said now holds, plan and terms: `domain/routing/carrying_on.py` says what that means for
what is composed already.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from dataclasses import replace as with_changes
from datetime import date, datetime
from typing import Any
from uuid import UUID

from msgspec.structs import replace

from xconnector.domain.communication import State
from xconnector.domain.decision.deciding import DecisionError
from xconnector.domain.failure import Failure, FailureKind
from xconnector.domain.routing.carrying_on import NoWay, Onward, Way, carried_on
from xconnector.domain.routing.plan import Hop, Suppression
from xconnector.domain.routing.policy import Facts
from xconnector.pipeline import failing, hops
from xconnector.pipeline.decide import decision_row, hop_terms, proof_of, terms_of, told, unanswered_row
from xconnector.pipeline.dispatching import recipient_of
from xconnector.pipeline.grounds import Grounds, Policies, grounds_of
from xconnector.pipeline.workplace import Workplace
from xconnector.postgres.connect import Connection
from xconnector.project.model import CommunicationKind
from xconnector.project.presentation import day_of
from xconnector.project.recipients import media_that_moved
from xconnector.project.routing import Routing, facts_again, route
from xconnector.store import communications, decisions, dispatches, ledger
from xconnector.store.communications import Replanned, Standing, Terms
from xconnector.store.decisions import DecisionRow, LatestDecision
from xconnector.store.moves import Move, Step, move_and_tell
from xconnector.store.rows import to_json

_NOT_KEPT = (
    "what its tables saw is not kept any more, so that it cannot be decided again before it leaves; "
    "let its source order it anew"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Anew:
    """What is decided of one communication now: by the tables, or by what was decided last where nothing is new."""

    standing: Standing
    kind: CommunicationKind
    way: Way
    last: LatestDecision | None
    """What was decided last."""
    routing: Routing | None = None
    """What the tables say now; None where nothing is new, or they have no answer."""
    row: DecisionRow | None = None
    """What is kept of it; None where nothing was asked."""

    @property
    def facts(self) -> Facts | None:
        """What the tables see; None where it is not kept any more."""
        if self.routing is not None:
            return self.routing.facts
        return None if self.last is None else self.last.facts

    @property
    def is_mandatory(self) -> bool:
        """Whether a law wants it sent."""
        return self.standing.agreed.is_mandatory if self.routing is None else self.routing.delivery.is_mandatory

    @property
    def stays(self) -> bool:
        """Whether the connection that is next stays so."""
        return isinstance(self.way, Onward) and self.way.hops[0].connection == self.standing.connection

    @property
    def terms(self) -> Terms:
        """What holds beside the order of its channels; it is archived already, and its legal day never gets later."""
        agreed = self.standing.agreed
        if self.routing is None or not isinstance(self.way, Onward):
            return agreed
        behind = tuple(agreed.of_hop(at) for at in range(self.standing.hop))
        now = terms_of(self.routing)
        return replace(
            now,
            hops=(*behind, *hop_terms(self.way.hops)),
            record_class=agreed.record_class,
            leave_by=_earlier(agreed.leave_by, now.leave_by),
        )


async def asked_again(
    place: Workplace, connection: Connection, policies: Policies, standings: Sequence[Standing], *, now: datetime
) -> list[Anew]:
    """Return what is decided of communications before their next hop; nothing is written."""
    latest = await decisions.latest(connection, [row.communication_id for row in standings])
    kinds = place.project.communications
    doubted = [row for row in standings if _is_doubted(place, policies, row, latest, now)]
    grounds = await grounds_of(connection, policies, [row.customer_key for row in doubted], at=now)
    asked = {row.communication_id: _anew(place, grounds, row, latest.get(row.communication_id)) for row in doubted}
    return [
        asked.get(row.communication_id) or _as_decided(row, kinds[row.name], latest[row.communication_id])
        for row in standings
    ]


def _is_doubted(
    place: Workplace, policies: Policies, row: Standing, latest: Mapping[UUID, LatestDecision], now: datetime
) -> bool:
    """Say whether it could be decided otherwise by now: by news of the customer, on another day, by other tables."""
    last = latest.get(row.communication_id)
    if last is None or last.facts_text is None or last.has_news:
        return True
    if last.day != day_of(now, place.project.locale.timezone):
        return True
    try:
        return policies.of(place.project.communications[row.name]).sha256 != last.policy_sha256
    except DecisionError:
        return True


def _anew(place: Workplace, grounds: Grounds, row: Standing, last: LatestDecision | None) -> Anew:
    kind = place.project.communications[row.name]
    before = None if last is None else last.facts
    if before is None:
        return Anew(standing=row, kind=kind, way=NoWay(reason=_NOT_KEPT), last=last)
    facts = facts_again(place.project, kind, grounds.known[row.customer_key], before, at=grounds.at)
    try:
        policy = grounds.policies.of(kind)
    except DecisionError as error:
        return Anew(standing=row, kind=kind, way=NoWay(reason=str(error)), last=last)
    try:
        routing = route(kind, policy, facts)
    except DecisionError as error:
        unanswered = unanswered_row(
            row.communication_id,
            policy,
            facts,
            error,
            name=row.name,
            customer_key=row.customer_key,
            at=grounds.at,
        )
        return Anew(standing=row, kind=kind, way=NoWay(reason=str(error)), last=last, row=unanswered)
    moved = media_that_moved(place.project, grounds.known[row.customer_key].customer, recipient_of(row.recipient))
    way = carried_on(routing.delivery, row.plan, row.hop, routing.policy.media, moved=moved)
    kept = decision_row(row.communication_id, routing, name=row.name, customer_key=row.customer_key, at=grounds.at)
    return Anew(standing=row, kind=kind, way=way, last=last, routing=routing, row=kept)


def _as_decided(row: Standing, kind: CommunicationKind, last: LatestDecision) -> Anew:
    ahead = tuple(Hop(connection=name) for name in row.plan[row.hop :])
    return Anew(standing=row, kind=kind, way=Onward(hops=ahead), last=last)


# ---------------------------------------------------------------- what follows


async def let_follow(
    place: Workplace,
    connection: Connection,
    policies: Policies,
    anew: Sequence[Anew],
    *,
    origin: State,
    priority: int,
    now: datetime,
) -> list[Anew]:
    """Let what is decided now hold for communications that the caller has claimed; return those that take their hop.

    `origin` is where they stand: archived, or collected for a bundle.
    """
    proofs = await _keep(connection, policies, anew)
    changed = [one for one in anew if isinstance(one.way, Onward) and _is_otherwise(one, one.way)]
    leaving = [one for one in changed if not one.stays]
    moving = {one.standing.communication_id for one in leaving}
    otherwise = {one.standing.communication_id for one in changed} | set(proofs)
    await ledger.append(
        connection,
        [
            _told_again(one, proofs, now)
            for one in anew
            if one.standing.communication_id in otherwise - moving and not isinstance(one.way, Suppression)
        ],
    )
    await _fail(connection, anew, origin=origin, now=now)
    await _suppress(connection, anew, proofs, origin=origin, now=now)
    if origin is not State.ARCHIVED:
        await communications.move(connection, list(moving), origin=origin, target=State.ARCHIVED, now=now)
    await dispatches.give_up_put_off(connection, moving, now)
    await communications.replan(connection, [_replanned(one) for one in changed])
    await ledger.append(connection, [_rerouted(one, proofs, now) for one in leaving])
    await hops.depart(place, connection, [_departure(one) for one in leaving], priority=priority, now=now)
    return [_adopted(one) for one in anew if one.stays]


async def _keep(connection: Connection, policies: Policies, anew: Iterable[Anew]) -> Mapping[UUID, Mapping[str, Any]]:
    """Keep what was asked where it says anything new; return by communication what proves it in the ledger."""
    rows = [one.row for one in anew if one.row is not None]
    if not rows:
        return {}
    await policies.remember(connection)
    return {row.communication_id: proof_of(row) for row in await decisions.remember_again(connection, rows)}


async def _fail(connection: Connection, anew: Iterable[Anew], *, origin: State, now: datetime) -> None:
    stopped = [
        failing.stopped_by(one.standing, Failure(stage="deliver", kind=FailureKind.PROJECT, reason=one.way.reason))
        for one in anew
        if isinstance(one.way, NoWay)
    ]
    await failing.fail(connection, stopped, origin=origin, now=now)


async def _suppress(
    connection: Connection,
    anew: Iterable[Anew],
    proofs: Mapping[UUID, Mapping[str, Any]],
    *,
    origin: State,
    now: datetime,
) -> None:
    """End what must not be sent any more."""
    await move_and_tell(
        connection,
        [
            Move(
                communication_id=one.standing.communication_id,
                batch_id=one.standing.batch_id,
                detail={
                    "decision": _told(one) | {"suppressed": one.way.reason},
                    **proofs.get(one.standing.communication_id, {}),
                },
            )
            for one in anew
            if isinstance(one.way, Suppression)
        ],
        Step(origin=origin, target=State.SUPPRESSED, event="suppressed"),
        now,
    )


def _is_otherwise(one: Anew, way: Onward) -> bool:
    """Say whether plan or terms are not those that hold."""
    return _plan(one, way) != tuple(one.standing.plan) or one.terms != one.standing.agreed


def _plan(one: Anew, way: Onward) -> tuple[str, ...]:
    return (*one.standing.plan[: one.standing.hop], *(hop.connection for hop in way.hops))


def _replanned(one: Anew) -> Replanned:
    assert isinstance(one.way, Onward), "only what goes on has another plan"
    return Replanned(communication_id=one.standing.communication_id, plan=_plan(one, one.way), terms=one.terms)


def _told(one: Anew) -> dict[str, Any]:
    return {} if one.routing is None else told(one.routing)


def _told_again(one: Anew, proofs: Mapping[UUID, Mapping[str, Any]], now: datetime) -> ledger.Entry:
    """Tell that it was decided again, and what holds now; where it goes next stays."""
    return ledger.Entry(
        at=now,
        batch_id=one.standing.batch_id,
        communication_id=one.standing.communication_id,
        event="decided again",
        detail={"decision": _told(one), **proofs.get(one.standing.communication_id, {})},
    )


def _rerouted(one: Anew, proofs: Mapping[UUID, Mapping[str, Any]], now: datetime) -> ledger.Entry:
    """Tell that the next connection is another, and why."""
    assert isinstance(one.way, Onward), "only what goes on is rerouted"
    return ledger.Entry(
        at=now,
        batch_id=one.standing.batch_id,
        communication_id=one.standing.communication_id,
        event="rerouted",
        state=State.ARCHIVED,
        detail={
            "to": one.way.hops[0].connection,
            "because": _because(one, one.way),
            "decision": _told(one),
            **proofs.get(one.standing.communication_id, {}),
        },
    )


def _because(one: Anew, way: Onward) -> str:
    """Say why it does not take the connection that was next."""
    if way.missed:
        return f"nothing was composed for {', '.join(way.missed)}, or for another address"
    steps = () if one.routing is None else one.routing.delivery.steps
    taken = next((step for step in steps if step.takes_away), None)
    if taken is None:
        return "the customer is reached another way now"
    return f"{taken.said} (row {taken.row} of {taken.table})"


def _departure(one: Anew) -> hops.Departure:
    assert isinstance(one.way, Onward), "only what goes on departs"
    return hops.Departure(
        communication_id=one.standing.communication_id,
        batch_id=one.standing.batch_id,
        hop=one.standing.hop,
        connection=one.way.hops[0].connection,
    )


def _adopted(one: Anew) -> Anew:
    """Return what goes on, with the plan and the terms that hold now."""
    assert isinstance(one.way, Onward), "only what goes on is handed over"
    standing = with_changes(one.standing, plan=[*_plan(one, one.way)], terms=to_json(one.terms))
    return with_changes(one, standing=standing)


def _earlier(one: date | None, other: date | None) -> date | None:
    days = [day for day in (one, other) if day is not None]
    return min(days, default=None)
