import itertools

import pytest

from tests.office import Office, notice
from tests.pipeline.conftest import OpenOffice
from tests.pipeline.scripted_channel import Answer, ScriptedChannel, taken, told
from xconnector.contract.channel import Dispatch, Receipt
from xconnector.contract.errors import OutcomeUnknownError
from xconnector.domain.communication import State
from xconnector.domain.delivery import DeliveryEventType as Type
from xconnector.domain.delivery import DeliveryStatus
from xconnector.operations.failures import Choice, open_failures

pytestmark = pytest.mark.asyncio(loop_scope="session")


def _awaiting(dispatch: Dispatch) -> Answer:
    return Receipt(reference=f"ref-{dispatch.dispatch_key}", awaits_report=True)


async def _taken_up(opened: Office, channel: ScriptedChannel) -> None:
    """Work until the channel's news was taken."""

    async def no_news() -> bool:
        return not channel.news

    async with opened.at_work():
        await opened.until(no_news)


async def test_a_bounce_after_completion_takes_the_next_hop_and_ends_in_print(office: OpenOffice) -> None:
    async with office() as opened:
        await opened.send(notice("1", email="bounce-1@x.test"))
        await opened.work_until(("1", State.COMPLETED))

        async def is_printed() -> bool:
            return len(opened.printed()) == 1 and await opened.is_through()

        async with opened.at_work():
            await opened.until(is_printed)
        found = await opened.explain("1")
        account = await opened.account()

    assert account.states == {State.COMPLETED: 1}
    assert account.closes
    assert [handover.connection for handover in found.handovers] == ["email", "print"]
    assert [handover.state for handover in found.handovers] == ["undeliverable", "handed_over"]
    assert opened.mails_to("bounce-1@x.test") == 1
    assert opened.printed() == [found.handovers[1].dispatch_key]


async def test_a_report_that_is_quicker_than_the_result_takes_effect_once(office: OpenOffice) -> None:
    async with office() as opened:
        opened.relay.behaviour.slow = 0.3
        await opened.send(
            notice("1", email="bounce-1@x.test"), *(notice(f"A{n}", email=f"a{n}@x.test") for n in range(4))
        )

        async def is_printed() -> bool:
            return len(opened.printed()) == 1 and await opened.is_through()

        async with opened.at_work():
            await opened.until(is_printed)
        story = await opened.story_of("1")
        account = await opened.account()

    assert account.states == {State.COMPLETED: 5}
    assert account.closes
    assert story.count("reported bounced") == story.count("rerouted") == 1
    assert story.index("completed") < story.index("reported bounced")


REPORTS = [(Type.DEFERRED, 1), (Type.SENT, 2), (Type.DELIVERED, 3)]


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
async def test_repeated_and_disordered_reports_mean_the_same(office: OpenOffice, order: tuple[int, ...]) -> None:
    channel = ScriptedChannel(answer=_awaiting)
    async with office(instead={"email": channel}) as opened:
        await opened.send(notice("1", email="a@x.test"))
        await opened.work_until(("1", State.DISPATCHED))
        (key,) = channel.keys
        events = [told(key, *REPORTS[index][:1], minute=REPORTS[index][1]) for index in order]
        channel.news += [[event] for event in events] + [events]
        await _taken_up(opened, channel)
        found = await opened.explain("1")

    assert found.found.state == "completed"
    assert found.delivery_status is DeliveryStatus.DELIVERED
    assert len(found.events) == 3
    assert [entry.event for entry in found.history].count("completed") == 1


async def test_a_repeated_bounce_takes_one_hop(office: OpenOffice) -> None:
    channel = ScriptedChannel()
    async with office(instead={"email": channel}) as opened:
        await opened.send(notice("1", email="a@x.test"))
        await opened.work()
        bounce = told(channel.keys[0], Type.BOUNCED)
        channel.news += [[bounce], [bounce], [told(channel.keys[0], Type.BOUNCED, minute=9)]]
        await _taken_up(opened, channel)
        account = await opened.work()
        story = await opened.story_of("1")

    assert account.states == {State.COMPLETED: 1}
    assert account.closes
    assert story.count("rerouted") == 1
    assert len(opened.printed()) == 1


async def test_a_bounce_without_a_further_hop_is_a_failure(office: OpenOffice) -> None:
    channel = ScriptedChannel()
    changes = {"tables/routing.md": [("| email, print      |", "| email             |")]}
    async with office(changes, instead={"email": channel}) as opened:
        await opened.send(notice("1", email="a@x.test"))
        await opened.work()
        channel.news.append([told(channel.keys[0], Type.BOUNCED, detail="5.1.1")])
        await _taken_up(opened, channel)
        account = await opened.account()
        (failure,) = await open_failures(opened.place.pool, Choice(), limit=10)

    assert account.states == {State.FAILED: 1}
    assert account.closes
    assert failure.reason == "bounced: address (5.1.1)"


@pytest.mark.parametrize(
    "report, state, connections",
    [(Type.DELIVERED, State.COMPLETED, ["email"]), (Type.BOUNCED, State.COMPLETED, ["email", "print"])],
)
async def test_a_report_settles_a_hand_over_of_unknown_outcome(
    office: OpenOffice, report: Type, state: State, connections: list[str]
) -> None:
    channel = ScriptedChannel(answer=lambda _: OutcomeUnknownError("the line broke"))
    async with office(instead={"email": channel}) as opened:
        await opened.send(notice("1", email="a@x.test"))
        await opened.work_until(("1", State.OUTCOME_UNKNOWN))
        channel.news.append([told(channel.keys[0], report)])
        await _taken_up(opened, channel)
        await opened.work()
        found = await opened.explain("1")
        failed = await open_failures(opened.place.pool, Choice(), limit=10)
        account = await opened.account()

    assert found.found.state == state
    assert [handover.connection for handover in found.handovers] == connections
    assert failed == []
    assert account.closes


async def test_news_of_an_unknown_dispatch_does_no_harm(office: OpenOffice) -> None:
    channel = ScriptedChannel(answer=taken)
    async with office(instead={"email": channel}) as opened:
        channel.news.append([told("nobody-knows-0", Type.BOUNCED)])
        await opened.send(notice("1", email="a@x.test"))
        await _taken_up(opened, channel)
        account = await opened.work()

    assert account.states == {State.COMPLETED: 1}
    assert account.closes


async def test_an_acknowledgement_given_twice_completes_once(office: OpenOffice) -> None:
    async with office() as opened:
        opened.house.conduct.ack_twice = True
        opened.house.conduct.report_pieces = True
        await opened.send(notice("1"))
        await opened.work()

        async def both_are_taken() -> bool:
            return not list(opened.house.acks.glob("*.jsonl"))

        async with opened.at_work():
            await opened.until(both_are_taken)
        story = await opened.story_of("1")
        account = await opened.account()

    assert story.count("completed") == 1
    assert account.closes
