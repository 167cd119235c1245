"""Giving up: when a stage broke in all its attempts, its communications become failures and are not lost."""

from uuid import UUID

from xconnector.contract.errors import OutcomeUnknownError
from xconnector.domain.communication import State
from xconnector.domain.failure import Failure, FailureKind
from xconnector.execution.jobs import Exhausted
from xconnector.pipeline import failing
from xconnector.pipeline.closing import Answer, close
from xconnector.pipeline.closing_submissions import PAGE, fail_page
from xconnector.pipeline.workplace import Workplace
from xconnector.postgres.connect import Connection
from xconnector.store import asks, bundles, communications, dispatches, failures, inbox, submissions
from xconnector.store.submissions import SubmissionState

_WAITS_IN = {"prepare": State.TRIGGERED, "compose": State.DECIDED, "archive": State.RELEASED}

_ENDS_OF_SUBMISSIONS = (
    (SubmissionState.GATHERED, SubmissionState.REFUSED, "compose"),
    (SubmissionState.SUBMITTING, SubmissionState.UNKNOWN, "submit"),
    (SubmissionState.SUBMITTED, SubmissionState.STUCK, "fetch"),
)
"""Where a submission stands, where it ends when its stage is given up, and from which stage it is reprocessed."""


async def give_up(place: Workplace, connection: Connection, exhausted: Exhausted) -> None:
    """Put everything the given-up job was to move into the failure queue."""
    reason = f"the stage {exhausted.stage} broke in every attempt ({exhausted.error}); report it, then reprocess"
    if exhausted.stage == "begin":
        await _give_up_waiting(place, connection, exhausted, reason)
    elif exhausted.stage in _WAITS_IN:
        await _give_up_batch(place, connection, exhausted, reason)
    elif exhausted.stage == "deliver":
        await _give_up_hand_overs(place, connection, exhausted, reason)
    elif exhausted.stage in {"submit", "fetch"}:
        await _give_up_submission(place, connection, str(exhausted.ids["submission_key"]), reason)
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


async def _give_up_waiting(place: Workplace, connection: Connection, exhausted: Exhausted, reason: str) -> None:
    """What should have begun has failed; what is due later still waits."""
    batch_id, now = int(exhausted.ids["batch_id"]), place.now()
    group = exhausted.ids.get("group")
    due = await asks.due(connection, batch_id, group=None if group is None else UUID(str(group)), now=now)
    failure = Failure(stage="begin", kind=FailureKind.DEFECT, reason=reason)
    batches = await asks.stop_waiting(connection, due)
    stopped = [failures.Stopped(batch_id=batches[key], communication_id=key, failure=failure) for key in due]
    await failing.fail(connection, stopped, origin=State.WAITING, now=now)


async def _give_up_hand_overs(place: Workplace, connection: Connection, exhausted: Exhausted, reason: str) -> None:
    """What still waited has failed; what was being handed over is unknown."""
    batch_id, name = int(exhausted.ids["batch_id"]), str(exhausted.ids["channel"])
    waiting = await communications.ids_in_state(connection, batch_id, State.ARCHIVED, hop_connection=name)
    failure = Failure(stage="deliver", kind=FailureKind.DEFECT, reason=reason)
    stopped = [failures.Stopped(batch_id=batch_id, communication_id=key, failure=failure) for key in waiting]
    await failing.fail(connection, stopped, origin=State.ARCHIVED, now=place.now())
    left = await communications.ids_in_state(connection, batch_id, State.DISPATCHING, hop_connection=name)
    opened = await dispatches.open_hand_overs(connection, left)
    answers = [
        Answer(
            communication_id=key,
            batch_id=batch_id,
            dispatch_key=opened[key].dispatch_key,
            said=OutcomeUnknownError(reason),
        )
        for key in left
    ]
    await close(place, connection, name, answers)


async def _give_up_submission(place: Workplace, connection: Connection, submission_key: str, reason: str) -> None:
    """What the composer surely has not can be composed again; what it has, or may have, is looked at again."""
    row = await submissions.find(connection, submission_key)
    if row is None:
        return
    for origin, target, stage in _ENDS_OF_SUBMISSIONS:
        if await submissions.set_state(connection, submission_key, origin=origin, target=target):
            is_unknown = target is SubmissionState.UNKNOWN
            kind = FailureKind.UNKNOWN_OUTCOME if is_unknown else FailureKind.DEFECT
            failure = Failure(stage=stage, kind=kind, reason=reason)
            state = State.OUTCOME_UNKNOWN if is_unknown else State.FAILED
            while page := await submissions.page(connection, submission_key, after=0, limit=PAGE):
                await fail_page(place, connection, page, failure, state)


async def _give_up_bundle(place: Workplace, connection: Connection, bundle_key: str, reason: str) -> None:
    """Pieces that were not handed over wait for another bundle; those that may have been are unknown."""
    bundle = await bundles.find(connection, bundle_key)
    if bundle is None:
        return
    pieces = await bundles.pieces(connection, bundle_key)
    if await bundles.set_state(connection, bundle_key, origin="collected", target="given_up"):
        failure = Failure(stage="deliver", kind=FailureKind.DEFECT, reason=reason)
        stopped = [
            failures.Stopped(batch_id=piece.batch_id, communication_id=piece.communication_id, failure=failure)
            for piece in pieces
        ]
        await failing.fail(connection, stopped, origin=State.COLLECTED, now=place.now())
        await dispatches.release_pieces(connection, bundle_key)
    elif await bundles.set_state(connection, bundle_key, origin="dispatching", target="given_up"):
        answers = [
            Answer(
                communication_id=piece.communication_id,
                batch_id=piece.batch_id,
                dispatch_key=piece.dispatch_key,
                said=OutcomeUnknownError(reason),
            )
            for piece in pieces
        ]
        await close(place, connection, bundle.connection, answers)
