"""Withdraw: what a channel shows a customer is taken back from their sight, and the ledger tells who ordered it."""

from collections.abc import Mapping
from datetime import UTC, datetime
from uuid import UUID

from xconnector.contract.channel import Withdraws
from xconnector.operations.explaining import only_one
from xconnector.postgres.connect import Connection, Pool, in_transaction
from xconnector.project.open_connections import Connections
from xconnector.store import dispatches, ledger
from xconnector.store.communications import Found
from xconnector.store.dispatches import DispatchState, Handover

_SHOWN = frozenset({DispatchState.HANDED_OVER, DispatchState.OUTCOME_UNKNOWN})


class NothingToWithdrawError(LookupError):
    """No channel shows it, or none that does can take it back; the message says what to do instead."""


async def withdraw(pool: Pool, connections: Connections, words: str, *, actor: str, reason: str) -> UUID:
    """Take the communication with this id, beginning of an id, or source key back from the customer's sight.

    It stays handed over and archived, and takes no further hop. An order that was cut off can be given again.

    Raises UnknownCommunicationError, NothingToWithdrawError, and one of the four errors of a channel that could not.
    """

    async def order(connection: Connection) -> tuple[Found, Mapping[str, Withdraws]]:
        found = await only_one(connection, words)
        shown = await _shown(connections, await dispatches.of_communication(connection, found.communication_id))
        await _tell(connection, found, "withdrawal ordered", list(shown), actor=actor, reason=reason)
        return found, shown

    found, shown = await in_transaction(pool, order)
    for key, channel in shown.items():
        await channel.withdraw(key)

    async def write(connection: Connection) -> None:
        # Under the communication's lock, as whatever the ledger is told of it.
        await dispatches.reported(connection, list(shown))
        await dispatches.mark(connection, list(shown), DispatchState.WITHDRAWN, datetime.now(UTC))
        await _tell(connection, found, "withdrawn", list(shown), actor=actor, reason=reason)

    await in_transaction(pool, write)
    return found.communication_id


async def _shown(connections: Connections, handed_over: list[Handover]) -> Mapping[str, Withdraws]:
    """Return by dispatch key the channels that show it and can take it back. Raises NothingToWithdrawError."""
    shown: dict[str, Withdraws] = {}
    for each in handed_over:
        if each.state in _SHOWN and each.connection in connections.names:
            channel = await connections.opened(each.connection)
            if isinstance(channel, Withdraws):
                shown[each.dispatch_key] = channel
    if shown:
        return shown
    if any(each.state == DispatchState.WITHDRAWN for each in handed_over):
        raise NothingToWithdrawError("it was withdrawn already")
    raise NothingToWithdrawError(
        "no channel shows it that can take it back, such as a portal: `xconnector cancel` stops what has not left"
    )


async def _tell(connection: Connection, found: Found, event: str, keys: list[str], *, actor: str, reason: str) -> None:
    now = datetime.now(UTC)
    entries = [
        ledger.Entry(
            at=now,
            batch_id=found.batch_id,
            communication_id=found.communication_id,
            event=event,
            actor=actor,
            detail={"dispatch": key, "reason": reason},
        )
        for key in keys
    ]
    await ledger.append(connection, entries)
