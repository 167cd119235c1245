"""An address belongs to one customer at a time, and is forgotten once it leads nowhere."""

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import psycopg
import pytest

from xconnector.contract.device import Device, GoneDevice
from xconnector.postgres.connect import Pool, transaction
from xconnector.store import devices

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)


async def registered(pool: Pool, customer: str, address: str, *, now: datetime = NOW) -> UUID:
    device = Device(device_id=uuid4(), address=address, app="retail")
    async with transaction(pool) as connection:
        return await devices.register(
            connection, customer_key=customer, over="browser", device=device, actor="app", now=now
        )


async def reached(pool: Pool, *customers: str) -> dict[str, list[str]]:
    async with transaction(pool) as connection:
        found = await devices.of_customers(connection, customers, over="browser")
    return {key: [device.address for device in own] for key, own in found.items()}


async def trace(pool: Pool) -> list[tuple[str, str]]:
    async with transaction(pool) as connection:
        cursor = await connection.execute("SELECT customer_key, event FROM device_event ORDER BY event_id")
        return [(str(row[0]), str(row[1])) for row in await cursor.fetchall()]


async def dropped(pool: Pool, *gone: GoneDevice, asked_at: datetime = LATER) -> int:
    async with transaction(pool) as connection:
        return await devices.drop(connection, gone, asked_at=asked_at, actor="browser", now=LATER)


async def test_the_same_address_is_one_device(pool: Pool) -> None:
    first, again = await registered(pool, "K-1", "a"), await registered(pool, "K-1", "a", now=LATER)

    assert first == again
    assert await reached(pool, "K-1", "K-2") == {"K-1": ["a"]}
    assert await trace(pool) == [("K-1", "registered")]


async def test_an_address_that_another_logs_in_with_moves(pool: Pool) -> None:
    await registered(pool, "K-1", "a")

    await registered(pool, "K-2", "a", now=LATER)

    assert await reached(pool, "K-1", "K-2") == {"K-2": ["a"]}
    assert await trace(pool) == [("K-1", "registered"), ("K-2", "moved")]


async def test_an_address_that_leads_nowhere_is_forgotten_with_a_trace(pool: Pool) -> None:
    gone, stays = await registered(pool, "K-1", "a"), await registered(pool, "K-1", "b")

    assert await dropped(pool, GoneDevice(device_id=gone, reason="410")) == 1

    assert await reached(pool, "K-1") == {"K-1": ["b"]}
    async with transaction(pool) as connection:
        known = {one.device_id: one.gone_reason for one in await devices.every_device(connection, "K-1")}
        cursor = await connection.execute("SELECT address FROM device WHERE gone_at IS NOT NULL")
        assert await cursor.fetchall() == [("",)]
    assert known == {gone: "410", stays: None}
    assert (await trace(pool))[-1] == ("K-1", "gone")


@pytest.mark.parametrize("since", [None, NOW])
async def test_an_address_that_was_registered_again_since_stays(pool: Pool, since: datetime | None) -> None:
    device_id = await registered(pool, "K-1", "a", now=LATER)

    gone = GoneDevice(device_id=device_id, reason="410", since=since)

    assert await dropped(pool, gone, asked_at=NOW) == 0
    assert await reached(pool, "K-1") == {"K-1": ["a"]}


async def test_a_forgotten_device_comes_back_by_registering(pool: Pool) -> None:
    device_id = await registered(pool, "K-1", "a")
    await dropped(pool, GoneDevice(device_id=device_id, reason="410"))

    assert await registered(pool, "K-1", "a", now=LATER) == device_id
    assert await reached(pool, "K-1") == {"K-1": ["a"]}


async def test_nobody_takes_out_the_device_of_another(pool: Pool) -> None:
    device_id = await registered(pool, "K-1", "a")
    async with transaction(pool) as connection:
        taken = [
            await devices.take_out(connection, customer_key=key, device_id=device_id, actor="app", now=LATER)
            for key in ("K-2", "K-1", "K-1")
        ]

    assert taken == [False, True, False]
    assert await reached(pool, "K-1") == {}


async def test_beyond_a_number_the_device_not_seen_for_the_longest_makes_room(pool: Pool) -> None:
    most = devices.MOST_OF_CUSTOMER
    for number in range(most):
        await registered(pool, "K-1", f"{number:02}", now=NOW + timedelta(minutes=number))
    await registered(pool, "K-1", "00", now=LATER)
    await registered(pool, "K-2", "theirs", now=NOW)

    await registered(pool, "K-1", "one more", now=LATER)

    kept = await reached(pool, "K-1", "K-2")
    assert sorted(kept["K-1"]) == ["00", *(f"{number:02}" for number in range(2, most)), "one more"]
    assert kept["K-2"] == ["theirs"]
    assert (await trace(pool))[-1] == ("K-1", "gone")


async def test_who_has_any_device_is_told_by_the_connections_that_reach_it(pool: Pool) -> None:
    device_id = await registered(pool, "K-1", "a")
    await registered(pool, "K-2", "b")
    await dropped(pool, GoneDevice(device_id=device_id, reason="410"))

    async with transaction(pool) as connection:
        found = [await devices.who_has_any(connection, ["K-1", "K-2"], over=over) for over in (["browser"], ["app"])]

    assert found == [{"K-2"}, set()]


async def test_the_trace_is_only_added_to(pool: Pool) -> None:
    await registered(pool, "K-1", "a")

    with pytest.raises(psycopg.errors.RaiseException):
        async with transaction(pool) as connection:
            await connection.execute("DELETE FROM device_event")
