"""Batches, records and communications for the tests of the store."""

import hashlib
from datetime import UTC, datetime
from uuid import UUID

from xconnector.domain.communication import State
from xconnector.postgres.connect import Connection
from xconnector.store import communications, inbox, ledger, runs
from xconnector.store.communications import Decided
from xconnector.store.inbox import Arrival

NOW = datetime(2026, 11, 23, 8, tzinfo=UTC)


async def batch(connection: Connection) -> int:
    return await runs.open_batch(connection, run_id=None, priority=0, now=NOW)


def arrival(key: str | None, payload: bytes = b"{}", *, reason: str | None = None) -> Arrival:
    return Arrival(
        source="crm",
        source_key=key,
        event_type="com.acme.event",
        occurred_at=None,
        sha256=hashlib.sha256(payload).hexdigest(),
        payload=payload,
        data=None if reason else "{}",
        feed=None,
        position=None,
        reason=reason,
    )


async def communication(connection: Connection, number: int, state: State, *, plan: tuple[str, ...] = ()) -> UUID:
    """A communication of a record of its own, with the entry that brought it into its state."""
    batch_id = await batch(connection)
    (received,) = await inbox.receive(connection, batch_id, [arrival(f"R{number}")], NOW)
    await inbox.set_made(connection, [(received.record_id, 1)])
    key = UUID(int=number)
    await ledger.append(connection, [ledger.Entry(at=NOW, batch_id=batch_id, event="received")])
    await communications.remember(
        connection,
        [
            Decided(
                communication_id=key,
                batch_id=batch_id,
                record_id=received.record_id,
                name="notice",
                customer_key=f"K{number}",
                state=state,
                plan=plan,
            )
        ],
        NOW,
    )
    entry = ledger.Entry(at=NOW, batch_id=batch_id, communication_id=key, event=state.value, state=state)
    await ledger.append(connection, [entry])
    return key
