"""What a source does not name in its news stays as it said it before."""

import asyncio
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.store.memory import NOW
from xconnector.domain.customer import POSTAL_FIELDS, CustomerRecord
from xconnector.domain.golden import MOST_RECENT, golden_record
from xconnector.postgres.connect import Pool, transaction
from xconnector.store import customers


def _record(day: int, fields: Mapping[str, Any], source: str = "crm", key: str = "K1") -> CustomerRecord:
    return CustomerRecord(customer_key=key, source=source, as_of=NOW + timedelta(days=day), fields=fields)


async def test_later_news_of_one_field_leaves_the_others(pool: Pool) -> None:
    async with transaction(pool) as connection:
        await customers.remember(connection, [_record(0, {"email": "a@x.test", "language": "de"})], NOW)
        await customers.remember(connection, [_record(1, {"mobile": "+4917012345678"})], NOW)
        golden = (await customers.golden_records(connection, ["K1"], MOST_RECENT, at=NOW))["K1"]

    assert golden.fields == {"email": "a@x.test", "language": "de", "mobile": "+4917012345678"}
    assert golden.provenance["email"].as_of == NOW
    assert golden.provenance["mobile"].as_of == NOW + timedelta(days=1)


async def test_two_records_of_one_customer_in_one_batch_both_count(pool: Pool) -> None:
    async with transaction(pool) as connection:
        news = [_record(1, {"email": "new@x.test"}), _record(0, {"email": "old@x.test", "language": "fr"})]
        await customers.remember(connection, news, NOW)
        golden = (await customers.golden_records(connection, ["K1"], MOST_RECENT, at=NOW))["K1"]

    assert golden.fields == {"email": "new@x.test", "language": "fr"}


async def test_a_new_address_of_a_source_replaces_its_old_one_as_a_whole(pool: Pool) -> None:
    old = {"address_lines": ["Hof 1"], "postcode": "10115", "city": "Berlin", "country": "DE"}
    async with transaction(pool) as connection:
        await customers.remember(connection, [_record(0, {**old, "email": "a@x.test"})], NOW)
        await customers.remember(connection, [_record(1, {"address_lines": ["Rue 2"], "city": "Paris"})], NOW)
        golden = (await customers.golden_records(connection, ["K1"], MOST_RECENT, at=NOW))["K1"]

    assert golden.fields == {"address_lines": ["Rue 2"], "city": "Paris", "email": "a@x.test"}


def _named(source: str, day: int, names: set[str]) -> CustomerRecord:
    return _record(day, dict.fromkeys(names, f"{source}-{day}"), source)


said = st.builds(
    _named,
    st.sampled_from(["billing", "crm"]),
    st.integers(0, 6),
    st.sets(st.sampled_from([*POSTAL_FIELDS, "email", "mobile"]), min_size=1),
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=30)
@given(
    records=st.lists(said, min_size=1, max_size=8, unique_by=lambda record: (record.source, record.as_of)),
    page=st.integers(1, 4),
)
async def test_whatever_comes_in_whatever_pages_the_golden_record_is_that_of_all_news(
    pool: Pool, records: list[CustomerRecord], page: int
) -> None:
    async with transaction(pool) as connection:
        await connection.execute("TRUNCATE customer_record")
        for start in range(0, len(records), page):
            await customers.remember(connection, records[start : start + page], NOW)
        golden = (await customers.golden_records(connection, ["K1"], MOST_RECENT, at=NOW))["K1"]

    assert golden == golden_record("K1", records)


async def test_news_from_two_connections_at_once_both_count(pool: Pool) -> None:
    async def hear(fields: Mapping[str, Any]) -> None:
        async with transaction(pool) as connection:
            await customers.remember(connection, [_record(0, fields, key=f"K{number}") for number in range(50)], NOW)
            await asyncio.sleep(0.05)

    await asyncio.gather(hear({"email": "a@x.test"}), hear({"mobile": "1"}), hear({"language": "de"}))
    await asyncio.gather(hear({"title": "Dr."}), hear({"company": "Acme"}))
    async with transaction(pool) as connection:
        golden = await customers.golden_records(connection, [f"K{number}" for number in range(50)], MOST_RECENT, at=NOW)

    names = {"email", "mobile", "language", "title", "company"}
    assert [customer.fields.keys() for customer in golden.values()] == [names] * 50


async def test_thousands_of_customers_are_one_statement(pool: Pool) -> None:
    fields = {
        "last_name": "Meyer", "email": "a@x.test", "preference": "", "language": "de", "address_lines": ["Hof 1"],
        "postcode": "10115", "city": "Berlin",
    }  # fmt: skip
    keys = [f"K{number}" for number in range(2500)]
    for day in range(2):
        async with transaction(pool) as connection:
            await customers.remember(connection, [_record(day, fields, key=key) for key in keys], NOW)
    async with transaction(pool) as connection:
        golden = await customers.golden_records(connection, keys, MOST_RECENT, at=NOW)

    assert golden.keys() == set(keys)
    assert {customer.provenance["email"].as_of for customer in golden.values()} == {NOW + timedelta(days=1)}
