import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from xconnector.domain.consent import ConsentAction, ConsentEvent, ConsentStatus, consent_state
from xconnector.domain.customer import CustomerRecord
from xconnector.domain.golden import MOST_RECENT
from xconnector.domain.matching.links import Cluster, LinkAction
from xconnector.domain.routing.plan import Medium
from xconnector.domain.suppression import SuppressionReason
from xconnector.operations.consents import record_consent, suppress
from xconnector.operations.same_customer import SameCustomerError, Word, merge, part, unmerge
from xconnector.postgres.connect import Connection, Pool, transaction
from xconnector.store import consents, customer_links, customers, suppressions

pytestmark = pytest.mark.asyncio(loop_scope="session")
NOW = datetime(2026, 11, 23, 8, tzinfo=UTC)
MEMBERS = ("A", "B", "C", "D", "E")


async def _know(connection: Connection, *keys: str, at: datetime = NOW, **fields: object) -> None:
    records = [
        CustomerRecord(
            customer_key=key, source=f"source-of-{key}", as_of=at, fields={"email": f"{key}@x.test", **fields}
        )
        for key in keys
    ]
    await customers.remember(connection, records, at)


def _word(one: str, other: str) -> Word:
    return Word(one=one, other=other, by="ann", reason="same person")


async def _said(pool: Pool, *keys: str) -> Mapping[str, Mapping[str, Any]]:
    async with transaction(pool) as connection:
        golden = await customers.golden_records(connection, keys, MOST_RECENT, at=NOW)
    return {key: dict(one.fields) for key, one in golden.items()}


async def _cluster(pool: Pool, key: str) -> Cluster:
    async with transaction(pool) as connection:
        return (await customer_links.clusters_of(connection, [key]))[key]


async def _clusters(pool: Pool) -> set[Cluster]:
    async with transaction(pool) as connection:
        return {*(await customer_links.clusters_of(connection, MEMBERS)).values()}


async def _give(pool: Pool, key: str, action: ConsentAction, at: datetime) -> None:
    word = ConsentEvent(
        customer_key=key, medium=Medium.EMAIL, scope="all", action=action, occurred_at=at,
        recorded_at=datetime.now(UTC), source="web", actor="ann",
    )  # fmt: skip
    await record_consent(pool, word, categories=())


async def _status(pool: Pool, key: str) -> ConsentStatus:
    async with transaction(pool) as connection:
        said = (await consents.of_customers(connection, [key])).get(key, [])
    return consent_state(said, medium=Medium.EMAIL, category="contract", promotional=False, at=NOW).status


async def test_a_merged_customer_has_the_values_of_all_members_and_the_key_of_the_first(pool: Pool) -> None:
    async with transaction(pool) as connection:
        await _know(connection, "young", at=NOW, city="Bonn")
        await _know(connection, "old", at=NOW - timedelta(days=9), mobile="+491")
    cluster = await merge(pool, _word("young", "old"))

    assert cluster == Cluster(customer_key="old", member_keys=("old", "young"))
    assert await _cluster(pool, "young") == cluster
    said = await _said(pool, "old", "young")
    assert said["old"] == said["young"] == {"email": "young@x.test", "city": "Bonn", "mobile": "+491"}


async def test_after_unmerging_every_value_is_back_with_its_member(pool: Pool) -> None:
    async with transaction(pool) as connection:
        await _know(connection, "A", city="Bonn")
        await _know(connection, "B", mobile="+492")
    before = await _said(pool, "A", "B")
    await merge(pool, _word("A", "B"))
    parts = await unmerge(pool, "A", by="bob", reason="father and son")

    assert [one.member_keys for one in parts] == [("A",), ("B",)]
    assert await _said(pool, "A", "B") == before


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=12, deadline=None)
@given(pairs=st.lists(st.tuples(st.sampled_from(MEMBERS), st.sampled_from(MEMBERS)), max_size=5))
async def test_merging_and_parting_again_is_as_before(pool: Pool, pairs: list[tuple[str, str]]) -> None:
    async with transaction(pool) as connection:
        await connection.execute("TRUNCATE customer_record, customer_link")
        await connection.execute("DELETE FROM customer_link_event")
        for days, key in enumerate(MEMBERS):
            await _know(connection, key, at=NOW - timedelta(days=days % 3))
    for one, other in pairs:
        if one != other and (await _cluster(pool, one)) != (await _cluster(pool, other)):
            await merge(pool, _word(one, other))
    one, other = "A", "E"
    if await _cluster(pool, one) == await _cluster(pool, other):
        return
    before, said = await _clusters(pool), await _said(pool, *MEMBERS)
    await merge(pool, _word(one, other))
    await part(pool, _word(one, other))

    assert await _clusters(pool) == before
    assert await _said(pool, *MEMBERS) == said


async def test_a_no_of_one_member_counts_for_all_and_beats_the_yes_of_another(pool: Pool) -> None:
    async with transaction(pool) as connection:
        await _know(connection, "A", "B")
    await _give(pool, "A", ConsentAction.GRANT, NOW - timedelta(days=1))
    await _give(pool, "B", ConsentAction.WITHDRAW, NOW - timedelta(days=5))
    alone = await _status(pool, "A")
    await merge(pool, _word("A", "B"))
    merged = await _status(pool, "A")
    await unmerge(pool, "B", by="ann", reason="not he")

    assert (alone, merged, await _status(pool, "A")) == (
        ConsentStatus.GIVEN,
        ConsentStatus.WITHDRAWN,
        ConsentStatus.GIVEN,
    )


async def test_who_leaves_keeps_every_no_that_was_heard_of_the_customer_meanwhile(pool: Pool) -> None:
    async with transaction(pool) as connection:
        await _know(connection, "A", "B")
    await _give(pool, "A", ConsentAction.WITHDRAW, NOW - timedelta(days=5))
    await merge(pool, _word("A", "B"))
    await _give(pool, "A", ConsentAction.GRANT, NOW - timedelta(days=1))
    await suppress(pool, "A", Medium.SMS, SuppressionReason.COMPLAINED, rules=MOST_RECENT, actor="relay", note=None)
    await unmerge(pool, "B", by="ann", reason="not he")
    async with transaction(pool) as connection:
        listed = await suppressions.of_customers(connection, ["B"])

    assert [event.medium for event in listed["B"]] == [Medium.SMS]
    assert await _status(pool, "B") is ConsentStatus.NEVER


@pytest.mark.parametrize("leaver", ["A", "B"])
async def test_a_no_heard_under_a_former_key_of_the_customer_stays_with_all_who_were_one_then(
    pool: Pool, leaver: str
) -> None:
    async with transaction(pool) as connection:
        await _know(connection, "A", at=NOW - timedelta(days=5))
        await _know(connection, "B", at=NOW - timedelta(days=4))
        await _know(connection, "Z", at=NOW - timedelta(days=9))
    await _give(pool, "B", ConsentAction.GRANT, NOW - timedelta(days=3))
    await merge(pool, _word("A", "B"))
    await _give(pool, "A", ConsentAction.WITHDRAW, NOW - timedelta(days=1))
    await suppress(pool, "A", Medium.SMS, SuppressionReason.COMPLAINED, rules=MOST_RECENT, actor="relay", note=None)
    await merge(pool, _word("Z", "A"))
    await unmerge(pool, leaver, by="ann", reason="not he")
    async with transaction(pool) as connection:
        listed = await suppressions.of_customers(connection, ["A", "B"])

    assert (await _cluster(pool, leaver)).member_keys == (leaver,)
    assert [await _status(pool, key) for key in ("A", "B")] == [ConsentStatus.WITHDRAWN] * 2
    assert [{event.medium for event in listed[key]} for key in ("A", "B")] == [{Medium.SMS}] * 2


async def test_a_no_from_before_they_were_one_is_carried_to_nobody(pool: Pool) -> None:
    async with transaction(pool) as connection:
        await _know(connection, "A", "B", "C")
    await merge(pool, _word("A", "B"))
    await _give(pool, "A", ConsentAction.WITHDRAW, NOW - timedelta(days=1))
    await merge(pool, _word("C", "A"))
    await unmerge(pool, "C", by="ann", reason="not he")

    assert await _status(pool, "C") is ConsentStatus.NEVER


async def test_a_steward_may_take_back_an_unmerge_from_a_customer_of_several(pool: Pool) -> None:
    async with transaction(pool) as connection:
        await _know(connection, "A", "B", "C")
    await merge(pool, _word("A", "B"))
    await merge(pool, _word("B", "C"))
    await unmerge(pool, "B", by="bob", reason="father and son")
    await merge(pool, _word("A", "C"))
    with pytest.raises(SameCustomerError, match=r"bob said on .* merge --overrule"):
        await merge(pool, _word("B", "A"))
    again = await merge(pool, Word(one="B", other="A", by="ann", reason="one man", overrules=True))
    async with transaction(pool) as connection:
        words = await customer_links.words_on(connection, again.member_keys)

    assert again.member_keys == ("A", "B", "C")
    assert not [word for word in words if word.action is LinkAction.APART]
    parted = await unmerge(pool, "B", by="bob", reason="two men")
    assert [one.member_keys for one in parted] == [("A", "C"), ("B",)]


async def test_who_was_said_to_be_two_customers_is_not_made_one_by_way_of_a_third(pool: Pool) -> None:
    async with transaction(pool) as connection:
        await _know(connection, "A", "B", "C")
    await merge(pool, _word("A", "B"))
    await unmerge(pool, "B", by="bob", reason="father and son")
    await merge(pool, _word("B", "C"))
    with pytest.raises(SameCustomerError, match=r"bob said on .* that A and B are two customers"):
        await merge(pool, _word("A", "C"))
    again = await merge(pool, _word("A", "B"))

    assert again.member_keys == ("A", "B", "C")


async def test_what_cannot_be_merged_or_parted_is_told(pool: Pool) -> None:
    async with transaction(pool) as connection:
        await _know(connection, "A", "B", "C")
    await merge(pool, _word("A", "B"))

    with pytest.raises(SameCustomerError, match="one customer already"):
        await merge(pool, _word("B", "A"))
    with pytest.raises(SameCustomerError, match="nobody ever spoke of customer 2 of the two"):
        await merge(pool, _word("A", "misspelt"))
    with pytest.raises(SameCustomerError, match="its own customer already"):
        await unmerge(pool, "C", by="ann", reason="?")
    with pytest.raises(SameCustomerError, match="the two are not one customer"):
        await part(pool, _word("A", "C"))


async def test_what_was_known_is_known_of_those_who_were_one_customer_then(pool: Pool) -> None:
    async with transaction(pool) as connection:
        await _know(connection, "A", city="Bonn")
        await _know(connection, "B", mobile="+492")
    alone = datetime.now(UTC)
    await merge(pool, _word("A", "B"))
    merged = datetime.now(UTC)
    await unmerge(pool, "B", by="bob", reason="father and son")
    async with transaction(pool) as connection:
        golden = [
            await customers.golden_records(connection, ["A"], MOST_RECENT, at=NOW, known_at=moment)
            for moment in (alone, merged, datetime.now(UTC))
        ]

    assert ["mobile" in one["A"].fields for one in golden] == [False, True, False]
    assert all(one["A"].fields["city"] == "Bonn" for one in golden)


async def test_merges_at_the_same_time_make_one_customer_of_all(pool: Pool) -> None:
    async with transaction(pool) as connection:
        await _know(connection, *MEMBERS)
    words = [_word(one, other) for one, other in pairwise(MEMBERS)]
    await asyncio.gather(*(merge(pool, word) for word in words))

    assert await _clusters(pool) == {Cluster(customer_key="A", member_keys=MEMBERS)}
