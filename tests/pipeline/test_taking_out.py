from datetime import timedelta
from pathlib import Path

import pytest

from tests.office import Office, edit, notice
from tests.pipeline.checked_office import SUPPRESSION, UNREVIEWED, suppress_print, write_checks
from tests.pipeline.conftest import OpenOffice
from tests.pipeline.news_between import open_between
from xconnector.domain.communication import State
from xconnector.domain.suppression import SuppressionReason
from xconnector.postgres.connect import transaction

pytestmark = pytest.mark.asyncio(loop_scope="session")


def _write(folder: Path) -> None:
    write_checks(folder, checks="{suppression: suppression}", route=UNREVIEWED, suppression=SUPPRESSION)
    edit(folder, "xconnector.yaml", "{collect: 100ms}", "{collect: 1h}")


async def _collected(opened: Office) -> None:
    await opened.send(notice("1"), notice("2"))
    await opened.work_until(("1", State.COLLECTED), ("2", State.COLLECTED))


async def _let_an_hour_pass(opened: Office) -> None:
    async with transaction(opened.place.pool) as connection:
        await connection.execute("UPDATE dispatch SET intended_at = intended_at - interval '1 hour'")
    await opened.work()


async def test_what_is_not_wanted_any_more_is_taken_out_of_its_bundle(tmp_path: Path, office: OpenOffice) -> None:
    _write(tmp_path)
    async with office() as opened:
        await _collected(opened)
        await suppress_print(opened)
        await _let_an_hour_pass(opened)
        account = await opened.account()
        taken, printed = await opened.explain("1"), await opened.explain("2")

    assert account.closes
    assert taken.found.state == State.SUPPRESSED
    assert (taken.history[-1].detail or {})["decision"]["suppressed"] == "the letters came back"
    assert [handover.state for handover in taken.handovers] == ["given_up"]
    assert opened.printed() == [handover.dispatch_key for handover in printed.handovers]


async def test_news_that_changes_nothing_keeps_nobody_from_being_printed(tmp_path: Path, office: OpenOffice) -> None:
    _write(tmp_path)
    async with office() as opened:
        await _collected(opened)
        await suppress_print(opened, SuppressionReason.OTHER)
        await _let_an_hour_pass(opened)
        account = await opened.account()

    assert account.states == {State.COMPLETED: 2}
    assert len(opened.printed()) == 2


async def test_where_all_are_taken_out_nothing_is_handed_over(tmp_path: Path, office: OpenOffice) -> None:
    _write(tmp_path)
    async with office() as opened:
        await opened.send(notice("1"))
        await opened.work_until(("1", State.COLLECTED))
        await suppress_print(opened)
        await _let_an_hour_pass(opened)

        async def is_given_up() -> bool:
            async with transaction(opened.place.pool) as connection:
                cursor = await connection.execute("SELECT state FROM bundle")
                return [row[0] for row in await cursor.fetchall()] == ["given_up"]

        async with opened.at_work():
            await opened.until(is_given_up)

    assert opened.printed() == []


async def test_what_goes_on_to_another_print_house_waits_for_its_bundle_there(tmp_path: Path, database: str) -> None:
    async with open_between(tmp_path, database, ["paper", "paper"]) as between:
        await between.happen(between.people[0], "prefers pressed")
        await between.end()

    assert between.given == {"print": ["K-2"], "press": ["K-1"]}


async def test_a_bundle_that_was_put_off_is_looked_at_again_before_it_is_printed(tmp_path: Path, database: str) -> None:
    async with open_between(tmp_path, database, ["paper", "paper"]) as between:
        between.moods.ahead["print"] = ["is away"]
        between.pass_time(timedelta(hours=2))
        await between.stepping.work()
        await between.happen(between.people[0], "withdraws print")
        await between.happen(between.people[1], "speaks en")
        await between.end()

    assert between.given == {"print": ["K-2"]}


async def test_a_bundle_over_which_a_worker_died_is_looked_at_again_where_it_did_not_arrive(
    tmp_path: Path, database: str
) -> None:
    async with open_between(tmp_path, database, ["paper"]) as between:
        between.moods.ahead["print"] = ["dies before", "is away"]
        between.pass_time(timedelta(hours=2))
        await between.stepping.work()
        await between.happen(between.people[0], "suppressed print")
        await between.end()

    assert between.given == {}
