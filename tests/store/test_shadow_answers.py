from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

from xconnector.domain.routing.shadow import ShadowAnswer
from xconnector.postgres.connect import Pool, reading, transaction
from xconnector.store import shadow_answers

NOW = datetime(2026, 11, 23, 8, tzinfo=UTC)
SAME = ShadowAnswer(
    table="routing",
    shadow_sha256="5" * 64,
    in_force_sha256="1" * 64,
    in_force_row="R1",
    shadow_row="R1",
    differs=False,
)
OTHER = replace(SAME, shadow_row="R2", differs=True)
NONE = replace(SAME, shadow_row=None, differs=True, reason="no row of table routing fits")


async def test_answers_are_counted_over_batches_and_what_differs_has_examples(pool: Pool) -> None:
    async with transaction(pool) as connection:
        batch = [(UUID(int=1), [SAME]), (UUID(int=2), [OTHER]), (UUID(int=3), [SAME, OTHER])]
        await shadow_answers.remember(connection, batch, NOW)
        await shadow_answers.remember(connection, [(UUID(int=4), [OTHER])], NOW + timedelta(hours=1))
    async with reading(pool) as connection:
        found = await shadow_answers.matrix(connection, "routing")

    assert [(one.in_force_row, one.shadow_row, one.number, one.differs) for one in found] == [
        ("R1", "R2", 3, True),
        ("R1", "R1", 2, False),
    ]
    assert found[0].examples == [UUID(int=4), UUID(int=2)]
    assert found[1].examples is None
    assert (found[0].since, found[0].until) == (NOW, NOW + timedelta(hours=1))


async def test_a_missing_answer_is_kept_with_its_reason(pool: Pool) -> None:
    async with transaction(pool) as connection:
        await shadow_answers.remember(connection, [(UUID(int=1), [NONE])], NOW)
        (found,) = await shadow_answers.matrix(connection, "routing")
    assert (found.shadow_row, found.reason) == (None, "no row of table routing fits")


async def test_answers_are_found_by_table_shadow_and_time(pool: Pool) -> None:
    hour = timedelta(hours=1)
    async with transaction(pool) as connection:
        await shadow_answers.remember(connection, [(UUID(int=1), [SAME])], NOW)
        newer = replace(SAME, shadow_sha256="6" * 64)
        await shadow_answers.remember(connection, [(UUID(int=2), [newer])], NOW + hour)
        assert await shadow_answers.newest(connection, "routing") == "6" * 64
        assert await shadow_answers.newest(connection, "another") is None
        assert await shadow_answers.matrix(connection, "another") == []
        (found,) = await shadow_answers.matrix(connection, "routing", shadow_sha256="5" * 64)
        assert found.shadow_sha256 == "5" * 64
        (found,) = await shadow_answers.matrix(connection, "routing", since=NOW + hour)
        assert found.shadow_sha256 == "6" * 64
        (found,) = await shadow_answers.matrix(connection, "routing", until=NOW + hour)
        assert found.shadow_sha256 == "5" * 64


async def test_nothing_is_written_where_no_shadow_answered(pool: Pool) -> None:
    async with transaction(pool) as connection:
        await shadow_answers.remember(connection, [(UUID(int=1), [])], NOW)
        assert await shadow_answers.newest(connection, "routing") is None
