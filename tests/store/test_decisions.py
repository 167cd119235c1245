import asyncio
import hashlib
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from uuid import UUID

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from tests.domain.consent_words import withdrawal
from xconnector.domain.decision.table import DecisionTable
from xconnector.domain.routing.plan import DeliveryPlan, Hop, Medium, ProofOfMailing, Suppression
from xconnector.domain.routing.policy import Check, DeliveryDecision, DeliveryPolicy, Facts, Step
from xconnector.postgres.connect import Pool, reading, transaction
from xconnector.store import consents, decisions
from xconnector.store.decision_text import facts_bytes, facts_of
from xconnector.store.decisions import DecisionRow, decided

NOW = datetime(2026, 11, 23, 8, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)
TODAY = date(2026, 11, 23)
FACTS = Facts(
    day=TODAY,
    common={"customer.preference": "e\\mail\n\tü", "data.amount": Decimal("5.00"), "has email": True, "deceased": None},
    by_medium={Medium.EMAIL: {"consent": "given", "consent.days": 12}},
)
PLAN = DeliveryPlan(
    hops=(
        Hop(connection="email", wait=timedelta(days=5), cost=Decimal("0.02")),
        Hop(connection="print", proof=ProofOfMailing.CERTIFIED),
    )
)


def step(
    check: Check = Check.PREFERENCE, table: str = "routing", row: str = "E1", medium: Medium | None = None
) -> Step:
    return Step(check=check, table=table, table_sha256="0" * 64, row=row, said="expired", medium=medium)


DECISION = DeliveryDecision(
    outcome=PLAN,
    steps=(step(), step(Check.CONSENT, "consent_eu", "C3", Medium.EMAIL)),
    is_mandatory=True,
    leave_within=10,
)


def row(
    number: int,
    *,
    at: datetime = NOW,
    name: str = "notice",
    facts: Facts = FACTS,
    decision: DeliveryDecision = DECISION,
) -> DecisionRow:
    return decided(
        UUID(int=number), facts, decision, name=name, customer_key=f"K\t{number}", policy_sha256="f" * 64, at=at
    )


async def remembered(pool: Pool, rows: Sequence[DecisionRow]) -> None:
    async with transaction(pool) as connection:
        await decisions.remember(connection, rows)


async def read(pool: Pool, number: int) -> list[DecisionRow]:
    async with reading(pool) as connection:
        return await decisions.of_communication(connection, UUID(int=number))


async def test_a_decision_comes_back_as_it_was_kept(pool: Pool) -> None:
    kept = row(1)
    await remembered(pool, [kept])

    (found,) = await read(pool, 1)

    assert found == kept
    assert found.rows == {"preference/routing": "E1", "consent/consent_eu/email": "C3"}
    assert found.outcome.plan == PLAN
    assert found.outcome.mandatory
    assert found.outcome.within == 10
    assert found.facts == Facts(
        day=TODAY, common={**FACTS.common, "data.amount": "5.00"}, by_medium=dict(FACTS.by_medium)
    )


async def test_tables_beside_the_plan_are_kept_with_it(pool: Pool) -> None:
    kept = decided(
        UUID(int=1),
        FACTS,
        DECISION,
        name="notice",
        customer_key="K",
        policy_sha256="f" * 64,
        at=NOW,
        beside=[step(Check.REVIEW, "reviews", "R1")],
    )
    await remembered(pool, [kept])
    assert (await read(pool, 1))[0].rows["review/reviews"] == "R1"


async def test_a_suppression_is_kept_with_its_reason(pool: Pool) -> None:
    suppressed = DeliveryDecision(outcome=Suppression(reason="no consent"), steps=())
    await remembered(pool, [row(1, decision=suppressed)])
    (found,) = await read(pool, 1)
    assert found.outcome.plan == Suppression(reason="no consent")


async def test_facts_can_be_erased_while_their_digest_stays(pool: Pool) -> None:
    await remembered(pool, [row(1)])
    async with transaction(pool) as connection:
        await connection.execute(b"UPDATE decision SET facts = NULL")
    (found,) = await read(pool, 1)
    assert found.facts is None
    assert found.facts_sha256 == hashlib.sha256(facts_bytes(FACTS)).hexdigest()


def test_what_is_kept_shows_no_customer_content_when_it_is_printed() -> None:
    assert "mail" not in repr(row(1))


def test_the_order_in_which_facts_were_gathered_does_not_show_in_their_digest() -> None:
    turned = Facts(day=TODAY, common=dict(reversed([*FACTS.common.items()])), by_medium=FACTS.by_medium)
    assert row(1, facts=turned).facts_sha256 == row(1).facts_sha256


JSON_VALUES = st.one_of(st.none(), st.booleans(), st.integers(-(2**53), 2**53), st.text())
FACTS_OF_ALL_SORTS = st.builds(
    Facts,
    day=st.dates(),
    common=st.dictionaries(st.text(), JSON_VALUES),
    by_medium=st.dictionaries(st.sampled_from(Medium), st.dictionaries(st.text(), JSON_VALUES)),
)


@given(FACTS_OF_ALL_SORTS)
def test_facts_are_read_as_they_were_written(facts: Facts) -> None:
    assert facts_of(facts_bytes(facts).decode(), day=facts.day) == facts


# ---------------------------------------------------------------- decided again


async def kept_again(pool: Pool, *rows: DecisionRow) -> list[DecisionRow]:
    async with transaction(pool) as connection:
        return [*await decisions.remember_again(connection, rows)]


async def test_what_comes_to_the_same_on_the_same_facts_is_not_kept_again(pool: Pool) -> None:
    await remembered(pool, [row(1)])
    assert not await kept_again(pool, row(1, at=LATER))
    assert [found.occasion for found in await read(pool, 1)] == [0]


async def test_what_is_decided_again_on_other_facts_is_kept_as_the_next_occasion(pool: Pool) -> None:
    other = Facts(day=TODAY, common={}, by_medium={})
    await remembered(pool, [row(1), row(2)])
    await kept_again(pool, row(1, facts=other, at=LATER), row(2, at=LATER))
    await kept_again(pool, row(1, at=LATER))
    assert [found.occasion for found in await read(pool, 1)] == [0, 1, 2]
    assert [found.occasion for found in await read(pool, 2)] == [0]


async def test_what_comes_to_something_else_is_kept_once(pool: Pool) -> None:
    suppressed = DeliveryDecision(outcome=Suppression(reason="expired"), steps=(step(row="C9"),))
    await remembered(pool, [row(1)])
    assert await kept_again(pool, row(1, decision=suppressed))
    assert not await kept_again(pool, row(1, decision=suppressed))
    _, kept = await read(pool, 1)
    assert kept.outcome.plan == Suppression(reason="expired")
    assert kept.rows == {"preference/routing": "C9"}


async def test_the_latest_decision_is_found_with_its_facts(pool: Pool) -> None:
    other = Facts(day=TODAY, common={"deceased": True}, by_medium={})
    await remembered(pool, [row(1), row(2)])
    await kept_again(pool, row(1, facts=other, at=LATER))
    async with reading(pool) as connection:
        found = await decisions.latest(connection, [UUID(int=1), UUID(int=2), UUID(int=3)])
    assert {key.int: one.occasion for key, one in found.items()} == {1: 1, 2: 0}
    assert found[UUID(int=1)].facts == other
    assert not found[UUID(int=1)].has_news


@pytest.mark.parametrize("minutes, is_news", [(1, True), (-1, True), (-60, False)])
async def test_a_withdrawal_is_news_even_where_it_was_committed_later_than_it_was_recorded(
    pool: Pool, *, minutes: int, is_news: bool
) -> None:
    said = replace(withdrawal(), customer_key="K\t1", recorded_at=NOW + timedelta(minutes=minutes))
    await remembered(pool, [row(1), row(2)])
    async with transaction(pool) as connection:
        await consents.add(connection, [said])
        found = await decisions.latest(connection, [UUID(int=1), UUID(int=2)])
    assert found[UUID(int=1)].has_news is is_news
    assert not found[UUID(int=2)].has_news


# ---------------------------------------------------------------- by time


async def found_by_time(
    pool: Pool,
    *,
    since: datetime | None = None,
    until: datetime | None = None,
    names: Sequence[str] | None = None,
) -> list[int]:
    async with reading(pool) as connection:
        pages = decisions.recorded(connection, since=since, until=until, names=names)
        return [found.communication_id.int async for page in pages for found in page]


async def test_decisions_are_read_by_time_and_name_as_they_were_made_first(pool: Pool) -> None:
    hour = timedelta(hours=1)
    await remembered(
        pool, [row(1), row(3, at=NOW + hour), row(2, at=NOW + hour, name="bill"), row(4, at=NOW + 2 * hour)]
    )
    await kept_again(pool, row(1, facts=Facts(day=TODAY, common={}, by_medium={}), at=LATER))

    assert await found_by_time(pool) == [1, 2, 3, 4]
    assert await found_by_time(pool, since=NOW + hour, until=NOW + 2 * hour) == [2, 3]
    assert await found_by_time(pool, names=["bill"]) == [2]
    assert await found_by_time(pool, since=NOW + 3 * hour) == []


@pytest.mark.parametrize("number", [1999, 2000, 2001, 4000])
async def test_no_decision_is_lost_or_read_twice_between_pages(pool: Pool, number: int) -> None:
    await remembered(pool, [row(one) for one in range(number)])
    assert await found_by_time(pool) == [*range(number)]


# ---------------------------------------------------------------- never rewritten


@pytest.mark.parametrize(
    "change",
    [
        b"UPDATE decision SET outcome = '{}'",
        b"UPDATE decision SET facts = '{}'",
        b"UPDATE decision SET facts = NULL, facts_sha256 = ''",
        b"UPDATE decision SET facts = NULL, rows = '{}'",
        b"UPDATE decision SET facts = NULL, day = day - 1",
        b"UPDATE decision SET facts = NULL, occasion = 1",
        b"TRUNCATE decision",
        b"UPDATE policy SET content = '{}'",
        b"DELETE FROM policy",
        b"TRUNCATE policy",
    ],
)
async def test_what_was_decided_is_never_rewritten(pool: Pool, change: bytes) -> None:
    route = DecisionTable(name="routing", inputs=(), outputs=(), rows=())
    await remembered(pool, [row(1)])
    async with transaction(pool) as connection:
        await decisions.remember_policies(connection, [DeliveryPolicy(route=route)])

    with pytest.raises(psycopg.errors.RaiseException):
        async with transaction(pool) as connection:
            await connection.execute(change)

    assert await read(pool, 1) == [row(1)]


async def test_facts_can_be_erased_and_rows_be_deleted_and_the_digest_outlives_the_facts(pool: Pool) -> None:
    await remembered(pool, [row(1), row(2)])
    async with transaction(pool) as connection:
        await connection.execute(b"UPDATE decision SET facts = NULL")
        await connection.execute(b"UPDATE decision SET facts = NULL")
        await connection.execute(b"DELETE FROM decision WHERE communication_id = %s", [UUID(int=2)])

    (left,) = await read(pool, 1)
    assert left.facts is None
    assert left.has_its_facts
    assert left.sha256 == row(1).sha256
    assert await read(pool, 2) == []


@given(st.sampled_from(DecisionRow.__struct_fields__))
def test_the_digest_of_a_row_is_over_all_of_it_but_the_text_of_its_facts(name: str) -> None:
    other = {"occasion": 1, "decided_at": LATER, "day": date(2026, 11, 24), "communication_id": UUID(int=2)}
    changed = structs.replace(row(1), **{name: other.get(name, "{}")})

    assert (changed.sha256 == row(1).sha256) is (name == "facts_text")
    assert changed.has_its_facts is (name not in {"facts_text", "facts_sha256"})


# ---------------------------------------------------------------- policies


async def test_policies_are_kept_once_and_found_by_their_digests(pool: Pool) -> None:
    route = DecisionTable(name="routing", inputs=(), outputs=(), rows=())
    some = [DeliveryPolicy(route=route, default=default) for default in ("print", "email", "portal")]
    async with transaction(pool) as connection:
        await decisions.remember_policies(connection, [])
        await decisions.remember_policies(connection, some[:2])
        await decisions.remember_policies(connection, [*reversed(some), some[0]])
        found = await decisions.policies(connection, [*(one.sha256 for one in some), "unknown"])
    assert found == {one.sha256: one.content for one in some}


async def test_workers_that_keep_the_same_policies_in_another_order_do_not_lock_each_other(pool: Pool) -> None:
    route = DecisionTable(name="routing", inputs=(), outputs=(), rows=())
    some = [DeliveryPolicy(route=route, default=f"c{at}") for at in range(200)]

    async def keep(policies: Sequence[DeliveryPolicy]) -> None:
        async with transaction(pool) as connection:
            await decisions.remember_policies(connection, policies)

    await asyncio.gather(*(keep([*reversed(some)] if at % 2 else some) for at in range(8)))

    async with reading(pool) as connection:
        assert len(await decisions.policies(connection, [one.sha256 for one in some])) == len(some)
