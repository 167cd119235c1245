"""Recording what a channel took, alike for single hand-overs and for bundles."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from xconnector.contract.channel import Receipt
from xconnector.domain.communication import State
from xconnector.pipeline import track
from xconnector.pipeline.workplace import Workplace
from xconnector.postgres.connect import Connection
from xconnector.store import communications, dispatches, ledger
from xconnector.store.dispatches import DispatchState


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """A hand-over that arrived."""

    communication_id: UUID
    batch_id: int
    dispatch_key: str
    receipt: Receipt


async def record_receipts(place: Workplace, connection: Connection, taken: Sequence[Taken], *, now: datetime) -> None:
    """Move communications on: completed, or dispatched where an acknowledgement is still to come.

    Reports that were quicker than the channel's answer take effect now.
    """
    if not taken:
        return
    for target, awaited in ((State.COMPLETED, False), (State.DISPATCHED, True)):
        chosen = [row for row in taken if row.receipt.awaits_report is awaited]
        ids = [row.communication_id for row in chosen]
        moved = await communications.move(connection, ids, origin=State.DISPATCHING, target=target, now=now)
        await ledger.append(
            connection,
            [
                ledger.Entry(
                    at=now,
                    batch_id=row.batch_id,
                    communication_id=row.communication_id,
                    event=target.value,
                    state=target,
                    detail={"dispatch": row.dispatch_key, "reference": row.receipt.reference},
                )
                for row in chosen
                if row.communication_id in moved
            ],
        )
    await dispatches.settle(
        connection, [(row.dispatch_key, DispatchState.HANDED_OVER, row.receipt.reference) for row in taken], now
    )
    await track.apply_known(place, connection, [row.dispatch_key for row in taken], now=now)
