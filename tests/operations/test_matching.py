import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest

from xconnector.domain.customer import CustomerRecord
from xconnector.domain.golden import MOST_RECENT
from xconnector.domain.matching.keys import KeyRule, MatchingRules
from xconnector.domain.matching.links import Cluster
from xconnector.operations.matching import Matched, MatchingWork, match
from xconnector.operations.same_customer import SameCustomerError, Word, merge, unmerge
from xconnector.operations.stewarding import Decision, accept, beside, reject, waiting_matches
from xconnector.postgres.connect import Pool, transaction
from xconnector.store import customer_links, customers

pytestmark = pytest.mark.asyncio(loop_scope="session")
NOW = datetime(2026, 11, 23, 8, tzinfo=UTC)
RULES = MatchingRules(
    rules=[KeyRule(fields=("tax_id",)), KeyRule(fields=("email",))], unless_differ=("birth_date",), most=4
)
WORK = MatchingWork(rules=RULES, survivorship=MOST_RECENT, at=NOW)


async def _know(pool: Pool, said: Mapping[str, Mapping[str, Any]], *, days: int = 0) -> None:
    at = NOW + timedelta(days=days)
    records = [CustomerRecord(customer_key=key, source="crm", as_of=at, fields=fields) for key, fields in said.items()]
    async with transaction(pool) as connection:
        await customers.remember(connection, records, at)


async def _customer(pool: Pool, key: str) -> Cluster:
    async with transaction(pool) as connection:
        return (await customer_links.clusters_of(connection, [key]))[key]


async def _pairs(pool: Pool) -> Sequence[tuple[str, str, Sequence[str]]]:
    return [(one.first_key, one.second_key, one.differ) for one in await waiting_matches(pool, limit=9)]


async def test_who_shares_a_strong_key_becomes_one_and_whoever_says_nothing_nobody(pool: Pool) -> None:
    await _know(pool, {"B": {"tax_id": "12 345"}, "Z": {"email": "z@x.test"}})
    await _know(pool, {"A": {"tax_id": "12345", "email": "a@x.test"}, "C": {"email": "A@x.test"}}, days=1)
    await _know(
        pool,
        {"N1": {"tax_id": None, "email": ""}, "N2": {"tax_id": "n/a", "email": " "}, "N3": {"city": "Bonn"}},
        days=1,
    )
    done = await match(pool, WORK)

    assert await _customer(pool, "C") == Cluster(customer_key="B", member_keys=("A", "B", "C"))
    assert [(await _customer(pool, key)).member_keys for key in ("N1", "N2", "N3", "Z")] == [
        ("N1",),
        ("N2",),
        ("N3",),
        ("Z",),
    ]
    assert (done.members, [one.links for one in done.rules], done.proposed) == (7, [1, 1], 0)


async def test_a_new_member_joins_the_customer_that_there_is_and_matching_again_does_nothing(pool: Pool) -> None:
    await _know(pool, {"B": {"email": "a@x.test"}, "C": {"email": "a@x.test"}})
    await match(pool, WORK)
    await _know(pool, {"A": {"email": "a@x.test"}}, days=1)
    second = await match(pool, WORK)
    third = await match(pool, WORK)

    assert await _customer(pool, "A") == Cluster(customer_key="B", member_keys=("A", "B", "C"))
    assert (second.linked, third.linked) == (1, 0)


async def test_a_dry_run_shows_what_would_be_linked_and_writes_nothing(pool: Pool) -> None:
    await _know(pool, {"A": {"email": "a@x.test"}, "B": {"email": "a@x.test"}})
    shown = await match(pool, MatchingWork(rules=RULES, survivorship=MOST_RECENT, at=NOW, dry_run=True))

    assert (shown.linked, shown.links) == (1, [("A", "B", "email")])
    assert (await _customer(pool, "A")).member_keys == ("A",)


async def test_who_contradicts_each_other_waits_for_a_steward_once(pool: Pool) -> None:
    await _know(
        pool,
        {
            "A": {"email": "a@x.test", "birth_date": "1980-01-02"},
            "B": {"email": "a@x.test"},
            "C": {"email": "a@x.test", "birth_date": "1990-01-02"},
        },
    )
    first = await match(pool, WORK)
    again = await match(pool, WORK)

    assert (first.linked, first.proposed, again.proposed) == (0, 2, 0)
    assert await _pairs(pool) == [("A", "B", ["birth_date"]), ("A", "C", ["birth_date"])]
    with_values = await beside(pool, (await waiting_matches(pool, limit=1))[0].match_id, rules=MOST_RECENT, at=NOW)
    assert [(one.name, one.agrees) for one in with_values.fields] == [("birth_date", False), ("email", True)]


async def test_what_a_steward_accepts_is_one_and_what_is_rejected_never_comes_back(pool: Pool) -> None:
    await _know(
        pool,
        {
            "A": {"email": "a@x.test", "birth_date": "1980-01-02"},
            "B": {"email": "a@x.test"},
            "C": {"email": "a@x.test", "birth_date": "1990-01-02"},
        },
    )
    await match(pool, WORK)
    first, second = await waiting_matches(pool, limit=9)
    await reject(pool, Decision(match_id=second.match_id, by="ann"))
    await accept(pool, Decision(match_id=first.match_id, by="ann", reason="called her"))
    done = await match(pool, WORK)

    assert (await _customer(pool, "A")).member_keys == ("A", "B")
    # C and B are of the same mailbox: that B is A now, and A is not C, keeps them apart.
    assert (done.linked, await _pairs(pool)) == (0, [])
    with pytest.raises(SameCustomerError, match="no match"):
        await accept(pool, Decision(match_id=first.match_id, by="ann"))


async def test_a_key_of_too_many_is_told_and_merges_nobody(pool: Pool) -> None:
    await _know(pool, {f"K{number}": {"email": "office@agency.test"} for number in range(5)})
    done = await match(pool, WORK)

    assert done.linked == 0
    assert [(crowd.rule, crowd.members, len(crowd.first)) for crowd in done.crowds] == [("email", 5, 5)]


async def test_whom_a_steward_parted_no_rule_links_again(pool: Pool) -> None:
    await _know(pool, {"A": {"email": "a@x.test"}, "B": {"email": "a@x.test"}, "C": {"email": "a@x.test"}})
    await match(pool, WORK)
    parts = await unmerge(pool, "C", by="ann", reason="her son")
    done = await match(pool, WORK)

    assert [one.member_keys for one in parts] == [("A", "B"), ("C",)]
    assert done.linked == 0
    assert (await _customer(pool, "C")).member_keys == ("C",)


async def test_what_a_steward_does_meanwhile_is_not_undone(pool: Pool) -> None:
    people = {f"K{number:03}": {"email": f"{number // 2}@x.test"} for number in range(200)}
    await _know(pool, people)

    async def steward() -> None:
        for number in range(0, 40, 2):
            await merge(pool, Word(one=f"K{number:03}", other=f"K{199 - number:03}", by="ann", reason="?"))

    done, again, _ = await asyncio.gather(match(pool, WORK), match(pool, WORK), steward())
    last = await match(pool, WORK)

    async with transaction(pool) as connection:
        found = await customer_links.clusters_of(connection, list(people))
    members = [member for one in {*found.values()} for member in one.member_keys]
    assert sorted(members) == sorted(people)
    assert all(found[f"K{number:03}"] == found[f"K{number + 1:03}"] for number in range(0, 200, 2))
    assert all(found[f"K{number:03}"] == found[f"K{199 - number:03}"] for number in range(0, 40, 2))
    assert sum(one.linked for one in (done, again, last)) + 20 == len(people) - len({*found.values()})


async def test_stopped_between_two_transactions_the_next_run_does_the_rest(
    pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    people = {f"K{number:03}": {"email": f"{number // 2}@x.test"} for number in range(30)}
    await _know(pool, people)
    monkeypatch.setattr("xconnector.operations.matching._AT_ONCE", 4)
    stopped = asyncio.create_task(match(pool, WORK))
    async with asyncio.timeout(30):
        while (await _customer(pool, "K001")).customer_key == "K001" and not stopped.done():  # noqa: ASYNC110 - the database tells
            await asyncio.sleep(0)
    stopped.cancel()
    before = await asyncio.gather(stopped, return_exceptions=True)
    done = await match(pool, WORK)

    async with transaction(pool) as connection:
        found = await customer_links.clusters_of(connection, list(people))
    assert all(len(one.member_keys) == 2 for one in found.values())
    assert done.linked < 15 or isinstance(before[0], Matched)


async def test_other_programs_compute_the_keys_of_many_and_find_the_same(
    pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    people = {f"K{number:03}": {"email": f"{number // 2}@x.test", "birth_date": "1980-01-02"} for number in range(30)}
    await _know(pool, {**people, "K000": {"email": "0@x.test", "birth_date": "1990-01-02"}})
    monkeypatch.setattr("xconnector.operations.matching._PAGE", 7)
    here = await match(pool, replace(WORK, dry_run=True))
    monkeypatch.setattr("xconnector.operations.matching_keys.MANY", 1)
    done = await match(pool, WORK)

    assert (done.links, done.rules, done.linked, done.proposed) == (here.links, here.rules, 14, 1)
    assert (await _customer(pool, "K003")).member_keys == ("K002", "K003")


async def test_two_programs_that_move_members_at_once_end_where_one_after_the_other_ends(pool: Pool) -> None:
    people = [f"K{number:02}" for number in range(24)]
    await _know(pool, {key: {"email": f"{key}@x.test"} for key in people})
    # Each pair of neighbours twice, from both ends, so that both programs want the same members at the same time.
    pairs = list(pairwise(people))[::2] + list(zip(people, people[2:], strict=False))[::4]

    async def merge_all(words: Sequence[tuple[str, str]], by: str) -> int:
        made = 0
        for one, other in words:
            try:
                await merge(pool, Word(one=one, other=other, by=by, reason="?"))
                made += 1
            except SameCustomerError:
                continue
        return made

    made = await asyncio.gather(merge_all(pairs, "ann"), merge_all([(b, a) for a, b in reversed(pairs)], "ben"))

    async with transaction(pool) as connection:
        found = await customer_links.clusters_of(connection, people)
    expected = [tuple(people[first : first + 4]) for first in range(0, 24, 4)]
    assert sorted({one.member_keys for one in found.values()}) == expected
    assert all(one.customer_key == one.member_keys[0] for one in found.values())
    assert sum(made) == len(people) - len(expected)
