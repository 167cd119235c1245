"""Columns arrive as they were given, whatever stands in them."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from uuid import UUID, uuid4

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from xconnector.postgres.connect import connect


class Colour(StrEnum):
    RED = "red"


async def through(database: str, kind: str, column: list[object]) -> list[object]:
    async with await connect(database, name="test") as connection:
        row = await (await connection.execute(f"SELECT %s::{kind}[]".encode(), (column,))).fetchone()
    assert row is not None
    return list(row[0])


TEXTS = st.lists(st.none() | st.text(st.characters(codec="utf-8", exclude_characters="\0")), max_size=20)


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(column=TEXTS)
async def test_any_text_arrives_as_it_is(empty_database: str, column: list[object]) -> None:
    assert await through(empty_database, "text", column) == column


@pytest.mark.parametrize(
    "column",
    [
        [],
        [None, None],
        ["", " ", "NULL", "null", "{}", "a,b", '"', "\\", '\\"', "line\nbreak", "Zoë", "\u1680"],
        [Colour.RED, "blue", None],
    ],
    ids=["empty", "nothing", "special", "enumerated"],
)
async def test_texts_that_mean_something_to_arrays_arrive_as_they_are(
    empty_database: str, column: list[object]
) -> None:
    assert await through(empty_database, "text", column) == column


@pytest.mark.parametrize(
    "kind, column",
    [
        ("bigint", [1, -(2**63), 2**63 - 1, None]),
        ("smallint", [0, 1]),
        ("boolean", [True, False, None]),
        ("uuid", [uuid4(), UUID(int=0), None]),
        ("bytea", [b"", b"\x00\xff\\\"'", None]),
        ("timestamptz", [datetime(2026, 11, 23, 1, 2, 3, 456789, tzinfo=UTC), None]),
        ("date", [date(2026, 12, 31), date(1, 1, 1)]),
        ("interval", [timedelta(seconds=1)]),
        ("numeric", [Decimal("1.50"), None]),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
async def test_every_type_of_our_columns_arrives_as_it_is(empty_database: str, kind: str, column: list[object]) -> None:
    assert await through(empty_database, kind, column) == column


async def test_a_text_with_a_nul_is_refused_and_never_cut_off(empty_database: str) -> None:
    with pytest.raises(psycopg.DataError, match="NUL"):
        await through(empty_database, "text", ["before\0behind"])
