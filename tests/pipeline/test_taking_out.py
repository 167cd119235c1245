from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.office import Office, edit, notice
from tests.pipeline.checked_office import UNREVIEWED, write_checks
from tests.pipeline.conftest import OpenOffice
from xconnector.domain.communication import State
from xconnector.domain.routing.plan import Medium
from xconnector.domain.suppression import SuppressionAction, SuppressionEvent, SuppressionReason
from xconnector.postgres.connect import transaction
from xconnector.store import suppressions

pytestmark = pytest.mark.asyncio(loop_scope="session")

SUPPRESSION = """\
| row | when medium | when suppressed | then send | then reason             | cite       |
|-----|-------------|-----------------|-----------|-------------------------|------------|
| S1  | print       | returned_mail   | no        | the letters came back   | house rule |
| S2  | -           | -               | yes       | -                       | house rule |
"""


def _write(folder: Path) -> None:
    write_checks(folder, checks="{suppression: suppression}", route=UNREVIEWED, suppression=SUPPRESSION)
    edit(folder, "xconnector.yaml", "{collect: 100ms}", "{collect: 1h}")


async def _suppress(opened: Office, reason: SuppressionReason) -> None:
    now = datetime.now(UTC)
    event = SuppressionEvent(
        customer_key="K-1",
        medium=Medium.PRINT,
        action=SuppressionAction.SUPPRESSED,
        reason=reason,
        occurred_at=now,
        recorded_at=now,
        source="desk",
        actor="anna",
    )
    async with transaction(opened.place.pool) as connection:
        await suppressions.add(connection, [event])


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
        await _suppress(opened, SuppressionReason.RETURNED_MAIL)
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
        await _suppress(opened, SuppressionReason.OTHER)
        await _let_an_hour_pass(opened)
        account = await opened.account()

    assert account.states == {State.COMPLETED: 2}
    assert len(opened.printed()) == 2


async def test_where_all_are_taken_out_no_bundle_is_made(tmp_path: Path, office: OpenOffice) -> None:
    _write(tmp_path)
    async with office() as opened:
        await opened.send(notice("1"))
        await opened.work_until(("1", State.COLLECTED))
        await _suppress(opened, SuppressionReason.RETURNED_MAIL)
        await _let_an_hour_pass(opened)
        async with transaction(opened.place.pool) as connection:
            cursor = await connection.execute("SELECT count(*) FROM bundle")
            ((bundles,),) = await cursor.fetchall()

    assert bundles == 0
