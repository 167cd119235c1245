from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.office import Office, notice
from tests.pipeline.checked_office import UNREVIEWED, WITHDRAWAL, approve, write_checks
from tests.pipeline.conftest import OpenOffice
from xconnector.domain.communication import State
from xconnector.domain.consent import ConsentAction, ConsentEvent
from xconnector.domain.customer import CustomerRecord
from xconnector.domain.routing.plan import Medium
from xconnector.operations.consents import record_consent
from xconnector.operations.same_customer import Word, merge, unmerge
from xconnector.postgres.connect import transaction
from xconnector.store import customers

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def _merge(opened: Office, one: str, other: str) -> None:
    await merge(opened.place.pool, Word(one=one, other=other, by="ann", reason="same person"))


async def _withdraw(opened: Office, member: str) -> None:
    no = ConsentEvent(
        customer_key=member, medium=Medium.EMAIL, scope="all", action=ConsentAction.WITHDRAW, source="web", actor="she",
        occurred_at=datetime(2026, 1, 1, tzinfo=UTC), recorded_at=datetime.now(UTC),
    )  # fmt: skip
    await record_consent(opened.place.pool, no, categories=())


async def _customers(opened: Office) -> list[str]:
    async with transaction(opened.place.pool) as connection:
        cursor = await connection.execute("SELECT customer_key FROM communication ORDER BY communication_id")
        return [str(row[0]) for row in await cursor.fetchall()]


async def test_events_of_either_member_are_made_for_one_customer_until_they_are_parted(office: OpenOffice) -> None:
    async with office() as opened:
        await opened.send(notice("1", email="one@x.test"))
        await opened.work()
        await opened.send(notice("2", email=""))
        await opened.work()
        await _merge(opened, "K-1", "K-2")
        await opened.send(notice("3", customer="K-2", email=""))
        await opened.work()
        merged = opened.mails_to("one@x.test")
        await unmerge(opened.place.pool, "K-2", by="ann", reason="not he")
        await opened.send(notice("4", customer="K-2", email=""))
        account = await opened.work()
        named = await _customers(opened)

    assert named == ["K-1", "K-2", "K-2", "K-2"]
    assert (merged, opened.mails_to("one@x.test")) == (2, 2)
    assert account.states == {State.COMPLETED: 4}


async def test_a_no_of_one_member_holds_what_is_sent_to_the_other(office: OpenOffice, tmp_path: Path) -> None:
    write_checks(tmp_path, checks="{withdrawal: withdrawal}", route=UNREVIEWED, withdrawal=WITHDRAWAL)
    async with office() as opened:
        await opened.send(notice("1", email="one@x.test"))
        await opened.work()
        await _withdraw(opened, "K-2")
        await _merge(opened, "K-1", "K-2")
        await opened.send(notice("2", customer="K-1", email="one@x.test"))
        await opened.work()

    assert opened.mails_to("one@x.test") == 1


async def test_a_member_that_comes_or_goes_and_what_is_said_of_it_is_news_of_what_was_decided(
    office: OpenOffice,
) -> None:
    async with office() as opened:
        await opened.send(notice("1", email="one@x.test"), notice("2", email="two@x.test"))
        await opened.work()
        long_ago = await _age(opened)
        await _merge(opened, "K-1", "K-2")
        merged = await _have_news(opened)
        later = await _age(opened)
        await _withdraw(opened, "K-2")
        said = await _have_news(opened)

    assert (long_ago, merged, later, said) == (0, 2, 0, 2)


async def test_what_is_on_its_way_when_two_are_parted_goes_to_nobody_elses_address(office: OpenOffice) -> None:
    async with office() as opened:
        await _know(opened, **{"K-1": "one@x.test", "K-2": "two@x.test"})
        await _merge(opened, "K-1", "K-2")
        await opened.send(notice("1", customer="K-2", amount="2000.00"))
        await opened.work_until(("1", State.IN_REVIEW))
        composed_for = (await opened.explain("1")).assembly
        await unmerge(opened.place.pool, "K-2", by="ann", reason="not he")
        await _know(opened, **{"K-2": "other@x.test"})
        await approve(opened)
        await opened.work()
        found = await opened.explain("1")

    assert composed_for is not None
    assert (found.found.customer_key, found.found.state) in {("K-2", "failed"), ("K-2", "completed")}
    assert opened.mails_to("one@x.test") == 0


async def test_once_per_customer_is_once_for_all_who_are_the_customer(office: OpenOffice) -> None:
    every = "{event: com.small.notice}"
    once = {"communications/notice.yaml": [(every, "{event: com.small.notice, once_per: customer}")]}
    async with office(once) as opened:
        await _know(opened, **{"K-1": "one@x.test", "K-2": "two@x.test"})
        await _merge(opened, "K-1", "K-2")
        await opened.send(notice("1"))
        await opened.work()
        await opened.send(notice("2"))
        account = await opened.work()

    assert account.states == {State.COMPLETED: 1, State.SUPPRESSED: 1}


async def _know(opened: Office, **emails: str) -> None:
    """Let a source say addresses of members."""
    now = datetime.now(UTC)
    said = [
        CustomerRecord(customer_key=key, source="load", as_of=now, fields={"email": email})
        for key, email in emails.items()
    ]
    async with transaction(opened.place.pool) as connection:
        await customers.remember(connection, said, now)


async def _have_news(opened: Office) -> int:
    async with transaction(opened.place.pool) as connection:
        cursor = await connection.execute("SELECT count(*) FROM latest_decision WHERE has_news")
        row = await cursor.fetchone()
    assert row is not None
    return int(row[0])


async def _age(opened: Office) -> int:
    """Let everything have happened an hour earlier; returns of how many communications something new was said."""
    hour = timedelta(hours=1)
    async with transaction(opened.place.pool) as connection:
        for statement in (
            "UPDATE customer_record SET recorded_at = recorded_at - %s",
            "UPDATE customer_link SET changed_at = changed_at - %s",
        ):
            await connection.execute(statement, (hour,))
    return await _have_news(opened)
