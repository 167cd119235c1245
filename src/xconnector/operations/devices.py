"""Devices of customers: registered by whoever speaks for their app, shown, and taken out."""

from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID, uuid4

from xconnector.contract.device import Device, ReachesDevices
from xconnector.contract.errors import ConnectorError
from xconnector.domain.strict_json import Json
from xconnector.postgres.connect import Pool, reading, transaction
from xconnector.project.findings import named_like
from xconnector.project.open_connections import Connections
from xconnector.store import devices
from xconnector.store.devices import KnownDevice


class DeviceRefusedError(ValueError):
    """The device cannot be registered; the message says why and shows nothing of its address."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Registration:
    """A device as its app tells of it."""

    customer_key: str
    connection: str
    address: Json
    """Token or subscription, as the push service gave it to the app."""
    app: str = ""
    """Which app it is, in the project's own words."""


async def register_device(pool: Pool, connections: Connections, registration: Registration, *, actor: str) -> UUID:
    """Keep a device, or say that it is still there; the same address gives the same id.

    An address that another customer had moves to this one. Raises DeviceRefusedError.
    """
    try:
        address = _channel(connections, registration.connection).device_address(registration.address)
    except ConnectorError as wrong:
        raise DeviceRefusedError(str(wrong)) from None
    async with transaction(pool) as connection:
        return await devices.register(
            connection,
            customer_key=registration.customer_key,
            over=registration.connection,
            device=Device(device_id=uuid4(), address=address, app=registration.app),
            actor=actor,
            now=datetime.now(UTC),
        )


def _channel(connections: Connections, name: str) -> ReachesDevices:
    channel = connections.reaching_devices(name)
    if channel is None:
        fitting = connections.names_of(lambda connector: isinstance(connector, ReachesDevices))
        raise DeviceRefusedError(f"no connection {name!r} reaches devices; {named_like(name, fitting)}")
    return channel


async def devices_of(pool: Pool, customer_key: str) -> list[KnownDevice]:
    """Return what is known of a customer's devices, those seen last first; never their addresses."""
    async with reading(pool) as connection:
        return await devices.every_device(connection, customer_key)


async def take_out_device(pool: Pool, customer_key: str, device_id: UUID, *, actor: str) -> bool:
    """Forget a device of this customer; False where it has none of this id, or forgot it already."""
    async with transaction(pool) as connection:
        return await devices.take_out(
            connection, customer_key=customer_key, device_id=device_id, actor=actor, now=datetime.now(UTC)
        )
