"""Reprint: a letter that was handed over is printed once more, the same bytes, under a dispatch key of its own."""

from datetime import UTC, datetime
from uuid import UUID

from xconnector.domain.communication import State
from xconnector.execution.jobs import Jobs
from xconnector.operations.explaining import only_one
from xconnector.postgres.connect import Connection, Pool, in_transaction
from xconnector.store import communications, dispatches
from xconnector.store.communications import Found
from xconnector.store.dispatches import DispatchState, Handover
from xconnector.store.moves import Move, Step, move_and_tell

_HANDED_OVER = frozenset({State.DISPATCHED, State.COMPLETED})
_ID_LENGTH = 36


class NothingToReprintError(LookupError):
    """It cannot be printed once more; the message says why, and what to do instead."""


async def reprint(pool: Pool, jobs: Jobs, piece: str, *, actor: str, reason: str) -> UUID:
    """Let a letter join the next bundle of its connection again, and return its communication.

    `piece` is the dispatch key that the manifest names, or the communication's id or source key. The communication
    stays one: it is counted once, and completed when the reprint was handed over.

    Raises UnknownCommunicationError and NothingToReprintError.
    """

    async def write(connection: Connection) -> UUID:
        found = await only_one(connection, _communication(piece))
        printed = await _printed(connection, found, piece)
        move = Move(
            communication_id=found.communication_id,
            batch_id=found.batch_id,
            detail={"reason": reason, "piece": printed.dispatch_key, "bundle": printed.bundle_key},
        )
        step = Step(origin=State(found.state), target=State.ARCHIVED, event="reprint ordered", actor=actor)
        if not await move_and_tell(connection, [move], step, datetime.now(UTC)):
            raise NothingToReprintError("it has just moved on; look with `xconnector explain`, then order it again")
        for batch_id, channel in await communications.stand_at_last_hop(connection, [found.communication_id]):
            await jobs.defer(connection, "deliver", batch_id=batch_id, channel=channel)
        return found.communication_id

    return await in_transaction(pool, write)


def _communication(piece: str) -> str:
    """Return the communication that a dispatch key begins with; other words are taken as they are."""
    try:
        return str(UUID(piece[:_ID_LENGTH]))
    except ValueError:
        return piece


async def _printed(connection: Connection, found: Found, piece: str) -> Handover:
    """Return the hand-over that is printed once more. Raises NothingToReprintError."""
    if found.state not in _HANDED_OVER:
        raise NothingToReprintError(
            f"it is {found.state}, not handed over: `xconnector reprocess` prints again what failed"
        )
    each = await dispatches.of_communication(connection, found.communication_id)
    printed = [one for one in each if one.bundle_key is not None and one.state == DispatchState.HANDED_OVER]
    meant = [one for one in printed if piece in {one.dispatch_key, *_names(found)}] or (
        printed if not any(one.dispatch_key == piece for one in each) else []
    )
    if not meant or meant[-1].hop != found.hop:
        raise NothingToReprintError("it was not handed over to a print house, or has gone on to another channel since")
    return meant[-1]


def _names(found: Found) -> tuple[str, str]:
    return str(found.communication_id), found.source_key
