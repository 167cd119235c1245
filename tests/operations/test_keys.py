from collections.abc import AsyncGenerator

import pytest

from xconnector.domain.keys import Purpose
from xconnector.operations.keys import KeyNameError, callers, every_key, make_key, revoke_key
from xconnector.postgres.connect import Pool, open_pool, transaction


@pytest.fixture
async def pool(database: str) -> AsyncGenerator[Pool]:
    async with open_pool(database, name="tests") as pool:
        yield pool


async def caller(pool: Pool, key: str, purpose: Purpose) -> str | None:
    (name,) = await callers(pool, [(key, purpose)])
    return name


async def test_a_key_opens_its_purpose_and_no_other(pool: Pool) -> None:
    key = await make_key(pool, "crm", Purpose.EVENTS)
    assert await caller(pool, key, Purpose.EVENTS) == "crm"
    assert await caller(pool, key, Purpose.PORTAL) is None
    assert await caller(pool, f"{key}x", Purpose.EVENTS) is None


async def test_many_keys_are_looked_up_at_once_and_answered_in_order(pool: Pool) -> None:
    crm, portal = await make_key(pool, "crm", Purpose.EVENTS), await make_key(pool, "portal", Purpose.PORTAL)
    given = [(portal, Purpose.PORTAL), ("wrong", Purpose.EVENTS), (crm, Purpose.EVENTS), (crm, Purpose.EVENTS)]
    assert await callers(pool, given) == ["portal", None, "crm", "crm"]


async def test_the_key_itself_is_kept_nowhere(pool: Pool) -> None:
    key = await make_key(pool, "crm", Purpose.EVENTS)
    async with transaction(pool) as connection:
        row = await (await connection.execute("SELECT api_key::text FROM api_key")).fetchone()
    assert row is not None
    assert key not in row[0]


async def test_a_revoked_key_opens_nothing(pool: Pool) -> None:
    key = await make_key(pool, "crm", Purpose.EVENTS)
    await revoke_key(pool, "crm")
    assert await caller(pool, key, Purpose.EVENTS) is None


async def test_a_name_whose_key_opens_something_gets_no_second_one(pool: Pool) -> None:
    key = await make_key(pool, "crm", Purpose.EVENTS)
    with pytest.raises(KeyNameError, match="keys revoke crm"):
        await make_key(pool, "crm", Purpose.PORTAL)
    assert await caller(pool, key, Purpose.EVENTS) == "crm"


async def test_after_revoking_a_name_may_have_a_new_key_and_the_old_one_stays_shut(pool: Pool) -> None:
    old = await make_key(pool, "crm", Purpose.EVENTS)
    await revoke_key(pool, "crm")
    new = await make_key(pool, "crm", Purpose.PORTAL)
    assert await caller(pool, old, Purpose.EVENTS) is None
    assert await caller(pool, new, Purpose.PORTAL) == "crm"


async def test_revoking_what_opens_nothing_is_said(pool: Pool) -> None:
    with pytest.raises(KeyNameError, match="keys list"):
        await revoke_key(pool, "nobody")


@pytest.mark.parametrize("name", ["", "Upper", "with space", "-hyphen", "x" * 64])
async def test_names_are_such_as_logs_can_show(pool: Pool, name: str) -> None:
    with pytest.raises(KeyNameError):
        await make_key(pool, name, Purpose.EVENTS)


async def test_all_keys_are_listed_by_name_with_when_they_were_revoked(pool: Pool) -> None:
    await make_key(pool, "portal", Purpose.PORTAL)
    await make_key(pool, "crm", Purpose.EVENTS)
    await revoke_key(pool, "portal")
    assert [(key.name, key.purpose, key.revoked_at is None) for key in await every_key(pool)] == [
        ("crm", "events", True),
        ("portal", "portal", False),
    ]
