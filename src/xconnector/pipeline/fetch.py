"""fetch: look what became of a submission, and bring every result home to its communication by its key.

A look is harmless and may be repeated: what was recorded already is not awaited any more.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import replace

from xconnector.contract.composer import Composition
from xconnector.contract.errors import ConnectorError, MisconfiguredError, PermanentError, TransientError
from xconnector.contract.submission import Made, Underway
from xconnector.domain.communication import State
from xconnector.domain.document import RenditionKind
from xconnector.domain.failure import Failure, FailureKind
from xconnector.execution.jobs import Attempt
from xconnector.execution.limits import NotNowError
from xconnector.pipeline import composed, failing
from xconnector.pipeline.closing_submissions import close_when_empty, fail_page, move_awaited
from xconnector.pipeline.deliver import AT_THE_EARLIEST, HELD_ELSEWHERE
from xconnector.pipeline.ordering import kinds_for
from xconnector.pipeline.retrying import again, wait_after
from xconnector.pipeline.submit import composer_of, described
from xconnector.pipeline.workplace import Workplace
from xconnector.postgres.connect import Connection, in_transaction, reading, transaction
from xconnector.project.open_connections import LONG_TIMEOUT, is_outage
from xconnector.store import submissions
from xconnector.store.submissions import Named, Ordered, SubmissionRow, SubmissionState, Tally

AT_ONCE = 200
"""Results that are recorded in one transaction."""
BYTES_AT_ONCE = 32 * 1024 * 1024
"""Content that is held before it is recorded, whatever the number of results."""

Result = Composition | ConnectorError
_STRANGERS = (
    "the job made {unasked} documents, and none under a key of those that were asked for: compare the key in the "
    "design's file with the one that the composer tells, and restart every worker after a change"
)


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
        seen = _Seen(row.orders)
        try:
            await _look(place, attempt, row, seen)
        except MisconfiguredError as error:
            await _stop(place, attempt, row, failing.failure_of(error, "fetch"))
        except PermanentError as error:
            # The job made nothing more: its other orders can be composed again.
            await _end(place, attempt, row, error, seen)
        except (ConnectorError, NotNowError, TimeoutError) as error:
            await _look_later(place, attempt, row, error)


async def _look(place: Workplace, attempt: Attempt, row: SubmissionRow, seen: "_Seen") -> None:
    try:
        opened = await composer_of(place, row)
    except PermanentError as error:
        # It is the connection's, and says nothing of the job.
        raise MisconfiguredError(str(error)) from error
    found = await place.connections.limited(row.connection, for_long=True).call(
        lambda: opened.look(described(row), row.reference or ""), is_outage=is_outage
    )
    if isinstance(found, Underway):
        await _wait(place, attempt, row, found)
        return
    async for results in _in_parts(found.made):
        await _bring_home(place, attempt, row, results, seen, found.detail)
    if seen.not_yet is not None:
        raise seen.not_yet
    await _end(place, attempt, row, found.left_out, seen, found.detail)


async def _wait(place: Workplace, attempt: Attempt, row: SubmissionRow, underway: Underway) -> None:
    """Look again when the composer says; when the job's time is up, it becomes named failures."""
    if _is_overdue(place, row):
        await _stop(place, attempt, row, _overdue(place, row, underway.said))
        return
    async with transaction(place.pool) as connection:
        await submissions.say(connection, row.submission_key, underway.said, attempts=0)
        await again(connection, attempt, place.now() + underway.look_again_after)


class _Seen:
    """What a look has seen so far."""

    def __init__(self, orders: int) -> None:
        self.composed = 0
        self.unasked = 0
        self.not_yet: TransientError | None = None
        """Of a result that may come later; the look is repeated for it."""
        self.kinds: dict[tuple[str, ...], frozenset[RenditionKind]] = {}
        """What each plan's channels take."""
        # A byte for each position: a set of a million would be a hundred times as large.
        self._named = bytearray(orders + 1)

    def name(self, position: int) -> None:
        self._named[position] = 1

    def has_named(self, position: int) -> bool:
        return bool(self._named[position])

    @property
    def named(self) -> int:
        """How many orders results named."""
        return self._named.count(1)


async def _in_parts(made: AsyncIterator[Made]) -> AsyncIterator[Sequence[Made]]:
    """Give the results in parts that stay small in number and in bytes."""
    part: list[Made] = []
    held = 0
    while (one := await _next(made)) is not None:
        part.append(one)
        if isinstance(one.result, Composition):
            held += sum(len(rendition.content) for rendition in one.result.renditions)
        if len(part) >= AT_ONCE or held >= BYTES_AT_ONCE:
            yield part
            part, held = [], 0
    if part:
        yield part


async def _next(made: AsyncIterator[Made]) -> Made | None:
    """Return the next result, or None behind the last. Raises TimeoutError when none comes for long."""
    async with asyncio.timeout(LONG_TIMEOUT.total_seconds()):
        return await anext(made, None)


async def _bring_home(
    place: Workplace,
    attempt: Attempt,
    row: SubmissionRow,
    results: Sequence[Made],
    seen: _Seen,
    detail: Mapping[str, str],
) -> None:
    """Record what became of the orders that these results name."""
    async with reading(place.pool) as connection:
        orders = await submissions.named(connection, row.submission_key, [made.key for made in results])
    made: list[tuple[Named, Composition]] = []
    failed: list[tuple[Named, ConnectorError]] = []
    for one in results:
        order = orders.get(one.key)
        if order is None:
            seen.unasked += 1
            continue
        if seen.has_named(order.position):
            # A second result for one order: the first is recorded.
            continue
        result = await _complete(place, order, one.result, seen)
        seen.name(order.position)
        seen.composed += isinstance(result, Composition)
        if isinstance(result, TransientError):
            seen.not_yet = result
        elif order.is_awaited:
            if isinstance(result, Composition):
                made.append((order, replace(result, detail={**detail, **result.detail})))
            else:
                failed.append((order, result))
    kept = await composed.keep(place, made)
    stopped = [failing.stopped_by(order, failing.failure_of_composing(error)) for order, error in failed]

    async def write(connection: Connection) -> None:
        await composed.record(place, connection, kept, origin=State.COMPOSING, priority=attempt.priority)
        await failing.fail(connection, stopped, origin=State.COMPOSING, now=place.now())

    await in_transaction(place.pool, write)


async def _complete(place: Workplace, order: Named, result: Result, seen: _Seen) -> Result:
    """Return the renditions that were asked for, or an error that names those that are missing."""
    if not isinstance(result, Composition):
        return result
    wanted = await _wanted(place, tuple(order.plan), seen)
    renditions = tuple(rendition for rendition in result.renditions if rendition.kind in wanted)
    missing = sorted(wanted - {rendition.kind for rendition in renditions})
    if missing:
        return PermanentError(f"the composer made no {' and no '.join(missing)}, which the route needs")
    return replace(result, renditions=renditions)


async def _wanted(place: Workplace, plan: tuple[str, ...], seen: _Seen) -> frozenset[RenditionKind]:
    if plan not in seen.kinds:
        try:
            seen.kinds[plan] = await kinds_for(place, plan)
        except PermanentError as error:
            # It is the channel's, and says nothing of the job.
            raise MisconfiguredError(str(error)) from error
    return seen.kinds[plan]


async def _end(
    place: Workplace,
    attempt: Attempt,
    row: SubmissionRow,
    left_out: ConnectorError,
    seen: _Seen,
    detail: Mapping[str, str] | None = None,
) -> None:
    """Let what no result named fail, one by one, and close the submission.

    What a result named while it was not awaited, because somebody took it up just then, is looked at once more.
    """
    if seen.unasked and not seen.named:
        left_out = PermanentError(_STRANGERS.format(unasked=seen.unasked))
    failure = failing.failure_of_composing(left_out)

    async def fail_unnamed(connection: Connection, page: Sequence[Ordered]) -> None:
        unnamed = [order for order in page if not seen.has_named(order.position)]
        await fail_page(place, connection, unnamed, failure)

    await move_awaited(place, row, fail_unnamed)
    tally = Tally(composed=seen.composed, left_out=row.orders - seen.named, unasked=seen.unasked, detail=detail or {})
    await close_when_empty(
        place,
        attempt,
        row,
        lambda connection: submissions.set_ended(connection, row.submission_key, tally, place.now()),
    )


def _is_overdue(place: Workplace, row: SubmissionRow) -> bool:
    within = place.limits_of(row.connection).report_within
    return row.submitted_at is not None and place.now() - row.submitted_at > within


def _overdue(place: Workplace, row: SubmissionRow, said: str) -> Failure:
    within = place.limits_of(row.connection).report_within
    reason = f"{row.connection} has not told within {within} what became of the job: {said}"
    return Failure(stage="fetch", kind=FailureKind.OUTAGE, reason=reason)


async def _look_later(place: Workplace, attempt: Attempt, row: SubmissionRow, error: Exception) -> None:
    """Look again, less and less often; when the job's time is up, it becomes named failures."""
    said = str(error) or f"{row.connection} did not answer in time"
    if _is_overdue(place, row):
        await _stop(place, attempt, row, _overdue(place, row, said))
        return
    is_put_off = isinstance(error, NotNowError)
    due_at = place.now() + wait_after(row.attempts)
    if isinstance(error, NotNowError):
        due_at = max(error.retry_at, place.now() + AT_THE_EARLIEST)

    async def write(connection: Connection) -> None:
        await submissions.say(connection, row.submission_key, said, attempts=row.attempts + (not is_put_off))
        await again(connection, attempt, due_at)

    await in_transaction(place.pool, write)


async def _stop(place: Workplace, attempt: Attempt, row: SubmissionRow, failure: Failure) -> None:
    """Leave the job alone until somebody reprocesses its orders: it is then looked at again, not submitted again."""
    await move_awaited(place, row, lambda connection, page: fail_page(place, connection, page, failure))
    await close_when_empty(
        place,
        attempt,
        row,
        lambda connection: submissions.set_state(
            connection, row.submission_key, origin=SubmissionState.SUBMITTED, target=SubmissionState.STUCK
        ),
    )
