"""Whoever judges asks may die at any commit: each has one fate all the same, the one that its trigger says."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from tests.office import Office, edit, notice, write_office_project
from tests.pipeline.conftest import OpenOffice
from tests.pipeline.dying_office import Dying
from tests.pipeline.stepping_office import Clock, ClockedWorkplace
from xconnector.domain.communication import State
from xconnector.domain.event import SourceRecord
from xconnector.pipeline.begin import give_turns
from xconnector.pipeline.receive import receive
from xconnector.pipeline.workplace import Workplace
from xconnector.postgres.connect import transaction
from xconnector.testing.small_project import FILES

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.slow]

OPENED, PAID = "com.small.opened", "com.small.paid"
CANCELLED = f"cancelled_by: [{{event: {PAID}, key: number}}]"
KINDS = {
    "asked": "once_per: number",
    "opened_or_not": f"after: {{event: {OPENED}, key: number, within: 1h, otherwise: send}}",
    "changed": "collapse: {key: number, window: 1h, longest: 2h}",
    # Nothing but a payment ends this wait.
    "held": f"after: {{event: {OPENED}, key: number, within: 30d}}, {CANCELLED}",
    "payable": CANCELLED,
    "lined_up": "order_by: number",
}
"""Of kinds that are asked for by events of their own, named like them."""


def event(kind: str, key: str, number: str) -> SourceRecord:
    """An event of now, under a key of its own."""
    return replace(notice(number), source_key=key, event_type=f"com.small.{kind}", occurred_at=None)


FIRST = (
    event("asked", "first", "A"),
    event("opened_or_not", "early", "B"),
    event("opened_or_not", "alone", "C"),
    event("changed", "change-1", "D"),
    event("changed", "change-2", "D"),
    event("held", "paid-while-waiting", "E"),
    event("payable", "paid-when-collected", "F"),
    event("lined_up", "before", "G"),
    event("lined_up", "behind", "G"),
)
THEN = (event("asked", "again", "A"), event("opened", "opened-B", "B"), event("paid", "paid-E", "E"))
AT_LAST = (event("paid", "paid-F", "F"),)


def write_kinds(folder: Path) -> None:
    """Write the small project with the kinds and their feeds."""
    write_office_project(folder, {"xconnector.yaml": [("collect: 100ms", "collect: 30d")]})
    events = (*(f"com.small.{kind}" for kind in KINDS), OPENED, PAID)
    feeds = "".join(f"  feed_{number}: {{event: {event}, mapping: notice}}\n" for number, event in enumerate(events))
    edit(folder, "xconnector.yaml", "feeds:\n", f"feeds:\n{feeds}")
    for kind, said in KINDS.items():
        text = FILES["communications/notice.yaml"].lstrip("\n")
        (folder / "communications" / f"{kind}.yaml").write_text(text, encoding="utf-8")
        edit(folder, f"communications/{kind}.yaml", "com.small.notice", f"com.small.{kind}, {said}")


async def test_a_worker_that_dies_at_any_commit_breaks_no_promise_of_triggers(
    tmp_path: Path, office: OpenOffice
) -> None:
    write_kinds(tmp_path)
    async with office() as opened:
        place = ClockedWorkplace.of(opened.place, Clock())
        line = Dying(place=place, database=opened.database)
        await take_in(line, FIRST)
        # Judged before the rest comes, or with it: both are right, the first is what waits.
        await line.work(without=["compose"])
        await take_in(line, THEN)
        await line.work()
        place.clock.ahead = timedelta(hours=3)
        await line.work()
        await line.die_over(turns)
        await take_in(line, AT_LAST)
        await line.work()

        account = await opened.account()
        assert line.deaths > 2 * len(FIRST)
        assert account.closes
        assert account.disagreements == 0
        assert await fates(opened) == {
            "first": State.COLLECTED,
            "again": State.SUPPRESSED,
            "early": State.COLLECTED,
            "alone": State.COLLECTED,
            "change-1": State.SUPPRESSED,
            "change-2": State.COLLECTED,
            "paid-while-waiting": State.CANCELLED,
            "paid-when-collected": State.CANCELLED,
            "before": State.COLLECTED,
            "behind": State.WAITING,
        }


async def take_in(line: Dying, records: tuple[SourceRecord, ...]) -> None:
    """Take events in that their sender sends again, since nobody answered."""
    await line.die_over(lambda place: receive(place, records, feed=None))
    await receive(line.place, records, feed=None)


async def turns(place: Workplace) -> None:
    async with transaction(place.pool) as connection:
        await give_turns(place, connection)


async def fates(opened: Office) -> Mapping[str, State]:
    """Return where each stands, after a look at whether it got there once."""
    found: dict[str, State] = {}
    for record in (*FIRST, *THEN):
        if record.event_type in {OPENED, PAID}:
            continue
        story = await opened.explain(record.source_key)
        # It is told twice that it was triggered where it waited in between.
        moves = [entry.event for entry in story.history if entry.state not in {None, State.TRIGGERED}]
        assert len(moves) == len(set(moves)), (record.source_key, moves)
        found[record.source_key] = State(story.found.state)
    return found
