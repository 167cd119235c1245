"""A worker that was thought dead goes on beside the one that took its jobs: every job of the main path runs twice."""

from collections import Counter
from dataclasses import replace
from datetime import timedelta

import pytest

from tests.office import notice
from tests.pipeline.asking_office import about, states, stepping, trigger
from tests.pipeline.conftest import OpenOffice
from xconnector.domain.communication import State

pytestmark = pytest.mark.asyncio(loop_scope="session")

PAID = "com.small.paid"
EVERYTHING = (
    "once_per: [number, due_on], order_by: customer, start: {delay: 1h}, "
    "after: {event: com.small.paid, key: {due_on: due_on}, within: 3d, otherwise: drop}, "
    "cancelled_by: [{event: com.small.paid, key: number}]"
)


async def test_each_ask_has_one_fate_and_no_letter_is_made_twice(office: OpenOffice) -> None:
    async with office(trigger(EVERYTHING, payments=True)) as opened:
        line = stepping(opened)
        line.times = 2
        day = {"due_on": "2026-12-01"}
        await opened.send(notice("1", customer="K", **day), notice("2", customer="K", **day), notice("3", due_on="x"))
        await line.work()
        parent = replace(notice("other", **day), source_key="P-0", event_type=PAID)
        again = replace(notice("1", customer="K", **day), source_key="1-again")
        await opened.send(parent, again, about("P-2", "2", event=PAID))
        await line.work()
        line.place.clock.ahead = timedelta(hours=2)
        await line.work()
        line.place.clock.ahead = timedelta(days=4)
        await line.work()
        account = await opened.account()
        stories = {key: await opened.explain(key) for key in ("1", "2", "3", "1-again")}

        assert await states(opened, "1", "2", "3", "1-again") == [
            State.COLLECTED,
            State.CANCELLED,
            State.SUPPRESSED,
            State.SUPPRESSED,
        ]
    assert account.closes
    assert account.disagreements == 0
    for key, found in stories.items():
        moves = Counter(entry.event for entry in found.history if entry.state is not None)
        assert moves["begins"] <= 1, key
        assert len(found.handovers) <= 1, key
