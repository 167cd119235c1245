"""compose: make the documents, here and now or as a job of the composer's own."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import groupby
from uuid import UUID

from xconnector.contract.composer import Composer, Composition, Order
from xconnector.contract.errors import ConnectorError, TransientError
from xconnector.contract.submission import ComposesSubmissions
from xconnector.domain.communication import State
from xconnector.execution.jobs import Attempt
from xconnector.execution.limits import NotNowError
from xconnector.pipeline import composed, failing
from xconnector.pipeline.deliver import AT_THE_EARLIEST
from xconnector.pipeline.ordering import composer_of, kinds_for, order_of, template_of
from xconnector.pipeline.retrying import due_again, wait_in_place
from xconnector.pipeline.submitting import let_wait
from xconnector.pipeline.workplace import Workplace
from xconnector.postgres.connect import Connection, in_transaction, reading
from xconnector.project.open_connections import is_outage
from xconnector.store import communications, runs
from xconnector.store.communications import Standing
from xconnector.store.failures import Stopped

Result = Composition | ConnectorError | NotNowError


async def compose(place: Workplace, attempt: Attempt, batch_id: int) -> None:
    """Compose the batch's decided communications, and hand on those that need no person's word."""
    async with reading(place.pool) as connection:
        batch = await runs.batch(connection, batch_id)
        standings = await communications.in_state(connection, batch_id, State.DECIDED)
        contents = await communications.contents(connection, [row.communication_id for row in standings])
    run_id = batch.run_id if batch is not None else None
    standings = await failing.without_unknown(place, standings, stage="compose", origin=State.DECIDED)
    by_composer = sorted(standings, key=lambda row: composer_of(place, row))
    for composer, group in groupby(by_composer, key=lambda row: composer_of(place, row)):
        await _order(place, attempt, composer, run_id, list(group), contents)


async def _order(
    place: Workplace,
    attempt: Attempt,
    composer: str,
    run_id: UUID | None,
    standings: Sequence[Standing],
    contents: Mapping[UUID, str],
) -> None:
    """Have a composer make documents: while we wait, or as a submission where it wants it so."""
    try:
        opened = await place.connections.composer(composer)
        kinds = {plan: await kinds_for(place, plan) for plan in {tuple(row.plan) for row in standings}}
    except ConnectorError as error:
        await _record(place, attempt, composer, standings, [error] * len(standings))
        return
    ordered = [
        (row, order_of(row, template_of(place, row), kinds[tuple(row.plan)], contents[row.communication_id]))
        for row in standings
    ]
    now = ordered
    if isinstance(opened, ComposesSubmissions):
        templates = {order.template for _, order in ordered}
        later = {template for template in templates if opened.submits(template, of_run=run_id is not None)}
        if later:
            await let_wait(place, composer, opened, run_id, [pair for pair in ordered if pair[1].template in later])
        now = [pair for pair in ordered if pair[1].template not in later]
    if now:
        results = await _ask(place, composer, opened, [order for _, order in now])
        await _record(place, attempt, composer, [row for row, _ in now], results)


async def _ask(place: Workplace, composer: str, opened: Composer, orders: Sequence[Order]) -> Sequence[Result]:
    try:
        return await place.connections.limited(composer).call(
            lambda: opened.compose(orders), is_outage=is_outage, counts_as=len(orders)
        )
    except ConnectorError as error:
        return [error] * len(orders)
    except NotNowError as error:
        return [error] * len(orders)
    except TimeoutError:
        timeout = place.limits_of(composer).timeout
        told = f"{composer} did not answer within {timeout} for each document; `limits.timeout` may give it longer"
        return [TransientError(told)] * len(orders)


async def _record(
    place: Workplace,
    attempt: Attempt,
    composer: str,
    standings: Sequence[Standing],
    results: Sequence[Result],
) -> None:
    pairs = list(zip(standings, results, strict=True))
    made = await composed.keep(place, [(row, result) for row, result in pairs if isinstance(result, Composition)])
    stopped: list[Stopped] = []
    later: list[tuple[UUID, datetime]] = []
    not_now: list[tuple[UUID, datetime]] = []
    limits = place.limits_of(composer)
    for standing, result in pairs:
        if isinstance(result, Composition):
            continue
        if isinstance(result, NotNowError):
            not_now.append((standing.communication_id, max(result.retry_at, place.now() + AT_THE_EARLIEST)))
            continue
        due_at = due_again(standing.attempts, result, limits, now=place.now())
        if due_at is not None:
            later.append((standing.communication_id, due_at))
        else:
            stopped.append(failing.stopped_by(standing, failing.failure_of_composing(result)))

    async def write(connection: Connection) -> None:
        await composed.record(place, connection, made, origin=State.DECIDED, priority=attempt.priority)
        await failing.fail(connection, stopped, origin=State.DECIDED, now=place.now())
        await wait_in_place(connection, attempt, later)
        await wait_in_place(connection, attempt, not_now, was_tried=False)

    await in_transaction(place.pool, write)
