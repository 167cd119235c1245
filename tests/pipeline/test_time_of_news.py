"""A clock that runs ahead must not keep out what its source says later."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec

from tests.store.memory import NOW
from xconnector.domain.golden import MOST_RECENT
from xconnector.operations.customers import LoadTerms, load_customers
from xconnector.postgres.connect import open_pool, transaction
from xconnector.store import customers
from xconnector.store.inbox import TakenRecord


def _record(occurred_at: datetime | None) -> TakenRecord:
    return TakenRecord(
        record_id=1,
        source="crm",
        source_key="1",
        event_type="com.acme.event",
        occurred_at=occurred_at,
        received_at=NOW,
        feed=None,
        data="{}",
    )


def test_news_are_as_of_when_they_happened_or_else_when_they_came() -> None:
    yesterday = NOW - timedelta(days=1)

    assert _record(yesterday).as_of == yesterday
    assert _record(None).as_of == NOW


def test_what_is_said_to_happen_later_is_so_when_it_came() -> None:
    assert _record(NOW + timedelta(days=30_000)).as_of == NOW


async def test_a_loaded_record_of_the_future_is_replaced_by_the_next_load(tmp_path: Path, database: str) -> None:
    file = tmp_path / "customers.jsonl"
    async with open_pool(database, name="load") as pool:
        for email, as_of in (("a@x.test", {"as_of": "2999-01-01T00:00:00Z"}), ("b@x.test", {})):
            file.write_bytes(msgspec.json.encode({"customer": "K1", "email": email, **as_of}))
            await load_customers(pool, [file], LoadTerms(source="crm"))
        async with transaction(pool) as connection:
            golden = await customers.golden_records(connection, ["K1"], MOST_RECENT, at=datetime.now(UTC))

    assert golden["K1"].fields["email"] == "b@x.test"
