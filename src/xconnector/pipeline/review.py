"""review: release at once by rule, or ask a person for a verdict on exactly these bytes.

The verdict itself is given in `operations/reviews.py`; both ways end with the stage `archive`.
"""

from collections.abc import Sequence
from datetime import datetime

from xconnector.domain.communication import State
from xconnector.pipeline.workplace import Workplace
from xconnector.postgres.connect import Connection
from xconnector.store import ledger, reviews
from xconnector.store.communications import Standing


async def release_at_once(
    place: Workplace, connection: Connection, standings: Sequence[Standing], *, priority: int
) -> None:
    """Record the release of communications that the rules let go, and hand their batches on."""
    if not standings:
        return
    now = place.now()
    await ledger.append(
        connection,
        [
            ledger.Entry(
                at=now,
                batch_id=standing.batch_id,
                communication_id=standing.communication_id,
                event="released",
                state=State.RELEASED,
                actor="rule",
            )
            for standing in standings
        ],
    )
    batches = sorted({standing.batch_id for standing in standings})
    await place.jobs.defer_many(
        connection, "archive", [{"batch_id": batch_id} for batch_id in batches], priority=priority
    )


async def ask(connection: Connection, held: Sequence[tuple[Standing, str]], *, now: datetime) -> None:
    """Ask for a verdict on each document, named by its digest."""
    await reviews.request(
        connection,
        [(standing.communication_id, standing.review_role or "", digest) for standing, digest in held],
        now,
    )
    await ledger.append(
        connection,
        [
            ledger.Entry(
                at=now,
                batch_id=standing.batch_id,
                communication_id=standing.communication_id,
                event="review requested",
                state=State.IN_REVIEW,
                detail={"role": standing.review_role, "document": digest},
            )
            for standing, digest in held
        ],
    )
