"""submit: hand a submission over to its composer; the intent is recorded, then comes the call, then the result.

Composers keep no key by which they would know a submission again. One that is found between intent and
result, because the answer or a worker was lost, is looked for first; what cannot be found out is settled by a person.
"""

from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import timedelta

from xconnector.contract.composer import Order
from xconnector.contract.errors import (
    ConnectorError,
    MisconfiguredError,
    OutcomeUnknownError,
    TransientError,
)
from xconnector.contract.submission import ComposesSubmissions, Repeat, Submission, SubmissionReceipt
from xconnector.domain.communication import State
from xconnector.domain.failure import Failure, FailureKind
from xconnector.execution.jobs import Attempt, Priority
from xconnector.execution.limits import NotNowError
from xconnector.execution.waits import Wait, wait_until
from xconnector.pipeline import failing
from xconnector.pipeline.closing_submissions import PAGE, close_when_empty, fail_page, move_awaited
from xconnector.pipeline.deliver import AT_THE_EARLIEST, HELD_ELSEWHERE
from xconnector.pipeline.ordering import kinds_for, order_of
from xconnector.pipeline.ordering_anew import order_anew
from xconnector.pipeline.retrying import again, wait_after
from xconnector.pipeline.workplace import Workplace
from xconnector.postgres.connect import Connection, in_transaction, reading, transaction
from xconnector.project.open_connections import is_outage
from xconnector.store import communications, submissions
from xconnector.store.submissions import Ordered, SubmissionRow, SubmissionState

FIRST_LOOK = timedelta(seconds=1)

Result = SubmissionReceipt | ConnectorError | NotNowError
_ANOTHERS = OutcomeUnknownError(
    "the job that was found is that of another submission; look at the composer for its own"
)


async def submit(place: Workplace, attempt: Attempt, submission_key: str) -> None:
    """Submit once; look for it first when a worker died over it, or when the answer was lost."""
    async with place.locks.hold(f"submission:{submission_key}") as held:
        async with reading(place.pool) as connection:
            row = await submissions.find(connection, submission_key)
        if row is None or row.state not in {SubmissionState.GATHERED, SubmissionState.SUBMITTING}:
            return
        if held is None:
            async with transaction(place.pool) as connection:
                await again(connection, attempt, place.now() + HELD_ELSEWHERE)
            return
        found = await _find(place, row) if row.state == SubmissionState.SUBMITTING else None
        if found is None:
            if not await _intend(place, row):
                await _dissolve(place, attempt, row)
                return
            # What it was before is settled: it had surely not begun.
            row = replace(row, state=SubmissionState.GATHERED)
            found = await _hand_over(place, row)
        await _record(place, attempt, row, found)


def described(row: SubmissionRow, *, repeats: Repeat | None = None) -> Submission:
    """Return a submission as its composer is told of it."""
    return Submission(
        submission_key=row.submission_key,
        template=row.template,
        orders=row.orders,
        created_at=row.created_at,
        run=row.run_name,
        submitted_at=row.submitted_at,
        repeats=repeats,
    )


async def composer_of(place: Workplace, row: SubmissionRow) -> ComposesSubmissions:
    """Return the composer of a submission. Raises one of the four contract errors."""
    opened = await place.connections.composer(row.connection)
    if not isinstance(opened, ComposesSubmissions):
        raise MisconfiguredError(f"{row.connection} takes no submissions any more; put its settings back")
    return opened


async def _find(place: Workplace, row: SubmissionRow) -> SubmissionReceipt | ConnectorError | None:
    """Look for a submission whose answer was lost; None when the composer surely has not begun.

    A TransientError says that it cannot be told yet.
    """
    try:
        opened = await composer_of(place, row)
        # That it cannot be told yet says nothing of whether the composer is up.
        return await place.connections.limited(row.connection, for_long=True).call(
            lambda: opened.find(described(row)), is_outage=lambda _: False
        )
    except ConnectorError as error:
        is_final = isinstance(error, OutcomeUnknownError | TransientError)
        return error if is_final else OutcomeUnknownError(str(error))
    except (NotNowError, TimeoutError) as error:
        return TransientError(str(error) or f"{row.connection} did not answer in time")


async def _intend(place: Workplace, row: SubmissionRow) -> bool:
    """Record the intent; False where the submission is not whole, because some of its orders were settled otherwise.

    It must not be handed over then: results that come by position would be taken for those of others.
    """

    async def write(connection: Connection) -> bool:
        if await submissions.count_awaited(connection, row.submission_key) != row.orders:
            return False
        return await submissions.set_state(
            connection,
            row.submission_key,
            origin=SubmissionState(row.state),
            target=SubmissionState.SUBMITTING,
            is_retry=True,
        )

    return await in_transaction(place.pool, write)


async def _dissolve(place: Workplace, attempt: Attempt, row: SubmissionRow) -> None:
    """Order the rest of a submission anew that is not whole any more."""

    async def anew(connection: Connection, page: Sequence[Ordered]) -> None:
        orders = [(order.communication_id, order.batch_id) for order in page]
        await order_anew(place, connection, orders, why="its submission is not whole any more", now=place.now())

    await move_awaited(place, row, anew)
    await _close(place, attempt, row, SubmissionState.REFUSED)


async def _close(place: Workplace, attempt: Attempt, row: SubmissionRow, target: SubmissionState) -> None:
    async def close(connection: Connection) -> None:
        for origin in (SubmissionState.GATHERED, SubmissionState.SUBMITTING):
            await submissions.set_state(connection, row.submission_key, origin=origin, target=target)

    await close_when_empty(place, attempt, row, close)


async def _hand_over(place: Workplace, row: SubmissionRow) -> Result:
    try:
        opened = await composer_of(place, row)
        submission = described(row, repeats=await _repeats(place, row))
        return await place.connections.limited(row.connection, for_long=True).call(
            lambda: opened.submit(submission, _orders(place, row)), is_outage=is_outage
        )
    except TimeoutError:
        return OutcomeUnknownError(f"{row.connection} did not answer in time")
    except (ConnectorError, NotNowError) as error:
        return error


async def _repeats(place: Workplace, row: SubmissionRow) -> Repeat | None:
    """Return where its orders stood in an earlier submission, where all of them stood in one."""
    if row.repeats is None:
        return None
    async with reading(place.pool) as connection:
        positions = await submissions.positions_before(connection, row.submission_key, row.repeats)
    return Repeat(submission_key=row.repeats, positions=positions)


async def _orders(place: Workplace, row: SubmissionRow) -> AsyncIterator[Order]:
    """Give the orders in their sequence; a page of them is in memory at a time."""
    after = 0
    while True:
        async with reading(place.pool) as connection:
            page = await submissions.page(connection, row.submission_key, after=after, limit=PAGE)
            contents = await communications.contents(connection, [order.communication_id for order in page])
        if not page:
            return
        kinds = {plan: await kinds_for(place, plan) for plan in {tuple(order.plan) for order in page}}
        for order in page:
            yield order_of(order, row.template, kinds[tuple(order.plan)], contents[order.communication_id])
        after = page[-1].position


async def _record(place: Workplace, attempt: Attempt, row: SubmissionRow, result: Result) -> None:
    """Record what became of the hand-over: the composer has it, it is tried or looked for again, or given up."""

    async def write(connection: Connection) -> ConnectorError | None:
        match result:
            case SubmissionReceipt():
                if not await submissions.claim_jobs(connection, row.connection, row.submission_key, result.jobs):
                    return _ANOTHERS
                await _submitted(place, connection, attempt, row, result)
            case NotNowError():
                await _put_back(connection, row)
                await again(connection, attempt, max(result.retry_at, place.now() + AT_THE_EARLIEST))
            case TransientError() if row.state == SubmissionState.SUBMITTING and not _is_overdue(place, row):
                await _again_later(place, connection, attempt, row, result)
            case TransientError() if row.state == SubmissionState.SUBMITTING:
                return OutcomeUnknownError(str(result))
            case TransientError() if _may_try_again(place, row):
                await _put_back(connection, row)
                await _again_later(place, connection, attempt, row, result)
            case OutcomeUnknownError() if _may_try_again(place, row):
                await _again_later(place, connection, attempt, row, result)
            case _:
                return result
        return None

    error = await in_transaction(place.pool, write)
    if error is not None:
        await _give_up(place, attempt, row, error)


def _is_overdue(place: Workplace, row: SubmissionRow) -> bool:
    """Say whether it has been looked for as long as an answer may take."""
    return place.now() - row.created_at > place.limits_of(row.connection).report_within


async def _submitted(
    place: Workplace, connection: Connection, attempt: Attempt, row: SubmissionRow, receipt: SubmissionReceipt
) -> None:
    now = place.now()
    if not await submissions.set_submitted(
        connection, row.submission_key, reference=receipt.reference, detail=receipt.detail, now=now
    ):
        return
    detail = {"connection": row.connection, "submission": row.submission_key, **receipt.detail}
    await submissions.tell(connection, row.submission_key, "submitted", detail, now)
    await wait_until(
        connection,
        Wait(
            due_at=now + FIRST_LOOK,
            stage="fetch",
            ids={"submission_key": row.submission_key},
            priority=Priority(attempt.priority),
        ),
    )


async def _put_back(connection: Connection, row: SubmissionRow) -> None:
    """Nothing happened: it was never submitted."""
    await submissions.set_state(
        connection,
        row.submission_key,
        origin=SubmissionState.SUBMITTING,
        target=SubmissionState.GATHERED,
        is_retry=True,
    )


async def _again_later(
    place: Workplace, connection: Connection, attempt: Attempt, row: SubmissionRow, error: ConnectorError
) -> None:
    await submissions.say(connection, row.submission_key, str(error), attempts=row.attempts + 1)
    await again(connection, attempt, place.now() + wait_after(row.attempts))


def _may_try_again(place: Workplace, row: SubmissionRow) -> bool:
    return row.attempts + 1 < place.limits_of(row.connection).attempts


async def _give_up(place: Workplace, attempt: Attempt, row: SubmissionRow, error: ConnectorError) -> None:
    """What was surely not taken failed and can be composed again; what may have been is for a person to settle."""
    is_unknown = isinstance(error, OutcomeUnknownError)
    failure = (
        Failure(stage="submit", kind=FailureKind.UNKNOWN_OUTCOME, reason=str(error))
        if is_unknown
        else failing.failure_of_composing(error)
    )
    target = State.OUTCOME_UNKNOWN if is_unknown else State.FAILED
    await move_awaited(place, row, lambda connection, page: fail_page(place, connection, page, failure, target))
    await _close(place, attempt, row, SubmissionState.UNKNOWN if is_unknown else SubmissionState.REFUSED)
