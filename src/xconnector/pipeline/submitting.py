"""submitting: orders for a composer that works in its own time wait for each other, and leave as one submission."""

from collections.abc import Sequence
from functools import partial
from uuid import UUID

from xconnector.contract.composer import Order
from xconnector.contract.errors import ConnectorError, PermanentError
from xconnector.contract.submission import ComposesSubmissions
from xconnector.domain.communication import State
from xconnector.execution.jobs import Priority
from xconnector.pipeline import failing
from xconnector.pipeline.ordering_anew import order_anew
from xconnector.pipeline.workplace import Workplace
from xconnector.postgres.connect import Connection, in_transaction, reading
from xconnector.store import submissions
from xconnector.store.communications import Standing
from xconnector.store.failures import Stopped
from xconnector.store.moves import Move, Step, move_and_tell
from xconnector.store.submissions import Waiting

TAKEN_BACK_AT_ONCE = 500


async def let_wait(
    place: Workplace,
    composer: str,
    opened: ComposesSubmissions,
    run_id: UUID | None,
    ordered: Sequence[tuple[Standing, Order]],
) -> None:
    """Let orders wait for a submission; one that the composer does not admit fails alone."""
    admitted: list[tuple[Standing, Order, str | None]] = []
    stopped: list[Stopped] = []
    for standing, order in ordered:
        try:
            admitted.append((standing, order, opened.admit(order)))
        except PermanentError as error:
            stopped.append(failing.stopped_by(standing, failing.failure_of_composing(error)))

    async def write(connection: Connection) -> None:
        now = place.now()
        await failing.fail(connection, stopped, origin=State.DECIDED, now=now)
        detail = {"connection": composer}
        moves = [
            Move(communication_id=row.communication_id, batch_id=row.batch_id, detail=detail) for row, _, _ in admitted
        ]
        step = Step(origin=State.DECIDED, target=State.COMPOSING, event="ordered")
        moved = await move_and_tell(connection, moves, step, now)
        for template in sorted({order.template for _, order, _ in admitted}):
            orders = [
                (row.communication_id, key)
                for row, order, key in admitted
                if order.template == template and row.communication_id in moved
            ]
            if orders:
                await submissions.wait(connection, composer, template, run_id, orders)

    await in_transaction(place.pool, write)


async def gather_orders(place: Workplace) -> None:
    """Make submissions of what waits: single orders, runs that are through, and as many as one submission takes.

    What waits for a connection that takes no submissions any more is ordered anew, from whoever composes now.
    """
    async with reading(place.pool) as connection:
        composers = await submissions.composers(connection)
    for name in composers:
        if name not in place.connections.composer_names:
            await _take_back(place, name)
            continue
        try:
            opened = await place.connections.composer(name)
        except ConnectorError:
            # The check of the connection says why; another that does not open keeps nobody waiting.
            continue
        if isinstance(opened, ComposesSubmissions):
            await in_transaction(place.pool, partial(_bind_all, place, name, opened.orders_per_submission))
        else:
            await _take_back(place, name)


async def _take_back(place: Workplace, composer: str) -> None:
    async def write(connection: Connection) -> None:
        await submissions.lock(connection, composer)
        orders = await submissions.take_back(connection, composer, limit=TAKEN_BACK_AT_ONCE)
        await order_anew(place, connection, orders, why=f"{composer} takes no submissions any more", now=place.now())

    await in_transaction(place.pool, write)


async def _bind_all(place: Workplace, composer: str, at_most: int, connection: Connection) -> None:
    await submissions.lock(connection, composer)
    for waiting in await submissions.waiting(connection, composer):
        if waiting.orders >= at_most or await _is_complete(place, connection, composer, waiting):
            await _bind(place, connection, composer, waiting, at_most=at_most)


async def _is_complete(place: Workplace, connection: Connection, composer: str, waiting: Waiting) -> bool:
    """Say whether nothing can be added any more: single orders wait for nobody, those of a run for its last."""
    if waiting.run_id is None:
        return True
    names = [
        kind.name
        for kind in place.project.communications.values()
        if (kind.template.composer, kind.template.name) == (composer, waiting.template)
    ]
    return waiting.is_sealed and not await submissions.is_under_way(connection, waiting.run_id, names)


async def _bind(place: Workplace, connection: Connection, composer: str, waiting: Waiting, *, at_most: int) -> None:
    now = place.now()
    # The chance part keeps two of one second apart.
    chance = place.new_id().hex[-6:]
    submission_key = f"{waiting.run_name or 'singles'}-{waiting.template}-{now:%Y%m%dT%H%M%S}-{chance}"
    await submissions.gather(
        connection,
        composer,
        submission_key=submission_key,
        template=waiting.template,
        run_id=waiting.run_id,
        at_most=at_most,
        now=now,
    )
    priority = Priority.ONE_OFF if waiting.run_id is None else Priority.BULK
    await place.jobs.defer(connection, "submit", priority=priority, submission_key=submission_key)
