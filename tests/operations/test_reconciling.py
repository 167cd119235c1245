import asyncio
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from tests.office import notice
from tests.pipeline.conftest import OpenOffice
from xconnector.operations.reconciling import UnknownRunError, reconcile_day, reconcile_run
from xconnector.store.reconciliations import Account
from xconnector.testing.small_project import row

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_a_run_closes_at_every_moment_while_it_is_worked_on(office: OpenOffice) -> None:
    emails = {0: "bounce-{}@x.test", 1: "refuse-{}@x.test", 2: "drop-{}@x.test", 3: "a{}@x.test"}
    rows = [
        row(
            str(number),
            email=emails.get(number % 6, "").format(number),
            preference="nothing" if number % 17 == 0 else "",
            amount="2000.00" if number % 11 == 0 else "700.00" if number % 13 == 0 else "12.50",
        )
        for number in range(120)
    ]
    seen: list[Account] = []
    async with office() as opened:

        async def look() -> None:
            while True:
                seen.append(await opened.account())
                await asyncio.sleep(0.005)

        looking = asyncio.create_task(look())
        async with opened.at_work():
            run = await opened.run([*rows, row("5"), row("6", amount="1.00")], batch_size=10)
            await opened.until(opened.is_through)
        looking.cancel()
        await asyncio.gather(looking, return_exceptions=True)
        last = await opened.account(run)

    assert len(seen) > 50
    assert {account.reconciliation.difference for account in seen} == {0}
    assert {account.disagreements for account in seen} == {0}
    assert len({str(account.states) for account in seen}) > 5
    assert last.closes
    assert last.reconciliation.came_in == 122


async def test_a_day_is_counted_in_the_time_zone_of_the_project(office: OpenOffice) -> None:
    async with office() as opened:
        await opened.send(notice("1"))
        today = datetime.now(UTC).astimezone(ZoneInfo("Europe/Berlin")).date()
        here = await reconcile_day(opened.place.pool, today, "Europe/Berlin")
        before = await reconcile_day(opened.place.pool, today - timedelta(days=1), "Europe/Berlin")
        after = await reconcile_day(opened.place.pool, today + timedelta(days=1), "Europe/Berlin")

    assert [day.reconciliation.came_in for day in (before, here, after)] == [0, 1, 0]
    assert here.closes


async def test_a_day_on_which_clocks_change_is_a_whole_day(office: OpenOffice) -> None:
    async with office() as opened:
        account = await reconcile_day(opened.place.pool, date(2026, 10, 25), "Europe/Berlin")

    assert account.closes


async def test_an_unknown_run_is_told_with_where_to_look(office: OpenOffice) -> None:
    async with office() as opened:
        with pytest.raises(UnknownRunError, match="xconnector status"):
            await reconcile_run(opened.place.pool, "no-such-run")
