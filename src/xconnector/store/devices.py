"""Customers' devices: an address belongs to one customer at a time, and is forgotten once it leads nowhere."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from xconnector.contract.device import Device, GoneDevice
from xconnector.postgres.connect import Connection
from xconnector.postgres.queries import Queries
from xconnector.store.rows import fetch_all

_QUERIES = Queries.load("xconnector.store", "devices.sql")
MOST_OF_CUSTOMER = 50
"""Devices of one customer that a connection reaches: what was not seen for the longest makes room."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownDevice:
    """What is known of a device: everything but its address."""

    device_id: UUID
    connection: str
    app: str
    registered_at: datetime
    seen_at: datetime
    gone_at: datetime | None
    gone_reason: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Row:
    asked_key: str
    device_id: UUID
    address: str = field(repr=False)
    app: str


async def register(
    connection: Connection, *, customer_key: str, over: str, device: Device, actor: str, now: datetime
) -> UUID:
    """Keep a device of a customer, or say that it is still there; returns its id.

    One that another customer had is that customer's no more. `device.device_id` counts where its address is new. Beyond
    `MOST_OF_CUSTOMER`, the one that was not seen for the longest is forgotten.
    """
    parameters = {
        "device_id": device.device_id,
        "connection": over,
        "address_sha256": hashlib.sha256(device.address.encode()).hexdigest(),
        "address": device.address,
        "customer_key": customer_key,
        "app": device.app,
        "actor": actor,
        "now": now,
    }
    cursor = await connection.execute(_QUERIES.register, parameters)
    row = await cursor.fetchone()
    assert row is not None, "an upsert returns its row"
    parameters = {"customer_key": customer_key, "connection": over, "most": MOST_OF_CUSTOMER, "stays": row[0]}
    await connection.execute(_QUERIES.make_room, {**parameters, "actor": actor, "now": now})
    return UUID(str(row[0]))


async def of_customers(
    connection: Connection, customer_keys: Sequence[str], *, over: str
) -> dict[str, tuple[Device, ...]]:
    """Return by customer the devices of all its members that a connection reaches, in one query."""
    rows = await fetch_all(connection, _Row, _QUERIES.of_customers, customer_keys=list(set(customer_keys)), over=over)
    found: dict[str, list[Device]] = {}
    for row in rows:
        found.setdefault(row.asked_key, []).append(Device(device_id=row.device_id, address=row.address, app=row.app))
    return {key: tuple(devices) for key, devices in found.items()}


async def who_has_any(connection: Connection, customer_keys: Sequence[str], *, over: Sequence[str]) -> set[str]:
    """Return which of these customers have a device that one of these connections reaches, in one query."""
    if not customer_keys or not over:
        return set()
    cursor = await connection.execute(
        _QUERIES.who_has_any, {"customer_keys": list(set(customer_keys)), "over": list(over)}
    )
    return {str(row[0]) for row in await cursor.fetchall()}


async def every_device(connection: Connection, customer_key: str) -> list[KnownDevice]:
    """Return what is known of the devices of this very key, the gone ones too."""
    return await fetch_all(connection, KnownDevice, _QUERIES.every_device, customer_key=customer_key)


async def drop(
    connection: Connection, gone: Sequence[GoneDevice], *, asked_at: datetime, actor: str, now: datetime
) -> int:
    """Forget devices that a push service does not know any more; returns how many.

    One that was registered again after `asked_at`, or after the moment that the service told, stays.
    """
    if not gone:
        return 0
    parameters = {
        "device_ids": [one.device_id for one in gone],
        "reasons": [one.reason for one in gone],
        "since": [min(one.since or asked_at, asked_at) for one in gone],
        "actor": actor,
        "now": now,
    }
    return (await connection.execute(_QUERIES.drop, parameters)).rowcount


async def take_out(connection: Connection, *, customer_key: str, device_id: UUID, actor: str, now: datetime) -> bool:
    """Forget a device of this customer; False where it has none of this id, or forgot it already."""
    parameters = {"customer_key": customer_key, "device_id": device_id, "actor": actor, "now": now}
    return await (await connection.execute(_QUERIES.take_out, parameters)).fetchone() is not None
