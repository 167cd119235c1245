"""What was collected for a bundle and is not wanted any more is taken out before the bundle is handed over."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from xconnector.domain.communication import State
from xconnector.execution.jobs import Priority
from xconnector.pipeline.countering import countered, stop_countered
from xconnector.pipeline.deciding_again import asked_again, let_follow
from xconnector.pipeline.grounds import policies_in_force
from xconnector.pipeline.leaving import claimed
from xconnector.pipeline.workplace import Workplace
from xconnector.postgres.connect import Connection
from xconnector.store import communications, decisions, dispatches
from xconnector.store.bundles import Piece
from xconnector.store.moves import Move, Step, move_and_tell

AT_ONCE = 500


async def take_out(place: Workplace, connection: Connection, pieces: Sequence[Piece], *, now: datetime) -> list[Piece]:
    """Return the pieces that stay in their bundle: those that no event came to cancel and that are still wanted.

    It is decided again about those of whose customers there is news. What is taken out may wait for another bundle at
    once.

    Midnight alone is no news here: a million letters that wait for the post are not decided anew because of it.
    """
    out: set[UUID] = set()
    for start in range(0, len(pieces), AT_ONCE):
        whole = pieces[start : start + AT_ONCE]
        page = await stop_countered(place, connection, whole, origin=State.COLLECTED, now=now)
        out |= {piece.communication_id for piece in whole} - {piece.communication_id for piece in page}
        news = await decisions.with_news(connection, [piece.communication_id for piece in page])
        if news:
            doubted = [piece for piece in page if piece.communication_id in news]
            out |= await _decide_again(place, connection, doubted, now=now)
    return [piece for piece in pieces if piece.communication_id not in out]


async def take_back(
    place: Workplace, connection: Connection, bundle_key: str, pieces: Sequence[Piece], *, now: datetime
) -> list[Piece]:
    """Let pieces wait again, in a bundle that was not handed over, and return them.

    Those of whose customers there is news, and those that an event came to cancel.
    """
    doubted: list[Piece] = []
    for start in range(0, len(pieces), AT_ONCE):
        page = pieces[start : start + AT_ONCE]
        news = await decisions.with_news(connection, [piece.communication_id for piece in page])
        news |= await countered(place, connection, page)
        back = await move_and_tell(
            connection,
            [
                Move(communication_id=piece.communication_id, batch_id=piece.batch_id, detail={"bundle": bundle_key})
                for piece in page
                if piece.communication_id in news
            ],
            Step(origin=State.DISPATCHING, target=State.COLLECTED, event="collected"),
            now,
        )
        doubted += [piece for piece in page if piece.communication_id in back]
    await dispatches.take_back(connection, [piece.dispatch_key for piece in doubted])
    return doubted


async def _decide_again(
    place: Workplace, connection: Connection, pieces: Sequence[Piece], *, now: datetime
) -> set[UUID]:
    """Let what is decided now hold; returns what is not in the bundle any more."""
    ids = [piece.communication_id for piece in pieces]
    standings = await communications.standings(connection, ids, state=State.COLLECTED)
    ours = await claimed(place, connection, standings, state=State.COLLECTED, now=now)
    policies = await policies_in_force(place, connection, at=now)
    anew = await asked_again(place, connection, policies, ours, now=now)
    # Given up first: where it goes on, another hand-over of the same hop begins.
    leaving = {one.standing.communication_id for one in anew if not one.stays}
    keys = [piece.dispatch_key for piece in pieces if piece.communication_id in leaving]
    await dispatches.give_up_collected(connection, keys, now)
    await let_follow(place, connection, policies, anew, origin=State.COLLECTED, priority=Priority.ONE_OFF, now=now)
    return leaving
