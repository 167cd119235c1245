"""A query on a real PostgreSQL gives every row that was committed, in whatever order, and each version once."""

from collections.abc import AsyncGenerator, Iterator, Sequence
from contextlib import asynccontextmanager

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from xconnector.connectors.sql_query.settings import SqlQuerySettings
from xconnector.connectors.sql_query.source import SqlQuery
from xconnector.contract.errors import MisconfiguredError, PermanentError, TransientError
from xconnector.domain.event import BadRecord, SourceRecord

TABLE = """CREATE TABLE customer (
    no text, region int DEFAULT 1, name text, updated_at timestamptz DEFAULT now(), change bigserial, share numeric
)"""


@pytest.fixture
def crm(empty_database: str) -> Iterator[psycopg.Connection]:
    with psycopg.connect(empty_database, autocommit=True) as connection:
        connection.execute(TABLE)
        yield connection


@asynccontextmanager
async def asked(address: str, **changes: object) -> AsyncGenerator[SqlQuery]:
    described = {
        "database": address,
        "query": "SELECT * FROM customer WHERE name NOT LIKE '%secret%' -- a comment",
        "cursor": "updated_at",
        "key": ["no"],
        "overlap": "0s",
        "overlap_numbers": 0,
        **changes,
    }
    async with SqlQuery(SqlQuerySettings.model_validate(described)) as source:
        yield source


async def everything_new(
    source: SqlQuery, position: str | None = None, *, at_most: int = 10
) -> tuple[list[SourceRecord | BadRecord], str | None]:
    found: list[SourceRecord | BadRecord] = []
    more = True
    while more:
        pulled = await source.pull(position, at_most=at_most, source="crm", event_type="com.acme.customer")
        found += pulled.records
        position, more = pulled.position, pulled.more
    return found, position


def keys(records: Sequence[SourceRecord | BadRecord]) -> list[str]:
    return [(record.source_key or "").partition("@")[0] for record in records]


async def test_rows_come_in_the_order_of_the_cursor_a_page_at_a_time_and_then_only_new_ones(
    crm: psycopg.Connection, empty_database: str
) -> None:
    crm.execute("INSERT INTO customer (no, name, updated_at) SELECT n, 'N', now() FROM generate_series(1, 25) n")
    async with asked(empty_database, key=["no", "region"]) as source:
        first, position = await everything_new(source)
        crm.execute("INSERT INTO customer (no, name, share) VALUES ('26', 'Ä ''7''', 0.10)")
        second, _ = await everything_new(source, position)

    assert sorted(keys(first)) == sorted(f"{number}/1" for number in range(1, 26))
    last = second[-1]
    assert isinstance(last, SourceRecord)
    assert (keys([last]), last.data["name"], str(last.data["share"])) == (["26/1"], "Ä '7'", "0.1")
    assert last.occurred_at is not None
    assert last.occurred_at.utcoffset() is not None


async def test_a_changed_row_is_another_record_and_an_unchanged_one_the_same(
    crm: psycopg.Connection, empty_database: str
) -> None:
    crm.execute("INSERT INTO customer (no, name) VALUES ('1', 'Old'), ('2', 'Same')")
    async with asked(empty_database, overlap="1h") as source:
        first, position = await everything_new(source)
        crm.execute("UPDATE customer SET name = 'New', updated_at = clock_timestamp() WHERE no = '1'")
        second, _ = await everything_new(source, position)

    before = {record.source_key: record.payload for record in first}
    again = [record for record in second if record.source_key in before]
    assert [before[record.source_key] == record.payload for record in again] == [True]
    assert keys(second) == ["2", "1"]


async def test_a_row_of_a_transaction_that_took_long_is_not_missed(
    crm: psycopg.Connection, empty_database: str
) -> None:
    with psycopg.connect(empty_database) as slow:
        slow.execute("INSERT INTO customer (no, name) VALUES ('late', 'L')")
        async with asked(empty_database) as source:
            crm.execute("INSERT INTO customer (no, name) VALUES ('1', 'N')")
            first, position = await everything_new(source)
            for number in range(3):
                crm.execute("INSERT INTO customer (no, name) VALUES (%s, 'N')", (f"m{number}",))
                _, position = await everything_new(source, position)
            slow.commit()
            found, position = await everything_new(source, position)
            after, _ = await everything_new(source, position)

    assert keys(first) == ["1"]
    assert "late" in keys(found)
    assert "late" not in keys(after)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(st.tuples(st.integers(0, 2), st.sampled_from(["write", "commit", "ask"])), max_size=25))
async def test_however_writers_overtake_each_other_every_version_is_given(
    crm: psycopg.Connection, empty_database: str, steps: list[tuple[int, str]]
) -> None:
    crm.execute("TRUNCATE customer")
    writers = [psycopg.connect(empty_database) for _ in range(3)]
    were_given: set[str] = set()
    try:
        async with asked(empty_database, cursor="change") as source:
            position: str | None = None
            for writer, step in [*steps, *((number, "commit") for number in range(3)), (0, "ask")]:
                if step == "write":
                    writers[writer].execute("INSERT INTO customer (no, name) VALUES (%s, 'N')", (str(writer),))
                elif step == "commit":
                    writers[writer].commit()
                else:
                    records, position = await everything_new(source, position, at_most=2)
                    were_given |= {record.source_key or "" for record in records}
    finally:
        for writer in writers:
            writer.close()

    assert were_given == {f"{row[0]}@{row[1]}" for row in crm.execute("SELECT no, change FROM customer")}


async def test_rows_without_cursor_or_key_are_set_aside_with_what_they_hold(
    crm: psycopg.Connection, empty_database: str
) -> None:
    crm.execute("INSERT INTO customer (no, name, updated_at) VALUES ('1', 'N', NULL)")
    crm.execute("INSERT INTO customer (no, name) VALUES (NULL, 'M'), ('2', 'O')")
    async with asked(empty_database) as source:
        found, _ = await everything_new(source)

    aside = [record for record in found if isinstance(record, BadRecord)]
    assert sorted(record.payload[:10] for record in aside) == [b'{"no":"1",', b'{"no":null']
    assert keys([record for record in found if isinstance(record, SourceRecord)]) == ["2"]


async def test_many_rows_without_a_cursor_are_a_mistake_of_the_query(
    crm: psycopg.Connection, empty_database: str
) -> None:
    crm.execute("INSERT INTO customer (no, name, updated_at) SELECT n, 'N', NULL FROM generate_series(1, 10) n")
    async with asked(empty_database) as source:
        with pytest.raises(MisconfiguredError, match="coalesce"):
            await everything_new(source)


async def test_the_query_cannot_write(crm: psycopg.Connection, empty_database: str) -> None:
    crm.execute("CREATE FUNCTION sly() RETURNS text LANGUAGE sql VOLATILE AS 'DELETE FROM customer RETURNING no'")
    crm.execute("INSERT INTO customer (no, name) VALUES ('1', 'N')")
    async with asked(empty_database, query="SELECT sly() AS no, now() AS updated_at") as source:
        with pytest.raises(MisconfiguredError, match="25006"):
            await everything_new(source)

    assert crm.execute("SELECT count(*) FROM customer").fetchone() == (1,)


@pytest.mark.parametrize(
    "changes,error,told",
    [
        ({"query": "SELECT no FROM customers"}, MisconfiguredError, "customers"),
        ({"query": "SELECT no FROM customer"}, MisconfiguredError, "no column updated_at; its columns are no"),
        ({"query": "SELECT 1; SELECT 2"}, MisconfiguredError, "refuses the query"),
        ({"query": "SELECT no::int AS no, updated_at FROM customer"}, MisconfiguredError, "22P02"),
        ({"query": "SELECT *, pg_sleep(5) FROM customer", "timeout": "50ms"}, TransientError, "longer than `timeout`"),
        ({"database": "postgresql://127.0.0.1:1/nowhere"}, TransientError, "cannot be reached"),
        ({"database": "mysql://nobody"}, MisconfiguredError, "no address"),
    ],
)
async def test_what_is_wrong_is_told_without_what_stands_in_the_rows(
    crm: psycopg.Connection, empty_database: str, changes: dict[str, str], error: type[Exception], told: str
) -> None:
    crm.execute("INSERT INTO customer (no, name) VALUES ('Sämann-7291', 'N')")
    async with asked(**{"address": empty_database, **changes}) as source:
        with pytest.raises(error, match=told) as raised:
            await _check_and_ask(source)

    assert "7291" not in str(raised.value)


async def _check_and_ask(source: SqlQuery) -> None:
    await source.check()
    await everything_new(source)


async def test_a_position_of_another_cursor_is_refused(crm: psycopg.Connection, empty_database: str) -> None:
    crm.execute("INSERT INTO customer (no, name) VALUES ('1', 'N')")
    async with asked(empty_database) as source:
        _, position = await everything_new(source)
    async with asked(empty_database, cursor="change") as source:
        for strange in (position, "nonsense", "{}"):
            with pytest.raises(PermanentError, match="feeds restart"):
                await everything_new(source, strange)


async def test_a_line_that_broke_is_made_anew(crm: psycopg.Connection, empty_database: str) -> None:
    async with asked(empty_database) as source:
        await source.check()
        crm.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE '%sql_query'")
        with pytest.raises(TransientError):
            await everything_new(source)
        await everything_new(source)
