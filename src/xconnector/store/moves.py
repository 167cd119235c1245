"""Moves: a communication changes its state and the ledger tells of it, both or neither."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from xconnector.domain.communication import State
from xconnector.postgres.connect import Connection
from xconnector.store import communications, ledger


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """One communication that is to be moved, and what the ledger says of it."""

    communication_id: UUID
    batch_id: int
    detail: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """From which state to which, under which name, and who did it."""

    origin: State
    target: State
    event: str
    actor: str | None = None
    is_retry: bool = False
    """Whether the present stage is only tried again, so that its attempts go on being counted."""


async def move_and_tell(connection: Connection, moves: Iterable[Move], step: Step, now: datetime) -> set[UUID]:
    """Move those that are in the step's origin, append a ledger entry for exactly these, and return which they are."""
    wanted = {move.communication_id: move for move in moves}
    moved = await communications.move(
        connection, list(wanted), origin=step.origin, target=step.target, now=now, keep_attempts=step.is_retry
    )
    await ledger.append(
        connection,
        [
            ledger.Entry(
                at=now,
                batch_id=wanted[key].batch_id,
                communication_id=key,
                event=step.event,
                state=step.target,
                actor=step.actor,
                detail=wanted[key].detail,
            )
            for key in sorted(moved)
        ],
    )
    return moved
