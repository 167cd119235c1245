from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from tests.office import edit, notice
from tests.pipeline.checked_office import UNREVIEWED, write_checks
from tests.pipeline.conftest import OpenOffice
from xconnector.domain.communication import State
from xconnector.postgres.connect import transaction

pytestmark = pytest.mark.asyncio(loop_scope="session")


def _open_between(begin: timedelta, end: timedelta) -> str:
    """Write a table that lets e-mail disturb only between these times from now, at the customer's."""
    now = datetime.now(ZoneInfo("Europe/Berlin"))
    opens, closes = now + begin, now + end
    return f"""\
| row | when medium | then opens    | then closes    | cite       |
|-----|-------------|---------------|----------------|------------|
| Q1  | email       | {opens:%H:%M} | {closes:%H:%M} | house rule |
| Q2  | -           | -             | -              | house rule |
"""


async def test_what_comes_too_early_waits_for_its_hour(tmp_path: Path, office: OpenOffice) -> None:
    hours = _open_between(timedelta(hours=2), timedelta(hours=4))
    write_checks(tmp_path, checks="{quiet_hours: quiet_hours}", route=UNREVIEWED, quiet_hours=hours)
    edit(tmp_path, "xconnector.yaml", "{name: Small Insurer,", "{name: Small Insurer, country: DE,")

    async with office() as opened:
        await opened.send(notice("1", email="a@x.test"), notice("2"))
        await opened.work_until(("1", State.ARCHIVED), ("2", State.COMPLETED))

        async def is_waited_for() -> bool:
            async with transaction(opened.place.pool) as connection:
                cursor = await connection.execute("SELECT due_at FROM wait WHERE stage = 'deliver'")
                due = [row[0] - datetime.now(UTC) for row in await cursor.fetchall()]
            return bool(due) and all(timedelta(hours=1, minutes=50) < one <= timedelta(hours=2) for one in due)

        async with opened.at_work():
            await opened.until(is_waited_for)

        assert opened.mails_to("a@x.test") == 0
        assert await opened.state_of("1") == State.ARCHIVED


async def test_within_its_hours_it_goes_at_once(tmp_path: Path, office: OpenOffice) -> None:
    hours = _open_between(-timedelta(hours=2), timedelta(hours=2))
    write_checks(tmp_path, checks="{quiet_hours: quiet_hours}", route=UNREVIEWED, quiet_hours=hours)
    edit(tmp_path, "xconnector.yaml", "{name: Small Insurer,", "{name: Small Insurer, country: DE,")

    async with office() as opened:
        await opened.send(notice("1", email="a@x.test"))
        account = await opened.work()

    assert account.states == {State.COMPLETED: 1}
    assert opened.mails_to("a@x.test") == 1
