"""collect: pieces for print wait until their run is through, or until the cut-off, and leave as one bundle."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

import msgspec

from xconnector.contract.channel import Bundle, BundleReceipt, Collects, Dispatch, Receipt, Recipient
from xconnector.contract.errors import ConnectorError, OutcomeUnknownError, TransientError
from xconnector.domain.communication import State
from xconnector.domain.cutoff import latest_cutoff
from xconnector.domain.document import Rendition, RenditionKind
from xconnector.execution.jobs import Attempt, Priority
from xconnector.execution.limits import NotNowError
from xconnector.execution.waits import Wait, wait_until
from xconnector.pipeline import failing, hops
from xconnector.pipeline.deliver import HELD_ELSEWHERE
from xconnector.pipeline.receipts import Taken, record_receipts
from xconnector.pipeline.retrying import wait_after
from xconnector.pipeline.workplace import Workplace
from xconnector.postgres.connect import Connection, in_transaction, transaction
from xconnector.project.open_connections import is_outage
from xconnector.store import bundles, communications, dispatches, ledger
from xconnector.store.bundles import BundleRow, Gathering, Piece
from xconnector.store.content import ContentStore, DamagedContentError, Place
from xconnector.store.dispatches import DispatchState
from xconnector.store.failures import Stopped

Result = BundleReceipt | ConnectorError | NotNowError


async def gather(place: Workplace, connection: Connection) -> None:
    """Make bundles of what waits: of every run that is through, and of single pieces past their cut-off."""
    for name in place.connections.channel_names:
        channel = await place.connections.collecting(name)
        if channel is None:
            continue
        for gathering in await _ready(place, connection, name):
            await _bind(place, connection, name, channel, gathering)


async def _ready(place: Workplace, connection: Connection, name: str) -> list[Gathering]:
    before = _due_before(place, name)
    ready = await bundles.ready_runs(connection, name, collected_before=before)
    singles = await bundles.ready_singles(connection, name, collected_before=before)
    return [*ready, singles] if singles is not None else ready


def _due_before(place: Workplace, name: str) -> datetime:
    """Pieces that were collected before this time have waited long enough."""
    limits = place.project.connections[name].limits
    if limits.cutoffs:
        return latest_cutoff(place.now(), limits.cutoffs, ZoneInfo(place.project.locale.timezone))
    return place.now() - limits.collect


async def _bind(place: Workplace, connection: Connection, name: str, channel: Collects, gathering: Gathering) -> None:
    left = gathering.pieces
    while left > 0:
        now = place.now()
        bundle_key = f"{gathering.run_name or 'singles'}-{now:%Y%m%dT%H%M%S}-{place.new_id().hex[-6:]}"
        bound = await bundles.gather(
            connection,
            name,
            bundle_key=bundle_key,
            run_id=gathering.run_id,
            at_most=min(left, channel.pieces_per_bundle),
            now=now,
        )
        await place.jobs.defer(connection, "bundle", priority=Priority.ONE_OFF, bundle_key=bundle_key)
        left -= max(bound, 1)


async def bundle(place: Workplace, attempt: Attempt, bundle_key: str) -> None:
    """Make one bundle and hand it over; settle it first when a worker died over it."""
    async with place.locks.hold(f"bundle:{bundle_key}") as held:
        async with transaction(place.pool) as reading:
            row = await bundles.find(reading, bundle_key)
        if row is None or row.state not in {"collected", "dispatching"}:
            return
        if held is None:
            async with transaction(place.pool) as connection:
                await _wait(connection, attempt, place.now() + HELD_ELSEWHERE)
            return
        pieces = await _intend(place, row)
        arrived = await _ask(place, row) if row.state == "dispatching" else None
        result = arrived if arrived is not None else await _hand_over(place, row, pieces)
        await _record(place, attempt, row, pieces, result)


async def _wait(connection: Connection, attempt: Attempt, due_at: datetime) -> None:
    await wait_until(
        connection, Wait(due_at=due_at, stage="bundle", ids=attempt.ids, priority=Priority(attempt.priority))
    )


async def _intend(place: Workplace, row: BundleRow) -> list[Piece]:
    """Record that the bundle and all its pieces are about to be handed over."""

    async def write(connection: Connection) -> list[Piece]:
        now = place.now()
        pieces = await bundles.pieces(connection, row.bundle_key)
        if await bundles.set_state(connection, row.bundle_key, origin="collected", target="dispatching"):
            await dispatches.settle(
                connection, [(piece.dispatch_key, DispatchState.DISPATCHING, None) for piece in pieces], now
            )
            await _move(connection, row, pieces, origin=State.COLLECTED, target=State.DISPATCHING, now=now)
        return pieces

    return await in_transaction(place.pool, write)


async def _move(
    connection: Connection, row: BundleRow, pieces: Sequence[Piece], *, origin: State, target: State, now: datetime
) -> None:
    ids = [piece.communication_id for piece in pieces]
    moved = await communications.move(connection, ids, origin=origin, target=target, now=now)
    await ledger.append(
        connection,
        [
            ledger.Entry(
                at=now,
                batch_id=piece.batch_id,
                communication_id=piece.communication_id,
                event=target.value,
                state=target,
                detail={"connection": row.connection, "bundle": row.bundle_key, "dispatch": piece.dispatch_key},
            )
            for piece in pieces
            if piece.communication_id in moved
        ],
    )


async def _ask(place: Workplace, row: BundleRow) -> BundleReceipt | ConnectorError | None:
    """Ask what became of a hand-over that was interrupted; None when it surely did not arrive."""
    try:
        channel = await place.connections.collecting(row.connection)
        return None if channel is None else await channel.ask_bundle(row.bundle_key)
    except ConnectorError as error:
        return OutcomeUnknownError(str(error))


async def _hand_over(place: Workplace, row: BundleRow, pieces: Sequence[Piece]) -> Result:
    order = Bundle(bundle_key=row.bundle_key, created_at=row.created_at, pieces=len(pieces), run=row.run_name)
    try:
        channel = await place.connections.collecting(row.connection)
        if channel is None:
            return TransientError(f"{row.connection} takes no bundles any more; reprocess its pieces")
        return await place.connections.limited(row.connection, for_bundles=True).call(
            lambda: channel.send_bundle(order, _dispatches(place, row, pieces)), is_outage=is_outage
        )
    except TimeoutError:
        return OutcomeUnknownError(f"{row.connection} did not answer in time")
    except (ConnectorError, NotNowError) as error:
        return error


def _dispatches(place: Workplace, row: BundleRow, pieces: Sequence[Piece]) -> Iterator[Dispatch]:
    """Give the dispatches in print order; the bytes of one are in memory at a time.

    A piece whose letter is damaged has none, so that the channel leaves it out and remembers that it did.
    """
    for piece in pieces:
        letter = _letter(place.content, piece)
        yield Dispatch(
            dispatch_key=piece.dispatch_key,
            communication_id=piece.communication_id,
            communication=piece.name,
            title=piece.title,
            language=piece.language,
            promotional=place.project.communications[piece.name].promotional,
            recipient=msgspec.json.decode(piece.recipient, type=Recipient),
            renditions={} if letter is None else {RenditionKind.LETTER: letter},
            run=row.run_name,
        )


def _letter(content: ContentStore, piece: Piece) -> Rendition | None:
    place = Place(pack=piece.pack, offset=piece.pack_offset, length=piece.pack_length)
    try:
        letter = content.read(place, piece.sha256)
    except DamagedContentError:
        return None
    return Rendition(kind=RenditionKind.LETTER, content=letter, sha256=piece.sha256, pages=piece.pages)


async def _record(place: Workplace, attempt: Attempt, row: BundleRow, pieces: Sequence[Piece], result: Result) -> None:
    """Record what became of the bundle and of each of its pieces.

    One that is put off stays `dispatching`, so that it is asked for before it is sent again.
    """

    async def write(connection: Connection) -> None:
        now = place.now()
        if isinstance(result, BundleReceipt):
            await _record_taken(place, connection, row, pieces, result, now=now)
        elif isinstance(result, NotNowError):
            await _wait(connection, attempt, result.retry_at)
        elif _may_try_again(place, row, result):
            await bundles.count_attempt(connection, row.bundle_key)
            await _wait(connection, attempt, now + wait_after(row.attempts))
        else:
            await _give_up(connection, row, pieces, result, now=now)

    await in_transaction(place.pool, write)


def _may_try_again(place: Workplace, row: BundleRow, error: ConnectorError) -> bool:
    """A bundle whose answer was lost is asked for before it is sent again: both may be tried."""
    passes = isinstance(error, TransientError | OutcomeUnknownError)
    return passes and row.attempts + 1 < place.project.connections[row.connection].limits.attempts


async def _record_taken(
    place: Workplace,
    connection: Connection,
    row: BundleRow,
    pieces: Sequence[Piece],
    receipt: BundleReceipt,
    *,
    now: datetime,
) -> None:
    await bundles.set_state(
        connection, row.bundle_key, origin="dispatching", target="dispatched", reference=receipt.reference
    )
    single = Receipt(reference=receipt.reference, awaits_report=receipt.awaits_report)
    taken = [
        Taken(
            communication_id=piece.communication_id,
            batch_id=piece.batch_id,
            dispatch_key=piece.dispatch_key,
            receipt=single,
        )
        for piece in pieces
        if piece.dispatch_key not in receipt.left_out
    ]
    await record_receipts(place, connection, taken, now=now)
    left_out = [piece for piece in pieces if piece.dispatch_key in receipt.left_out]
    refused = [(piece.dispatch_key, DispatchState.REFUSED, None) for piece in left_out]
    await dispatches.settle(connection, refused, now)
    causes = {
        piece.communication_id: failing.failure_of(receipt.left_out[piece.dispatch_key], "deliver")
        for piece in left_out
    }
    await hops.go_on(place, connection, causes, origin=State.DISPATCHING, now=now)


async def _give_up(
    connection: Connection, row: BundleRow, pieces: Sequence[Piece], error: ConnectorError, *, now: datetime
) -> None:
    """Take the bundle apart: each piece is a failure of its own and can be reprocessed into another bundle."""
    await bundles.set_state(connection, row.bundle_key, origin="dispatching", target="given_up")
    unknown = isinstance(error, OutcomeUnknownError)
    state = DispatchState.OUTCOME_UNKNOWN if unknown else DispatchState.PUT_OFF
    await dispatches.settle(connection, [(piece.dispatch_key, state, None) for piece in pieces], now)
    cause = failing.failure_of(error, "deliver")
    await failing.fail(
        connection,
        [Stopped(batch_id=piece.batch_id, communication_id=piece.communication_id, failure=cause) for piece in pieces],
        origin=State.DISPATCHING,
        target=State.OUTCOME_UNKNOWN if unknown else State.FAILED,
        now=now,
    )
