"""Every table and policy that is kept is hashed anew."""

import hashlib
from collections.abc import AsyncGenerator
from datetime import UTC, datetime

import pytest_asyncio

from tests.domain.decision.made import one_of
from tests.domain.decision.made import table as made_table
from xconnector.domain.decision.values import Kind
from xconnector.domain.routing.policy import DeliveryPolicy
from xconnector.operations.kept_tables import prove_kept
from xconnector.postgres.connect import Pool, open_pool, transaction
from xconnector.project.tables.stored import content_of
from xconnector.store import tables
from xconnector.store.decisions import remember_policies

TABLE = made_table((one_of("email"),), kinds={"way": Kind.TEXT})
POLICY = DeliveryPolicy(route=TABLE, checks={}, media={}, default=None)


@pytest_asyncio.fixture
async def pool(database: str) -> AsyncGenerator[Pool]:
    async with open_pool(database, name="tests") as opened:
        async with transaction(opened) as connection:
            await tables.keep(connection, [content_of(TABLE)], datetime.now(UTC))
            await remember_policies(connection, [POLICY])
        yield opened


async def tampered(pool: Pool, table: str, *statements: bytes) -> tuple[str, ...]:
    async with transaction(pool) as connection:
        await connection.execute(f"ALTER TABLE {table} DISABLE TRIGGER ALL".encode())
        for statement in statements:
            await connection.execute(statement)
    return (await prove_kept(pool)).spoiled


async def test_what_is_kept_as_it_was_is_counted(pool: Pool) -> None:
    proof = await prove_kept(pool)

    assert (proof.tables, proof.policies, proof.spoiled) == (1, 1, ())


async def test_a_changed_table_is_told(pool: Pool) -> None:
    (told,) = await tampered(
        pool, "decision_table", b"UPDATE decision_table SET content = replace(content, 'email', 'print')"
    )

    assert told.startswith(f"what is kept as {TABLE.name}@{TABLE.sha256[:12]} is not that table any more")


async def test_a_table_that_is_gone_is_told_by_the_policy_that_asks_it(pool: Pool) -> None:
    (told,) = await tampered(pool, "decision_table", b"DELETE FROM decision_table")

    assert told.startswith(f"policy {POLICY.sha256[:12]} asks table {TABLE.sha256[:12]}, which is not kept any more")


async def test_a_changed_policy_is_told(pool: Pool) -> None:
    (told,) = await tampered(pool, "policy", b"UPDATE policy SET content = '{}'")

    assert told.startswith(f"what is kept as policy {POLICY.sha256[:12]} is not that policy any more")


async def test_each_of_many_is_read(pool: Pool) -> None:
    digests = [hashlib.sha256(str(at).encode()).hexdigest() for at in range(250)]
    async with transaction(pool) as connection:
        odd = [tables.TableContent(sha256=one, name="t", content="{}") for one in digests]
        await tables.keep(connection, odd, datetime.now(UTC))

    proof = await prove_kept(pool)

    assert (proof.tables, len(proof.spoiled)) == (251, 250)
