"""Closing a submission: what is still awaited of it is moved page by page, and it is closed when nothing is left.

Somebody may take orders up again (reprocess, settle) at any moment: a submission under which orders are awaited is
never closed, for nobody would look at it again.
"""

from collections.abc import Awaitable, Callable, Sequence

from xconnector.domain.communication import State
from xconnector.domain.failure import Failure
from xconnector.execution.jobs import Attempt
from xconnector.pipeline import failing
from xconnector.pipeline.retrying import again
from xconnector.pipeline.workplace import Workplace
from xconnector.postgres.connect import Connection, in_transaction, reading
from xconnector.store import submissions
from xconnector.store.submissions import Ordered, SubmissionRow

PAGE = 500

Move = Callable[[Connection, Sequence[Ordered]], Awaitable[None]]
"""Moves a page of awaited orders on, in the transaction of its connection."""


async def move_awaited(place: Workplace, row: SubmissionRow, move: Move) -> None:
    """Give every order that is still awaited to `move`, each page in a transaction of its own; harmless to repeat."""
    after = 0
    while page := await _page(place, row, after):

        async def write(connection: Connection, orders: Sequence[Ordered] = page) -> None:
            await move(connection, orders)

        await in_transaction(place.pool, write)
        after = page[-1].position


async def close_when_empty(
    place: Workplace, attempt: Attempt, row: SubmissionRow, close: Callable[[Connection], Awaitable[object]]
) -> None:
    """Close a submission under which nothing is awaited; else let its stage run again at once."""

    async def write(connection: Connection) -> None:
        await submissions.lock_row(connection, row.submission_key)
        if await submissions.count_awaited(connection, row.submission_key):
            await again(connection, attempt, place.now())
        else:
            await close(connection)

    await in_transaction(place.pool, write)


async def fail_page(
    place: Workplace, connection: Connection, page: Sequence[Ordered], failure: Failure, target: State = State.FAILED
) -> None:
    """Let a page of awaited orders fail, in the caller's transaction."""
    stopped = [failing.stopped_by(order, failure) for order in page]
    await failing.fail(connection, stopped, origin=State.COMPOSING, now=place.now(), target=target)


async def _page(place: Workplace, row: SubmissionRow, after: int) -> Sequence[Ordered]:
    async with reading(place.pool) as connection:
        return await submissions.page(connection, row.submission_key, after=after, limit=PAGE)
