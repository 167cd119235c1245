"""An old value is explained by the table of survivorship that decided then."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from xconnector.domain.customer import CustomerRecord
from xconnector.domain.golden import MOST_RECENT, Survivorship
from xconnector.domain.survivorship import Rule, SurvivorshipRow
from xconnector.operations.customer_why import Moments, customer_why
from xconnector.operations.survivorship_then import survivorship_then
from xconnector.postgres.connect import Pool, transaction
from xconnector.project.survivorship_versions import kept_form
from xconnector.store import customers, survivorship_versions

pytestmark = pytest.mark.asyncio(loop_scope="session")
NOW = datetime(2026, 11, 23, 8, tzinfo=UTC)
CRM_FIRST = Survivorship(
    [SurvivorshipRow(row="email", fields=("email",), rule=Rule.SOURCE_ORDER, sources=("crm", "*"))]
)


async def _decide(pool: Pool, rules: Survivorship, days: int) -> None:
    async with transaction(pool) as connection:
        await survivorship_versions.keep(connection, kept_form(rules), NOW + timedelta(days=days))


async def _then(pool: Pool, days: int | None) -> Survivorship:
    async with transaction(pool) as connection:
        at = None if days is None else NOW + timedelta(days=days)
        return await survivorship_then(connection, MOST_RECENT, at)


async def test_what_was_known_then_is_explained_by_the_table_of_then(pool: Pool) -> None:
    async with transaction(pool) as connection:
        for days, source in enumerate(("crm", "web")):
            at = NOW + timedelta(days=days)
            record = CustomerRecord(customer_key="K", source=source, as_of=at, fields={"email": f"{source}@x.test"})
            await customers.remember(connection, [record], at)
    await _decide(pool, CRM_FIRST, 2)
    await _decide(pool, MOST_RECENT, 4)
    found = [
        await customer_why(pool, "K", "email", MOST_RECENT, Moments(at=NOW + timedelta(days=9), known_at=known_at))
        for known_at in (NOW + timedelta(days=3), NOW + timedelta(days=5), None)
    ]

    assert [one.value for one in found] == ["crm@x.test", "web@x.test", "web@x.test"]
    assert [one.row for one in found] == ["email", "", ""]


async def test_a_table_that_comes_back_counts_again_and_before_the_first_counts_the_first(pool: Pool) -> None:
    assert await _then(pool, 0) is MOST_RECENT
    for days, rules in enumerate((CRM_FIRST, CRM_FIRST, MOST_RECENT, CRM_FIRST)):
        await _decide(pool, rules, days)

    found = [(await _then(pool, days)).rows for days in (-1, 0, 1, 2, 3)]
    assert found == [CRM_FIRST.rows, CRM_FIRST.rows, CRM_FIRST.rows, (), CRM_FIRST.rows]
    assert await _then(pool, None) is MOST_RECENT


async def test_programs_that_begin_at_once_keep_it_once(pool: Pool) -> None:
    await asyncio.gather(*(_decide(pool, CRM_FIRST, 0) for _ in range(6)))

    async with transaction(pool) as connection:
        found = await (await connection.execute("SELECT count(*) FROM survivorship_version")).fetchone()
    assert found == (1,)
