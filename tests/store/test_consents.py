from dataclasses import replace

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.domain.consent_words import NOW, grant, withdrawal, words
from xconnector.domain.consent import ConsentEvent
from xconnector.postgres.connect import Pool, transaction
from xconnector.store import consents


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=15, deadline=None)
@given(pages=st.lists(st.lists(words, max_size=4), max_size=3))
async def test_every_word_is_kept_once_and_comes_back_as_it_was(pool: Pool, pages: list[list[ConsentEvent]]) -> None:
    async with transaction(pool) as connection:
        await connection.execute("DELETE FROM consent_event")
        new = [await consents.add(connection, page) for page in pages]
        found = await consents.of_customers(connection, ["K", "L", "K"])

    told: dict[object, ConsentEvent] = {}
    for event in (event for page in pages for event in page):
        told.setdefault(event.event_id, event)
    kept = found.get("K", [])
    assert {event.event_id: event for event in kept} == told
    assert [event.occurred_at for event in kept] == sorted(event.occurred_at for event in kept)
    assert sum(new) == len(kept) == len(told)


async def test_everything_told_of_a_word_is_kept(pool: Pool) -> None:
    event = replace(
        grant("bill", shown=True, expires_on=NOW.date()), wording="esign-3", language="en", evidence="scan 1\t\\N"
    )
    async with transaction(pool) as connection:
        await consents.add(connection, [event])
        found = await consents.of_customers(connection, ["K"])

    assert found == {"K": [event]}


async def test_customers_stand_beside_each_other(pool: Pool) -> None:
    async with transaction(pool) as connection:
        await consents.add(connection, [grant(), replace(withdrawal(), customer_key="L")])
        found = await consents.of_customers(connection, ["L"])

    assert [event.customer_key for events in found.values() for event in events] == ["L"]


@pytest.mark.parametrize("statement", ["UPDATE consent_event SET scope = 'x'", "TRUNCATE consent_event"])
async def test_nobody_rewrites_what_was_said(pool: Pool, statement: str) -> None:
    async with transaction(pool) as connection:
        await consents.add(connection, [grant()])

    with pytest.raises(psycopg.errors.RaiseException, match="never rewritten"):
        async with transaction(pool) as connection:
            await connection.execute(statement.encode())
