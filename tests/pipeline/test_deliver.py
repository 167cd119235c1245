from datetime import timedelta

import pytest

from tests.office import notice
from tests.pipeline.conftest import OpenOffice
from tests.pipeline.scripted_channel import (
    Answer,
    AskableChannel,
    ForgettingChannel,
    RememberingChannel,
    ScriptedChannel,
    taken,
)
from xconnector.contract.channel import Dispatch, Receipt
from xconnector.contract.errors import (
    MisconfiguredError,
    OutcomeUnknownError,
    PermanentError,
    TransientError,
)
from xconnector.domain.communication import State
from xconnector.domain.document import RenditionKind
from xconnector.execution.jobs import Retry
from xconnector.operations.failures import Choice, failure_groups, open_failures, reprocess
from xconnector.postgres.connect import transaction

pytestmark = pytest.mark.asyncio(loop_scope="session")

ONLY_EMAIL = {"tables/routing.md": [("| email, print      |", "| email             |")]}


async def test_a_refused_recipient_takes_the_next_hop(office: OpenOffice) -> None:
    async with office() as opened:
        await opened.send(notice("1", email="refuse-1@x.test"), notice("2", email="b@x.test"))
        account = await opened.work()
        story = await opened.story_of("1")

    assert account.states == {State.COMPLETED: 2}
    assert story[6:] == [
        "dispatching", "rerouted", "collected", "dispatching", "dispatched", "reported accepted", "completed",
    ]  # fmt: skip
    assert len(opened.printed()) == 1
    assert opened.mails_to("b@x.test") == 1


async def test_a_refused_recipient_without_a_further_hop_fails_and_can_be_sent_again(office: OpenOffice) -> None:
    refused: list[Answer] = [PermanentError("no such mailbox")]
    channel = ScriptedChannel(answer=lambda dispatch: refused.pop() if refused else taken(dispatch))
    async with office(ONLY_EMAIL, instead={"email": channel}) as opened:
        await opened.send(notice("1", email="a@x.test"))
        account = await opened.work()
        (group,) = await failure_groups(opened.place.pool, run=None)

        assert account.states == {State.FAILED: 1}
        assert account.closes
        assert (group.stage, group.kind, group.example) == ("deliver", "refused", "no such mailbox")

        await reprocess(opened.place.pool, opened.place.jobs, Choice(), actor="ops", reason="address mended")
        account = await opened.work()

    assert account.states == {State.COMPLETED: 1}
    assert len(set(channel.keys)) == 2


async def test_an_outage_is_put_off_and_delivered_later_under_the_same_key(office: OpenOffice) -> None:
    down: list[Answer] = [TransientError("the relay is down", retry_after=timedelta(milliseconds=50))] * 2
    channel = ScriptedChannel(answer=lambda dispatch: down.pop() if down else taken(dispatch))
    async with office(instead={"email": channel}) as opened:
        await opened.send(notice("1", email="a@x.test"))
        account = await opened.work()
        story = await opened.story_of("1")

    assert account.states == {State.COMPLETED: 1}
    assert story[6:] == ["dispatching", "put off", "dispatching", "put off", "dispatching", "completed"]
    assert len(channel.keys) == 3
    assert len(set(channel.keys)) == 1


async def test_a_relay_that_says_not_now_gets_the_mail_later(office: OpenOffice) -> None:
    async with office() as opened:
        await opened.send(notice("1", email="tempfail-1@x.test"), notice("2", email="b@x.test"))
        account = await opened.work()

    assert account.states == {State.COMPLETED: 2}
    assert opened.mails_to("tempfail-1@x.test") == opened.mails_to("b@x.test") == 1
    assert opened.printed() == []


async def test_an_outage_that_outlasts_all_attempts_is_a_failure(office: OpenOffice) -> None:
    channel = ScriptedChannel(
        answer=lambda _: TransientError("the relay is down", retry_after=timedelta(milliseconds=10))
    )
    async with office(instead={"email": channel}) as opened:
        await opened.send(notice("1", email="a@x.test"))
        account = await opened.work()
        (failure,) = await open_failures(opened.place.pool, Choice(), limit=10)

        assert account.states == {State.FAILED: 1}
        assert failure.kind == "outage"
        assert len(channel.keys) == 3

        channel.answer = taken
        await reprocess(opened.place.pool, opened.place.jobs, Choice(), actor="ops", reason="the relay is up")
        account = await opened.work()

    assert account.states == {State.COMPLETED: 1}
    assert len(set(channel.keys)) == 1


async def test_waiting_for_a_limit_is_no_attempt(office: OpenOffice) -> None:
    changes = {"xconnector.yaml": [("limits: {attempts: 3}", "limits: {attempts: 2, rate: 0.001, burst: 1}")]}
    async with office(changes, instead={"email": (channel := ScriptedChannel())}) as opened:
        await opened.send(notice("1", email="a@x.test"))
        await opened.send(notice("2", email="b@x.test"))

        async def one_is_put_off() -> bool:
            states = [await opened.state_of("1"), await opened.state_of("2")]
            stories = [*(await opened.story_of("1")), *(await opened.story_of("2"))] if all(states) else []
            return State.COMPLETED in states and "put off" in stories

        async with opened.at_work():
            await opened.until(one_is_put_off)
        account = await opened.account()

    assert account.states == {State.COMPLETED: 1, State.ARCHIVED: 1}
    assert account.closes
    assert len(channel.keys) == 1


async def test_a_lost_answer_is_of_unknown_outcome_and_never_sent_again(office: OpenOffice) -> None:
    async with office() as opened:
        await opened.send(notice("1", email="drop-1@x.test"), notice("2", email="b@x.test"))
        account = await opened.work()
        (failure,) = await open_failures(opened.place.pool, Choice(), limit=10)
        done = await reprocess(opened.place.pool, opened.place.jobs, Choice(), actor="ops", reason="try")
        await opened.work()

    assert account.states == {State.COMPLETED: 1, State.OUTCOME_UNKNOWN: 1}
    assert account.closes
    assert failure.kind == "unknown_outcome"
    assert (done.started, done.left) == (0, 1)
    assert opened.mails_to("drop-1@x.test") == 1
    assert opened.printed() == []


async def test_wrong_settings_of_a_channel_are_a_failure_of_the_project(office: OpenOffice) -> None:
    channel = ScriptedChannel(answer=lambda _: MisconfiguredError("the password is wrong; set SMTP_PASSWORD"))
    async with office(instead={"email": channel}) as opened:
        await opened.send(notice("1", email="a@x.test"))
        account = await opened.work()
        (failure,) = await open_failures(opened.place.pool, Choice(), limit=10)

    assert account.states == {State.FAILED: 1}
    assert failure.kind == "project"
    assert "SMTP_PASSWORD" in failure.reason


class _BreaksOnceError(Exception):
    pass


async def test_a_hand_over_that_broke_off_is_made_again_where_the_channel_knows_it(office: OpenOffice) -> None:
    channel = RememberingChannel()
    breaks = [True]

    def answer(dispatch: Dispatch) -> Answer:
        if breaks:
            breaks.clear()
            raise _BreaksOnceError
        return taken(dispatch)

    channel.answer = answer
    async with office(instead={"email": channel}, retry=_soon()) as opened:
        await opened.send(notice("1", email="a@x.test"))
        account = await opened.work()

    assert account.states == {State.COMPLETED: 1}
    assert len(channel.keys) == 2
    assert len(set(channel.keys)) == 1


@pytest.mark.parametrize("arrived", [True, False])
async def test_a_hand_over_that_broke_off_is_asked_for_where_the_channel_can_be_asked(
    office: OpenOffice, arrived: bool
) -> None:
    channel = AskableChannel()
    breaks = [True]

    def answer(dispatch: Dispatch) -> Answer:
        if breaks:
            breaks.clear()
            if arrived:
                channel.arrived[dispatch.dispatch_key] = Receipt(reference="known")
            raise _BreaksOnceError
        return taken(dispatch)

    channel.answer = answer
    async with office(instead={"email": channel}, retry=_soon()) as opened:
        await opened.send(notice("1", email="a@x.test"))
        account = await opened.work()

    assert account.states == {State.COMPLETED: 1}
    assert len(channel.keys) == (1 if arrived else 2)


async def test_a_hand_over_that_broke_off_is_of_unknown_outcome_where_nobody_can_tell(office: OpenOffice) -> None:
    channel = ScriptedChannel()

    def answer(_: Dispatch) -> Answer:
        raise _BreaksOnceError

    channel.answer = answer
    async with office(instead={"email": channel}, retry=_soon()) as opened:
        await opened.send(notice("1", email="a@x.test"))
        account = await opened.work()

    assert account.states == {State.OUTCOME_UNKNOWN: 1}
    assert account.closes
    assert len(channel.keys) == 1


async def test_one_of_many_that_is_refused_does_not_hold_up_the_rest(office: OpenOffice) -> None:
    def answer(dispatch: Dispatch) -> Answer:
        number = int((dispatch.recipient.email or "").removesuffix("@x.test"))
        return {
            0: PermanentError("refused"),
            1: OutcomeUnknownError("the line broke"),
            2: MisconfiguredError("wrong"),
        }.get(number, taken(dispatch))  # fmt: skip

    async with office(ONLY_EMAIL, instead={"email": (channel := ScriptedChannel(answer=answer))}) as opened:
        await opened.send(*(notice(f"N{number}", email=f"{number}@x.test") for number in range(60)))
        account = await opened.work()

    assert account.states == {State.COMPLETED: 57, State.FAILED: 2, State.OUTCOME_UNKNOWN: 1}
    assert account.closes
    assert len(channel.keys) == len(set(channel.keys)) == 60


async def test_a_stage_that_breaks_in_every_attempt_leaves_failures_and_loses_nothing(office: OpenOffice) -> None:
    async with office(retry=Retry(attempts=2, first_wait=timedelta(milliseconds=10))) as opened:
        await opened.send(notice("1", email="a@x.test"), notice("2"))
        # The folder of the content store is a file: nothing can be kept.
        (opened.folder / "var" / "content").write_text("in the way")
        account = await opened.work()
        failed = await open_failures(opened.place.pool, Choice(), limit=10)

        assert account.states == {State.FAILED: 2}
        assert account.closes
        assert {(row.stage, row.kind) for row in failed} == {("compose", "defect")}

        (opened.folder / "var" / "content").unlink()
        await reprocess(opened.place.pool, opened.place.jobs, Choice(), actor="ops", reason="disk mended")
        account = await opened.work()

    assert account.states == {State.COMPLETED: 2}


async def test_what_leaves_is_what_was_composed(office: OpenOffice) -> None:
    async with office(instead={"email": (channel := ScriptedChannel())}) as opened:
        await opened.send(notice("1", email="a@x.test"))
        await opened.work()
        found = await opened.explain("1")

    sent = {kind: rendition.sha256 for kind, rendition in channel.given[0].renditions.items()}
    assert sent == {kept.kind: kept.sha256 for kept in found.renditions}
    assert set(sent) == {RenditionKind.LETTER, RenditionKind.EMAIL}


def _soon() -> Retry:
    return Retry(attempts=5, first_wait=timedelta(milliseconds=10), growth=1)


async def test_what_a_channel_may_have_forgotten_is_not_handed_over_again(office: OpenOffice) -> None:
    lost: list[Answer] = [TransientError("the answer was lost")] * 3
    channel = ForgettingChannel(answer=lambda dispatch: lost.pop() if lost else taken(dispatch))
    async with office(ONLY_EMAIL, instead={"email": channel}) as opened:
        await opened.send(notice("1", email="a@x.test"))
        await opened.work_until(("1", State.FAILED))
        tried = len(channel.keys)
        async with transaction(opened.place.pool) as connection:
            await connection.execute("UPDATE dispatch SET first_intended_at = first_intended_at - interval '25 hours'")
        await reprocess(opened.place.pool, opened.place.jobs, Choice(), actor="ops", reason="the line is back")
        account = await opened.work()
        (failure,) = await open_failures(opened.place.pool, Choice(), limit=10)

    assert len(channel.keys) == tried
    assert account.states == {State.OUTCOME_UNKNOWN: 1}
    assert "look there" in failure.reason
