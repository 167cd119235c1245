"""What the law wants to leave by a day is told before the day is over, wherever it waits."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from tests.office import Office, notice
from tests.pipeline.checked_office import BY_MAIL_ONLY, MUST_SEND, UNREVIEWED, bring_to_review, write_checks
from tests.pipeline.conftest import OpenOffice
from xconnector.domain.communication import State
from xconnector.operations.deadlines import Deadlines, deadlines
from xconnector.operations.failures import Choice, failure_groups, open_failures

pytestmark = pytest.mark.asyncio(loop_scope="session")
BY_MAIL = "| email             | -           |"
DAYS = 5
"""Within which `MUST_SEND` wants it to leave."""


def today() -> date:
    return datetime.now(UTC).astimezone(ZoneInfo("Europe/Berlin")).date()


async def told(office: Office, *, after: int, limit: int = 10) -> tuple[int, int, int]:
    """How many are past, due today and due soon, so many days from now."""
    found = await found_after(office, after, limit=limit)
    return found.past, found.today, found.soon


async def found_after(office: Office, days: int, *, limit: int = 10) -> Deadlines:
    return await deadlines(office.place.pool, on=today() + timedelta(days=days), limit=limit)


def must_send(folder: Path, *, route: tuple[str, str]) -> None:
    write_checks(folder, checks="{must_send: must_send, default: print}", must_send=MUST_SEND, route=route)


async def test_what_waits_for_people_is_told_from_three_days_before_its_last_day(
    tmp_path: Path, office: OpenOffice
) -> None:
    must_send(tmp_path, route=BY_MAIL_ONLY)
    async with office() as opened:
        await bring_to_review(opened)
        assert [await told(opened, after=day) for day in (DAYS - 4, DAYS - 3, DAYS - 1, DAYS, DAYS + 1)] == [
            (0, 0, 0),
            (0, 0, 1),
            (0, 0, 1),
            (0, 1, 0),
            (1, 0, 0),
        ]
        (due,) = (await found_after(opened, DAYS)).next
        explained = await opened.explain("1")

    assert due.communication_id == explained.found.communication_id
    assert (due.name, due.state) == ("notice", State.IN_REVIEW)
    assert due.leave_by == today() + timedelta(days=DAYS)


async def test_what_is_on_its_way_is_told_no_more(tmp_path: Path, office: OpenOffice) -> None:
    must_send(tmp_path, route=UNREVIEWED)
    async with office() as opened:
        await opened.send(notice("1"), notice("2", email="a@x.test"))
        await opened.work()
        assert await told(opened, after=DAYS) == (0, 0, 0)


async def test_the_first_are_listed_by_their_day(tmp_path: Path, office: OpenOffice) -> None:
    must_send(tmp_path, route=BY_MAIL_ONLY)
    async with office() as opened:
        await opened.send(*(notice(str(at), email="a@x.test") for at in range(5)))
        await opened.work()
        found = await found_after(opened, DAYS, limit=2)
        everything = await found_after(opened, DAYS)

    assert (found.today, len(found.next)) == (5, 2)
    assert found.next == everything.next[:2]
    assert [one.communication_id for one in everything.next] == sorted(one.communication_id for one in everything.next)


async def test_what_failed_is_told_with_its_day_and_stands_first_among_failures(
    tmp_path: Path, office: OpenOffice
) -> None:
    write_checks(
        tmp_path, checks="{must_send: must_send, default: email}", must_send=MUST_SEND, route=(UNREVIEWED[0], BY_MAIL)
    )
    async with office() as opened:
        await opened.send(notice("1", email="refuse-1@x.test"), *(notice(key, amount=None) for key in "234"))
        await opened.work()
        (failed,) = (await found_after(opened, DAYS + 1)).next
        first, second = await failure_groups(opened.place.pool)
        (single,) = await open_failures(opened.place.pool, Choice(communication_id=failed.communication_id), limit=9)

    assert failed.state == State.FAILED
    assert first.leave_by == single.leave_by == failed.leave_by == today() + timedelta(days=DAYS)
    assert (first.number, second.number, second.leave_by) == (1, 3, None)
