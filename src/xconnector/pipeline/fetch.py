"""fetch: look what became of a submission, and bring every result home to its communication by its key.

A look is harmless and may be repeated: what was recorded already is not awaited any more.
"""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field, replace

from xconnector.contract.composer import Composition
from xconnector.contract.errors import ConnectorError, MisconfiguredError, PermanentError, TransientError
from xconnector.contract.submission import Made, SubmissionOutcome, Underway
from xconnector.domain.communication import State
from xconnector.domain.document import RenditionKind
from xconnector.domain.failure import Failure, FailureKind
from xconnector.execution.jobs import Attempt
from xconnector.execution.limits import NotNowError
from xconnector.pipeline import composed, failing
from xconnector.pipeline.deliver import HELD_ELSEWHERE
from xconnector.pipeline.ordering import kinds_for
from xconnector.pipeline.retrying import again, wait_after
from xconnector.pipeline.submit import composer_of, described, give_up_submission
from xconnector.pipeline.workplace import Workplace
from xconnector.postgres.connect import Connection, in_transaction, reading, transaction
from xconnector.project.open_connections import is_outage
from xconnector.store import submissions
from xconnector.store.submissions import Named, SubmissionRow, SubmissionState, Tally

AT_ONCE = 200
"""Results that are recorded in one transaction."""
BYTES_AT_ONCE = 32 * 1024 * 1024
"""Content that is held before it is recorded, whatever the number of results."""

Result = Composition | ConnectorError


async def fetch(place: Workplace, attempt: Attempt, submission_key: str) -> None:
    """Look once, and look again later while the composer is at work or out of reach."""
    async with place.locks.hold(f"submission:{submission_key}") as held:
        async with reading(place.pool) as connection:
            row = await submissions.find(connection, submission_key)
        if row is None or row.state != SubmissionState.SUBMITTED:
            return
        if held is None:
            async with transaction(place.pool) as connection:
                await again(connection, attempt, place.now() + HELD_ELSEWHERE)
            return
        try:
            await _look(place, attempt, row)
        except (TransientError, NotNowError, TimeoutError) as error:
            await _look_later(place, attempt, row, error)
        except MisconfiguredError as error:
            await _stop(place, row, failing.failure_of(error, "fetch"))
        except PermanentError as error:
            # The job made nothing: its orders can be composed again.
            await _end(place, row, error, Tally(composed=0, left_out=row.orders, unasked=0))
        except ConnectorError as error:
            await _look_later(place, attempt, row, error)


async def _look(place: Workplace, attempt: Attempt, row: SubmissionRow) -> None:
    opened = await composer_of(place, row)
    submission = await described(place, row)
    found = await place.connections.limited(row.connection).call(
        lambda: opened.look(submission, row.reference or ""), is_outage=is_outage
    )
    if isinstance(found, Underway):
        async with transaction(place.pool) as connection:
            await submissions.say(connection, row.submission_key, found.said, in_vain=False)
            await again(connection, attempt, place.now() + found.look_again_after)
        return
    counted = _Counted()
    async for results in _in_parts(found.made):
        await _bring_home(place, attempt, row, results, counted)
    if counted.not_yet is not None:
        raise counted.not_yet
    await _tell_end(place, row, found, counted)


@dataclass(slots=True)
class _Counted:
    """What a look has seen so far."""

    composed: int = 0
    named: int = 0
    unasked: int = 0
    not_yet: TransientError | None = None
    """Of a result that may come later; the look is repeated for it."""
    kinds: dict[tuple[str, ...], frozenset[RenditionKind]] = field(
        default_factory=dict[tuple[str, ...], frozenset[RenditionKind]]
    )
    """What each plan's channels take."""


async def _in_parts(made: AsyncIterator[Made]) -> AsyncIterator[Sequence[Made]]:
    """Give the results in parts that stay small in number and in bytes."""
    part: list[Made] = []
    held = 0
    async for one in made:
        part.append(one)
        if isinstance(one.result, Composition):
            held += sum(len(rendition.content) for rendition in one.result.renditions)
        if len(part) >= AT_ONCE or held >= BYTES_AT_ONCE:
            yield part
            part, held = [], 0
    if part:
        yield part


async def _bring_home(
    place: Workplace, attempt: Attempt, row: SubmissionRow, results: Sequence[Made], counted: _Counted
) -> None:
    """Record what became of the orders that these results name."""
    async with reading(place.pool) as connection:
        orders = await submissions.named(connection, row.submission_key, [made.key for made in results])
    made: list[tuple[Named, Composition]] = []
    failed: list[tuple[Named, ConnectorError]] = []
    for one in results:
        order = orders.get(one.key)
        if order is None:
            counted.unasked += 1
            continue
        result = await _complete(place, order, one.result, counted)
        counted.named += 1
        counted.composed += isinstance(result, Composition)
        if isinstance(result, TransientError):
            counted.not_yet = result
        elif order.is_awaited:
            if isinstance(result, Composition):
                made.append((order, result))
            else:
                failed.append((order, result))
    kept = await composed.keep(place, made)
    stopped = [
        failing.stopped_by(order, failing.failure_of(error, "compose", permanent=FailureKind.PROJECT))
        for order, error in failed
    ]

    async def write(connection: Connection) -> None:
        await composed.record(place, connection, kept, origin=State.COMPOSING, priority=attempt.priority)
        await failing.fail(connection, stopped, origin=State.COMPOSING, now=place.now())

    await in_transaction(place.pool, write)


async def _complete(place: Workplace, order: Named, result: Result, counted: _Counted) -> Result:
    """Return the renditions that were asked for, or an error that names those that are missing."""
    if not isinstance(result, Composition):
        return result
    plan = tuple(order.plan)
    if plan not in counted.kinds:
        counted.kinds[plan] = await kinds_for(place, plan)
    wanted = counted.kinds[plan]
    renditions = tuple(rendition for rendition in result.renditions if rendition.kind in wanted)
    missing = sorted(wanted - {rendition.kind for rendition in renditions})
    if missing:
        return PermanentError(f"the composer made no {' and no '.join(missing)}, which the route needs")
    return replace(result, renditions=renditions)


async def _tell_end(place: Workplace, row: SubmissionRow, found: SubmissionOutcome, counted: _Counted) -> None:
    tally = Tally(composed=counted.composed, left_out=row.orders - counted.named, unasked=counted.unasked)
    await _end(place, row, found.left_out, tally)


async def _end(place: Workplace, row: SubmissionRow, left_out: ConnectorError, tally: Tally) -> None:
    """Let what no result named fail, one by one, and close the submission."""
    failure = failing.failure_of(left_out, "compose", permanent=FailureKind.PROJECT)

    async def write(connection: Connection) -> None:
        await give_up_submission(place, connection, row, failure)
        await submissions.set_ended(connection, row.submission_key, tally, place.now())

    await in_transaction(place.pool, write)


async def _look_later(place: Workplace, attempt: Attempt, row: SubmissionRow, error: Exception) -> None:
    """Look again, less and less often; when the job's time is up, it becomes named failures."""
    limits = place.limits_of(row.connection)
    now = place.now()
    if row.submitted_at is not None and now - row.submitted_at > limits.report_within:
        reason = f"{row.connection} has not told within {limits.report_within} what became of the job: {error}"
        await _stop(place, row, Failure(stage="fetch", kind=FailureKind.OUTAGE, reason=reason))
        return
    due_at = error.retry_at if isinstance(error, NotNowError) else now + wait_after(row.attempts)

    async def write(connection: Connection) -> None:
        await submissions.say(connection, row.submission_key, str(error) or "it did not answer in time", in_vain=True)
        await again(connection, attempt, due_at)

    await in_transaction(place.pool, write)


async def _stop(place: Workplace, row: SubmissionRow, failure: Failure) -> None:
    """Leave the job alone until somebody reprocesses its orders: it is then looked at again, not submitted again."""

    async def write(connection: Connection) -> None:
        stopped = await submissions.set_state(
            connection, row.submission_key, origin=SubmissionState.SUBMITTED, target=SubmissionState.STUCK
        )
        if stopped:
            await give_up_submission(place, connection, row, failure)

    await in_transaction(place.pool, write)
