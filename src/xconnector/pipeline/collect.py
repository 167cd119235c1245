"""collect: pieces for print wait until their run is through, or until the cut-off, and leave as one bundle."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from xconnector.contract.channel import Bundle, BundleReceipt, Collects, Dispatch, Receipt
from xconnector.contract.errors import ConnectorError, OutcomeUnknownError, TransientError
from xconnector.domain.communication import State
from xconnector.domain.cutoff import latest_cutoff
from xconnector.domain.document import Rendition, RenditionKind
from xconnector.execution.jobs import Attempt, Priority
from xconnector.execution.limits import NotNowError
from xconnector.pipeline.closing import Answer, close
from xconnector.pipeline.deliver import HELD_ELSEWHERE
from xconnector.pipeline.dispatching import proof_of, recipient_of
from xconnector.pipeline.retrying import again, wait_after
from xconnector.pipeline.taking_out import take_back, take_out
from xconnector.pipeline.workplace import Workplace
from xconnector.postgres.connect import Connection, in_transaction, transaction
from xconnector.project.open_connections import is_outage
from xconnector.store import bundles, dispatches
from xconnector.store.bundles import BundleRow, Gathering, Piece
from xconnector.store.content import ContentStore, DamagedContentError, Place
from xconnector.store.moves import Move, Step, move_and_tell
from xconnector.store.rows import from_json

BUNDLES_AT_ONCE = 2
"""Bundles of runs that are made at once for a connection, over all workers: there must be room for single events."""
WRITTEN_AT_ONCE = 500

Result = BundleReceipt | ConnectorError | NotNowError


async def gather(place: Workplace, connection: Connection) -> None:
    """Make bundles of what waits: of every run that is through, and of single pieces past their cut-off."""
    for name in place.connections.channel_names:
        channel = await _collecting(place, name)
        if channel is None:
            continue
        for gathering in await _ready(place, connection, name):
            await _bind(place, connection, name, channel, gathering)


async def _collecting(place: Workplace, name: str) -> Collects | None:
    """Return the channel when it takes bundles and opens; another one that does not open keeps nobody waiting."""
    try:
        return await place.connections.collecting(name)
    except ConnectorError:
        return None


async def _ready(place: Workplace, connection: Connection, name: str) -> list[Gathering]:
    before = _due_before(place, name)
    ready = await bundles.ready_runs(connection, name, collected_before=before)
    singles = await bundles.ready_singles(connection, name, collected_before=before)
    return [*ready, singles] if singles is not None else ready


def _due_before(place: Workplace, name: str) -> datetime:
    """Pieces that were collected before this time have waited long enough."""
    limits = place.limits_of(name)
    if limits.cutoffs:
        return latest_cutoff(place.now(), limits.cutoffs, ZoneInfo(place.project.locale.timezone))
    return place.now() - limits.collect


async def _bind(place: Workplace, connection: Connection, name: str, channel: Collects, gathering: Gathering) -> None:
    # Counted now: pieces may have come while it was found out that the run is through.
    left = await bundles.count_waiting(connection, name, run_id=gathering.run_id)
    while left > 0:
        now = place.now()
        chance = place.new_id().hex[-6:]
        bundle_key = f"{gathering.run_name or 'singles'}-{now:%Y%m%dT%H%M%S}-{chance}"
        # Single pieces never wait for a run.
        lane = "singles" if gathering.run_id is None else f"runs-{int(chance, 16) % BUNDLES_AT_ONCE}"
        bound = await bundles.gather(
            connection,
            name,
            bundle_key=bundle_key,
            run_id=gathering.run_id,
            at_most=min(left, channel.pieces_per_bundle),
            now=now,
        )
        await place.jobs.defer(
            connection, "bundle", priority=Priority.ONE_OFF, lock=f"bundle:{name}:{lane}", bundle_key=bundle_key
        )
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
                await again(connection, attempt, place.now() + HELD_ELSEWHERE)
            return
        arrived = await _ask(place, row) if row.state == "dispatching" else None
        pieces = await (_intend(place, row) if arrived is None else _pieces(place, row))
        if not pieces:
            await _give_up(place, row)
            return
        result = arrived if arrived is not None else await _hand_over(place, row, pieces)
        await _record(place, attempt, row, pieces, result)


async def _pieces(place: Workplace, row: BundleRow) -> list[Piece]:
    return await in_transaction(place.pool, lambda connection: bundles.pieces(connection, row.bundle_key))


async def _intend(place: Workplace, row: BundleRow) -> list[Piece]:
    """Record that the bundle is about to be handed over, with those of its pieces that are still wanted.

    Where it surely did not arrive before, there may be news since.
    """

    async def write(connection: Connection) -> list[Piece]:
        now = place.now()
        pieces = await bundles.pieces(connection, row.bundle_key)
        if await bundles.set_state(connection, row.bundle_key, origin="collected", target="dispatching"):
            waiting = pieces
        else:
            waiting = await take_back(place, connection, row.bundle_key, pieces, now=now)
        if not waiting:
            return pieces
        for some in _in_parts(await take_out(place, connection, waiting, now=now)):
            await _tell_intended(connection, row, some, now)
        await dispatches.start_bundle(connection, row.bundle_key, now)
        return await bundles.pieces(connection, row.bundle_key)

    return await in_transaction(place.pool, write)


async def _give_up(place: Workplace, row: BundleRow) -> None:
    """Close a bundle of which no piece is left."""
    async with transaction(place.pool) as connection:
        await bundles.set_state(connection, row.bundle_key, origin="dispatching", target="given_up")


async def _tell_intended(connection: Connection, row: BundleRow, pieces: Sequence[Piece], now: datetime) -> None:
    moves = [
        Move(
            communication_id=piece.communication_id,
            batch_id=piece.batch_id,
            detail={"connection": row.connection, "bundle": row.bundle_key, "dispatch": piece.dispatch_key},
        )
        for piece in pieces
    ]
    step = Step(origin=State.COLLECTED, target=State.DISPATCHING, event="dispatching")
    await move_and_tell(connection, moves, step, now)


def _in_parts(pieces: Sequence[Piece]) -> Iterator[Sequence[Piece]]:
    """Give the pieces in parts, so that what is written of them is never in memory for the whole bundle.

    In the order of their identities, in which everybody locks communications.
    """
    ordered = sorted(pieces, key=lambda piece: piece.communication_id)
    for start in range(0, len(ordered), WRITTEN_AT_ONCE):
        yield ordered[start : start + WRITTEN_AT_ONCE]


async def _ask(place: Workplace, row: BundleRow) -> BundleReceipt | ConnectorError | None:
    """Ask what became of a hand-over that was interrupted; None when it surely did not arrive."""
    try:
        channel = await place.connections.collecting(row.connection)
        if channel is None:
            return OutcomeUnknownError(f"{row.connection} takes no bundles any more and cannot be asked")
        return await channel.ask_bundle(row.bundle_key)
    except ConnectorError as error:
        return OutcomeUnknownError(str(error))


async def _hand_over(place: Workplace, row: BundleRow, pieces: Sequence[Piece]) -> Result:
    order = Bundle(
        bundle_key=row.bundle_key,
        created_at=row.created_at,
        pieces=len(pieces),
        run=row.run_name,
        first_number=row.first_number,
        lately=row.lately,
    )
    try:
        channel = await place.connections.collecting(row.connection)
        if channel is None:
            return TransientError(f"{row.connection} takes no bundles any more; reprocess its pieces")
        return await place.connections.limited(row.connection, for_long=True).call(
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
            promotional=place.is_promotional(piece.name),
            recipient=recipient_of(piece.recipient),
            renditions={} if letter is None else {RenditionKind.LETTER: letter},
            run=row.run_name,
            proof=proof_of(piece.proof),
            print_options={} if piece.print_options is None else from_json(piece.print_options),
            sharing=place.sharing_of(piece.name),
            reprint_of=piece.reprint_of,
        )


def _letter(content: ContentStore, piece: Piece) -> Rendition | None:
    if piece.sha256 is None or piece.pack is None or piece.pack_offset is None or piece.pack_length is None:
        return None
    if not piece.is_released:
        return None
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
        if isinstance(result, NotNowError):
            await again(connection, attempt, result.retry_at)
        elif isinstance(result, ConnectorError) and _may_try_again(place, row, result):
            await bundles.count_attempt(connection, row.bundle_key)
            await again(connection, attempt, now + wait_after(row.attempts))
        else:
            await _close(place, connection, row, pieces, result)

    await in_transaction(place.pool, write)


def _may_try_again(place: Workplace, row: BundleRow, error: ConnectorError) -> bool:
    """A bundle whose answer was lost is asked for before it is sent again: both may be tried."""
    passes = isinstance(error, TransientError | OutcomeUnknownError)
    return passes and row.attempts + 1 < place.limits_of(row.connection).attempts


async def _close(
    place: Workplace,
    connection: Connection,
    row: BundleRow,
    pieces: Sequence[Piece],
    result: BundleReceipt | ConnectorError,
) -> None:
    """Close the bundle; where it was not taken, each piece is a failure of its own and can join another."""
    target = "dispatched" if isinstance(result, BundleReceipt) else "given_up"
    if not await bundles.set_state(connection, row.bundle_key, origin="dispatching", target=target):
        return
    for some in _in_parts(pieces):
        answers = [
            Answer(
                communication_id=piece.communication_id,
                batch_id=piece.batch_id,
                dispatch_key=piece.dispatch_key,
                said=_said(piece, result),
            )
            for piece in some
        ]
        await close(place, connection, row.connection, answers)


def _said(piece: Piece, result: BundleReceipt | ConnectorError) -> Receipt | ConnectorError:
    if isinstance(result, ConnectorError):
        return result
    left_out = result.left_out.get(piece.dispatch_key)
    return left_out or Receipt(reference=result.reference, awaits_report=result.awaits_report)
