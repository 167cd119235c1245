"""Giving up: when a stage broke in all its attempts, its communications become failures and are not lost."""

from xconnector.domain.communication import State
from xconnector.domain.failure import Failure, FailureKind
from xconnector.execution.jobs import Exhausted
from xconnector.pipeline import failing
from xconnector.pipeline.workplace import Workplace
from xconnector.postgres.connect import Connection
from xconnector.store import bundles, communications, dispatches, failures, inbox
from xconnector.store.dispatches import DispatchState

_WAITS_IN = {"prepare": State.TRIGGERED, "compose": State.DECIDED, "archive": State.RELEASED}


async def give_up(place: Workplace, connection: Connection, exhausted: Exhausted) -> None:
    """Put everything the given-up job was to move into the failure queue."""
    reason = f"the stage {exhausted.stage} broke in every attempt ({exhausted.error}); report it, then reprocess"
    if exhausted.stage in _WAITS_IN:
        await _give_up_batch(place, connection, exhausted, reason)
    elif exhausted.stage == "deliver":
        await _give_up_hand_overs(place, connection, exhausted, reason)
    elif exhausted.stage == "bundle":
        await _give_up_bundle(place, connection, str(exhausted.ids["bundle_key"]), reason)


async def _give_up_batch(place: Workplace, connection: Connection, exhausted: Exhausted, reason: str) -> None:
    batch_id = int(exhausted.ids["batch_id"])
    failure = Failure(stage=exhausted.stage, kind=FailureKind.DEFECT, reason=reason)
    state = _WAITS_IN[exhausted.stage]
    ids = await communications.ids_in_state(connection, batch_id, state)
    stopped = [failures.Stopped(batch_id=batch_id, communication_id=key, failure=failure) for key in ids]
    await failing.fail(connection, stopped, origin=state, now=place.now())
    if exhausted.stage == "prepare":
        records = [row.record_id for row in await inbox.unasked(connection, batch_id)]
        await failing.set_aside(connection, batch_id, [(key, failure) for key in records], now=place.now())


async def _give_up_hand_overs(place: Workplace, connection: Connection, exhausted: Exhausted, reason: str) -> None:
    """What still waited has failed; what was being handed over is unknown."""
    batch_id, name = int(exhausted.ids["batch_id"]), str(exhausted.ids["channel"])
    for origin, target, kind in (
        (State.ARCHIVED, State.FAILED, FailureKind.DEFECT),
        (State.DISPATCHING, State.OUTCOME_UNKNOWN, FailureKind.UNKNOWN_OUTCOME),
    ):
        ids = await communications.ids_in_state(connection, batch_id, origin, hop_connection=name)
        failure = Failure(stage="deliver", kind=kind, reason=reason)
        stopped = [failures.Stopped(batch_id=batch_id, communication_id=key, failure=failure) for key in ids]
        await failing.fail(connection, stopped, origin=origin, target=target, now=place.now())
        if origin is State.DISPATCHING:
            await dispatches.settle_open(connection, ids, DispatchState.OUTCOME_UNKNOWN, place.now())


async def _give_up_bundle(place: Workplace, connection: Connection, bundle_key: str, reason: str) -> None:
    now = place.now()
    pieces = await bundles.pieces(connection, bundle_key)
    for state, origin, target, kind in (
        ("collected", State.COLLECTED, State.FAILED, FailureKind.DEFECT),
        ("dispatching", State.DISPATCHING, State.OUTCOME_UNKNOWN, FailureKind.UNKNOWN_OUTCOME),
    ):
        if not await bundles.set_state(connection, bundle_key, origin=state, target="given_up"):
            continue
        failure = Failure(stage="deliver", kind=kind, reason=reason)
        stopped = [
            failures.Stopped(batch_id=piece.batch_id, communication_id=piece.communication_id, failure=failure)
            for piece in pieces
        ]
        await failing.fail(connection, stopped, origin=origin, target=target, now=now)
        closed = DispatchState.OUTCOME_UNKNOWN if target is State.OUTCOME_UNKNOWN else DispatchState.PUT_OFF
        await dispatches.settle(connection, [(piece.dispatch_key, closed, None) for piece in pieces], now)
