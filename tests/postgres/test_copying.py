"""Rows that are copied arrive as they were given, whatever stands in them."""

from datetime import UTC, date, datetime
from decimal import Decimal
from enum import StrEnum
from uuid import UUID, uuid4

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from xconnector.postgres.connect import connect, copy_rows

TEXTS = st.none() | st.text(st.characters(codec="utf-8", exclude_characters="\0"))


class Colour(StrEnum):
    RED = "red"


async def through(database: str, columns: str, rows: list[tuple[object, ...]]) -> list[tuple[object, ...]]:
    async with await connect(database, name="test") as connection:
        await connection.execute(f"CREATE TEMPORARY TABLE sample ({columns})".encode())
        await copy_rows(connection, "COPY sample FROM STDIN", rows)
        return await (await connection.execute("SELECT * FROM sample")).fetchall()


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(st.tuples(TEXTS, TEXTS), max_size=20))
async def test_any_text_arrives_as_it_is(empty_database: str, rows: list[tuple[object, ...]]) -> None:
    assert await through(empty_database, "one text, other text", rows) == rows


async def test_texts_that_mean_something_to_copy_arrive_as_they_are(empty_database: str) -> None:
    rows: list[tuple[object, ...]] = [
        ("\\N", "\\."),
        ("", "NULL"),
        ("tab\tline\nreturn\r", "\\t"),
        (Colour.RED, "Zoë"),
        (None, None),
    ]

    assert await through(empty_database, "one text, other text", rows) == rows


async def test_every_type_of_our_columns_arrives_as_it_is(empty_database: str) -> None:
    columns = "a bigint, b boolean, c uuid, d bytea, e timestamptz, f date"
    rows: list[tuple[object, ...]] = [
        (-(2**63), True, uuid4(), b"\x00\xff\\", datetime(2026, 11, 23, 1, 2, 3, 456789, tzinfo=UTC), date(1, 1, 1)),
        (0, False, UUID(int=0), b"", datetime(2026, 1, 1, tzinfo=UTC), date(2026, 12, 31)),
        (None, None, None, None, None, None),
    ]

    assert await through(empty_database, columns, rows) == rows


async def test_types_of_other_columns_go_the_long_way(empty_database: str) -> None:
    rows: list[tuple[object, ...]] = [(Decimal("1.50"), "a"), (None, "b")]

    assert await through(empty_database, "a numeric, b text", rows) == rows


async def test_one_value_in_all_rows_is_in_all_rows(empty_database: str) -> None:
    moment = datetime(2026, 11, 23, tzinfo=UTC)
    rows: list[tuple[object, ...]] = [(moment, "a\tb", number) for number in range(3)]

    assert await through(empty_database, "a timestamptz, b text, c bigint", rows) == rows
