from dataclasses import replace

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.domain.suppression_entries import entries, entry
from xconnector.domain.suppression import SuppressionEvent
from xconnector.postgres.connect import Pool, transaction
from xconnector.store import suppressions


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=15, deadline=None)
@given(pages=st.lists(st.lists(entries, max_size=4), max_size=3))
async def test_every_entry_is_kept_once_and_comes_back_as_it_was(
    pool: Pool, pages: list[list[SuppressionEvent]]
) -> None:
    async with transaction(pool) as connection:
        await connection.execute("DELETE FROM suppression_event")
        new = [await suppressions.add(connection, page) for page in pages]
        found = await suppressions.of_customers(connection, ["K", "L", "K"])

    told = {event.event_id: event for page in pages for event in page}
    assert {event.event_id: event for event in found.get("K", [])} == told
    assert sum(new) == len(told)


async def test_customers_stand_beside_each_other(pool: Pool) -> None:
    async with transaction(pool) as connection:
        await suppressions.add(connection, [entry(), replace(entry(), customer_key="L", note="a\tb")])
        found = await suppressions.of_customers(connection, ["L"])

    assert found == {"L": [replace(entry(), customer_key="L", note="a\tb")]}


@pytest.mark.parametrize("statement", ["UPDATE suppression_event SET reason = 'x'", "TRUNCATE suppression_event"])
async def test_nobody_rewrites_the_list(pool: Pool, statement: str) -> None:
    async with transaction(pool) as connection:
        await suppressions.add(connection, [entry()])

    with pytest.raises(psycopg.errors.RaiseException, match="never rewritten"):
        async with transaction(pool) as connection:
            await connection.execute(statement.encode())
