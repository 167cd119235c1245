from dataclasses import replace
from datetime import timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.store.memory import NOW
from xconnector.domain.customer import CustomerRecord
from xconnector.domain.golden import MOST_RECENT
from xconnector.postgres.connect import Pool, transaction
from xconnector.store import customers


def _record(day: int, source: str = "crm") -> CustomerRecord:
    fields = {"email": f"{source}-{day}@x.test"}
    return CustomerRecord(customer_key="K1", source=source, as_of=NOW + timedelta(days=day), fields=fields)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=15, deadline=None)
@given(days=st.lists(st.lists(st.integers(0, 9), min_size=1, max_size=4), min_size=1, max_size=4))
async def test_older_news_never_replaces_newer_in_whatever_order_it_comes(pool: Pool, days: list[list[int]]) -> None:
    async with transaction(pool) as connection:
        await connection.execute("TRUNCATE customer_record")
        for page in days:
            await customers.remember(connection, [_record(day) for day in page], NOW)
        golden = await customers.golden_records(connection, ["K1", "K2", "K1"], MOST_RECENT, at=NOW)

    assert golden.keys() == {"K1"}
    assert golden["K1"].fields["email"] == f"crm-{max(max(page) for page in days)}@x.test"


async def test_all_golden_records_come_once_each_in_pages_that_hold_whole_customers(pool: Pool) -> None:
    keys = [f"K{number}" for number in range(7)]
    said = [replace(_record(day=0, source=source), customer_key=key) for key in keys for source in ("a", "b", "c")]
    async with transaction(pool) as connection:
        await customers.remember(connection, said, NOW)
        golden = {
            page: [one async for one in customers.all_golden_records(connection, MOST_RECENT, at=NOW, page=page)]
            for page in (2, 3, 4, 7, 100)
        }
        every = await customers.golden_records(connection, keys, MOST_RECENT, at=NOW)

    assert {page: [one.customer_key for one in found] for page, found in golden.items()} == dict.fromkeys(golden, keys)
    assert all(one == every[one.customer_key] for found in golden.values() for one in found)


async def test_sources_stand_beside_each_other(pool: Pool) -> None:
    async with transaction(pool) as connection:
        await customers.remember(connection, [_record(2, "crm"), _record(1, "billing")], NOW)
        golden = await customers.golden_records(connection, ["K1"], MOST_RECENT, at=NOW)

    assert golden["K1"].fields["email"] == "crm-2@x.test"
    assert golden["K1"].provenance["email"].source == "crm"
