"""Where sources say different things of the same customers, counted before a run goes out."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from xconnector.domain.customer import CustomerRecord
from xconnector.operations.disagreements import (
    Disagreement,
    DisagreementReport,
    Doubt,
    PopulationError,
    Sample,
    disagreements,
)
from xconnector.operations.same_customer import Word, merge
from xconnector.postgres.connect import Pool, transaction
from xconnector.store import customers

pytestmark = pytest.mark.asyncio(loop_scope="session")
NOW = datetime(2026, 11, 23, 8, tzinfo=UTC)
ANY = Doubt(alike=dict, most_samples=2)


async def _know(pool: Pool, **by_source: dict[str, dict[str, str]]) -> None:
    records = [
        CustomerRecord(customer_key=key, source=source, as_of=NOW, fields=fields)
        for source, said in by_source.items()
        for key, fields in said.items()
    ]
    async with transaction(pool) as connection:
        await customers.remember(connection, records, NOW)


async def test_differences_are_counted_by_field_and_pair_and_named_by_customer(pool: Pool) -> None:
    await _know(
        pool,
        crm={f"K{number}": {"email": f"{number}@x.test", "language": "de"} for number in range(6)},
        policy={f"K{number}": {"email": f"{number // 3 * 3}@x.test", "language": "DE"} for number in range(5)},
        portal={"K9": {"email": "z@x.test"}},
    )

    assert await disagreements(pool, ANY) == DisagreementReport(
        customers=7,
        unknown=0,
        disagreements=[
            Disagreement(
                name="email", source="crm", other="policy", both=5, differ=3,
                samples=[Sample(customer="K1"), Sample(customer="K2")],
            )
        ],
    )  # fmt: skip


async def test_values_are_told_only_where_they_are_asked_for(pool: Pool) -> None:
    await _know(pool, crm={"K1": {"email": "a@x.test"}}, policy={"K1": {"email": "b@x.test"}})

    (found,) = (await disagreements(pool, Doubt(alike=dict, with_values=True))).disagreements
    assert found.samples == [Sample(customer="K1", value="a@x.test", other_value="b@x.test")]
    assert "x.test" not in repr(found)


async def test_only_the_customers_of_a_file_are_asked_about(pool: Pool, tmp_path: Path) -> None:
    await _know(
        pool,
        crm={key: {"email": "a@x.test"} for key in ("K1", "K2", "K3")},
        policy={key: {"email": "b@x.test"} for key in ("K1", "K2", "K3")},
    )
    file = tmp_path / "run.txt"
    file.write_text("K3\n\nK9\nK1\nK1\n", "utf-8")

    found = await disagreements(pool, Doubt(alike=dict, population=file))
    assert (found.customers, found.unknown, found.disagreements[0].differ) == (2, 1, 2)
    file.write_bytes(b"K1\n\xff\n")
    with pytest.raises(PopulationError, match=r"^run.txt:2: "):
        await disagreements(pool, Doubt(alike=dict, population=file))


async def test_members_of_one_customer_are_compared_with_one_another(pool: Pool) -> None:
    await _know(pool, crm={"A": {"email": "a@x.test"}}, billing={"B": {"email": "b@x.test"}})
    await merge(pool, Word(one="A", other="B", by="ann", reason="same person"))

    found = await disagreements(pool, ANY)
    assert (found.customers, [one.differ for one in found.disagreements]) == (1, [1])
