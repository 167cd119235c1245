from datetime import UTC, datetime, timedelta

import pytest

from xconnector.domain.customer import CustomerRecord
from xconnector.domain.golden import MOST_RECENT
from xconnector.postgres.connect import Pool, transaction
from xconnector.store import customer_matching, customers

pytestmark = pytest.mark.asyncio(loop_scope="session")
NOW = datetime(2026, 11, 23, 8, tzinfo=UTC)
NAMES = ("email", "birth_date", "über/konto 1", "class")


def _said(key: str, source: str, days: int, **more: object) -> CustomerRecord:
    at = NOW + timedelta(days=days)
    return CustomerRecord(customer_key=key, source=source, as_of=at, **more)  # pyright: ignore[reportArgumentType]


async def test_of_the_fields_that_matching_asks_for_the_same_is_read_as_of_all(pool: Pool) -> None:
    said = [
        _said("A", "crm", 0, fields={"email": "a@x.test", "city": "Bonn", "über/konto 1": [1, {"deep": True}]}),
        _said(
            "A", "crm", 1, fields={"birth_date": None, "class": 7, "email": "b@x.test"}, verified=frozenset({"email"})
        ),
        _said("A", "billing", 0, fields={"city": "Köln"}),
        _said("B", "crm", 0, fields={"email": "c@x.test"}),
        _said("B", "crm", 2, fields={}, replaces_all=True),
        _said("C", "crm", 0, fields={"email": "d@x.test"}, is_undated=True),
        _said("C", "crm", 3, fields={"email": "d@x.test"}, is_undated=True),
    ]
    for days, one in enumerate(said):
        async with transaction(pool) as connection:
            await customers.remember(connection, [one], NOW + timedelta(days=days))
    async with customer_matching.opened(pool) as (connection, number):
        reading = customer_matching.NarrowReading(NAMES)
        pages = [
            reading.members(await customer_matching.said(connection, first, first + 2))
            for first in range(0, number + 2, 2)
        ]
        whole = await customers.statements(connection, ["A", "B", "C"])

    narrow = {records[0].customer_key: records for page in pages for records in page.values()}
    assert [sorted(page) for page in pages] == [[0, 1], [2], []]
    for key, records in whole.items():
        full = MOST_RECENT.golden(key, records, at=NOW).fields
        assert MOST_RECENT.golden(key, narrow[key], at=NOW).fields == {
            name: value for name, value in full.items() if name in NAMES
        }
        told = [(one.source, one.as_of, one.replaces_all, one.heard_again) for one in records]
        assert [(one.source, one.as_of, one.replaces_all, one.heard_again) for one in narrow[key]] == told
    assert narrow["C"][0].heard_again == NOW + timedelta(days=3)
