"""Devices of a push message's customer: found when it leaves, forgotten when the push service knows them no more."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from xconnector.contract.channel import Dispatch, Receipt
from xconnector.contract.device import NoDeviceError
from xconnector.domain.routing.plan import Medium
from xconnector.pipeline.workplace import Workplace
from xconnector.postgres.connect import Connection, reading
from xconnector.store import devices


async def with_devices(place: Workplace, name: str, ready: Sequence[Dispatch]) -> Sequence[Dispatch]:
    """Return dispatches with the devices that a connection reaches; those of other media as they are."""
    known = place.project.connections.get(name)
    if known is None or known.medium is not Medium.PUSH or not ready:
        return ready
    async with reading(place.pool) as connection:
        found = await devices.of_customers(connection, [one.recipient.customer_key for one in ready], over=name)
    return [replace(one, devices=found.get(one.recipient.customer_key, ())) for one in ready]


async def forget_gone(
    connection: Connection, name: str, results: Sequence[object], *, asked_at: datetime, now: datetime
) -> None:
    """Forget the devices that results name as gone, in the caller's transaction."""
    gone = [
        one
        for result in results
        for one in (
            result.gone_devices
            if isinstance(result, Receipt)
            else result.gone
            if isinstance(result, NoDeviceError)
            else ()
        )
    ]
    await devices.drop(connection, sorted(gone, key=lambda one: one.device_id), asked_at=asked_at, actor=name, now=now)
