"""A letter that a house has is printed once more, and what has not left can be cancelled for certain."""

import pytest

from tests.connectors.print_house.stand_in import read_lines
from tests.office import Office, notice
from tests.pipeline.conftest import OpenOffice
from xconnector.domain.communication import State
from xconnector.operations.cancelling import Cancellation, cancel
from xconnector.operations.reprinting import NothingToReprintError, reprint
from xconnector.testing.small_project import row

pytestmark = pytest.mark.asyncio(loop_scope="session")

LATER = {"xconnector.yaml": [("{collect: 100ms}", "{collect: 3h}")]}


async def cancelled(opened: Office, words: str) -> Cancellation:
    return await cancel(opened.place.pool, words, lambda _name, _now: None, actor="ops", reason="sent in error")


async def test_a_reprint_has_the_same_bytes_a_key_of_its_own_and_counts_once(office: OpenOffice) -> None:
    async with office() as opened:
        run = await opened.run([row("1"), row("2")])
        await opened.work()
        first = read_lines(opened.house.arrivals)
        piece = str(first[0]["dispatch_key"])

        await reprint(opened.place.pool, opened.place.jobs, piece, actor="ops", reason="torn in the machine")
        account = await opened.work()
        again = [line for line in read_lines(opened.house.arrivals) if line not in first]

        assert account.states == {State.COMPLETED: 2}
        assert account.closes
        assert [(line["dispatch_key"], line["reprint_of"], line["sha256"]) for line in again] == [
            (f"{piece}-r1", piece, first[0]["sha256"])
        ]
        assert (await opened.account(run)).states == {State.COMPLETED: 2}


async def test_what_was_not_handed_over_is_not_reprinted(office: OpenOffice) -> None:
    async with office(LATER) as opened:
        await opened.send(notice("1"))
        await opened.work_until(("1", State.COLLECTED))

        with pytest.raises(NothingToReprintError, match="not handed over"):
            await reprint(opened.place.pool, opened.place.jobs, "1", actor="ops", reason="torn")


async def test_what_waits_for_its_bundle_is_cancelled_and_the_ledger_proves_it(office: OpenOffice) -> None:
    async with office(LATER) as opened:
        await opened.send(notice("1"))
        await opened.work_until(("1", State.COLLECTED))

        done = await cancelled(opened, "1")
        story = await opened.story_of("1")

    assert done.cancelled
    assert opened.printed() == []
    assert "cancelled" in story


async def test_what_was_handed_over_is_told_to_be_too_late(office: OpenOffice) -> None:
    async with office() as opened:
        await opened.send(notice("1"))
        await opened.work()

        done = await cancelled(opened, "1")
        story = await opened.story_of("1")

    assert not done.cancelled
    assert done.because.startswith("too late: handed over to print at ")
    assert "not cancelled" in story
