"""Two providers of one channel: the second takes what the first surely did not."""

import re
from datetime import timedelta
from pathlib import Path

import pytest

from tests.office import Changes, Office, notice, write_office_project
from tests.pipeline.conftest import OpenOffice
from tests.pipeline.scripted_channel import Answer, RememberingChannel, ScriptedChannel, taken
from xconnector.contract.channel import Dispatch
from xconnector.contract.errors import TransientError
from xconnector.domain.communication import State
from xconnector.operations.connections import ProviderState, provider_states
from xconnector.postgres.connect import transaction

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest.fixture
def two(tmp_path_factory: pytest.TempPathFactory) -> Changes:
    """The small project with a second provider of its mails."""
    folder: Path = write_office_project(tmp_path_factory.mktemp("seen"))
    found = re.search(r"^  email:\n(?:    .*\n)+", (folder / "xconnector.yaml").read_text(), re.MULTILINE)
    assert found is not None
    first = found.group()
    both = f"{first}    further_providers: [spare]\n" + first.replace("  email:", "  spare:", 1)
    return {"xconnector.yaml": [(first, both)]}


def _down() -> ScriptedChannel:
    return ScriptedChannel(answer=lambda _: TransientError("503", retry_after=timedelta(milliseconds=20)))


async def _of(opened: Office, provider: str) -> ProviderState:
    (state,) = [
        one for one in await provider_states(opened.place.project, opened.place.pool) if one.provider == provider
    ]
    return state


async def test_the_second_takes_over_what_the_first_refuses_and_the_first_comes_back_slowly(
    office: OpenOffice, two: Changes
) -> None:
    first, spare = _down(), ScriptedChannel()
    async with office(two, instead={"email": first, "spare": spare}) as opened:
        await opened.send(*(notice(str(number), email=f"{number}@x.test") for number in range(4)))
        account = await opened.work()
        refused = list(first.keys)

        assert account.states == {State.COMPLETED: 4}
        assert sorted(spare.keys) == sorted(set(refused))
        assert len(spare.keys) == 4
        assert (await _of(opened, "email")).state == "left alone"

        first.answer, first.given = taken, []
        async with transaction(opened.place.pool) as connection:
            await connection.execute("UPDATE provider_health SET away_until = now() WHERE connection = 'email'")
        await opened.send(*(notice(str(number), email=f"{number}@x.test") for number in range(10, 14)))
        account = await opened.work()

        assert account.states == {State.COMPLETED: 8}
        assert (len(first.keys), len(spare.keys)) == (1, 7)
        assert (await _of(opened, "email")).state == "comes back"


async def test_what_may_have_arrived_at_the_first_is_never_given_to_the_second(
    office: OpenOffice, two: Changes
) -> None:
    lost = [TransientError("the answer was lost", retry_after=timedelta(milliseconds=20), may_have_arrived=True)] * 3
    lost += [TransientError("503", retry_after=timedelta(milliseconds=20))] * 3
    first = RememberingChannel(answer=lambda dispatch: lost.pop(0) if lost else taken(dispatch))
    spare = ScriptedChannel()
    async with office(two, instead={"email": first, "spare": spare}) as opened:
        await opened.send(*(notice(str(number), email=f"{number}@x.test") for number in range(3)))
        account = await opened.work()

    assert account.states == {State.COMPLETED: 3}
    assert len(set(first.keys)) == 3
    assert spare.keys == []


async def test_while_all_are_left_alone_communications_wait(office: OpenOffice, two: Changes) -> None:
    first, spare = _down(), _down()
    async with office(two, instead={"email": first, "spare": spare}) as opened:
        await opened.send(*(notice(str(number), email=f"{number}@x.test") for number in range(3)))

        async def waits() -> bool:
            return await opened.state_of("1") is not None and "waits" in await opened.story_of("1")

        async with opened.at_work():
            await opened.until(waits)
        account = await opened.account()

    assert account.states == {State.ARCHIVED: 3}
    assert (len(first.keys), len(spare.keys)) == (3, 3)


@pytest.mark.parametrize("remembers", [True, False])
async def test_what_a_worker_left_that_died_over_it_is_settled_with_its_own_provider(
    office: OpenOffice, two: Changes, remembers: bool
) -> None:
    deaths = [RuntimeError("died over it")]

    def die_once(dispatch: Dispatch) -> Answer:
        if deaths:
            raise deaths.pop()
        return taken(dispatch)

    first = (RememberingChannel if remembers else ScriptedChannel)(answer=die_once)
    spare = ScriptedChannel()
    async with office(two, instead={"email": first, "spare": spare}) as opened:
        await opened.send(notice("1", email="1@x.test"))

        async def is_settled() -> bool:
            return await opened.state_of("1") in {State.COMPLETED, State.OUTCOME_UNKNOWN}

        async with opened.at_work():
            await opened.until(is_settled)
        state = await opened.state_of("1")

    assert state is (State.COMPLETED if remembers else State.OUTCOME_UNKNOWN)
    assert len(first.keys) == (2 if remembers else 1)
    assert len(set(first.keys)) == 1
    assert spare.keys == []
