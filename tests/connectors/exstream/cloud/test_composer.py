"""Composing on demand: real requests to the stand-in, so many at a time, each with its own result."""

import asyncio
import time
from dataclasses import replace
from pathlib import Path
from uuid import UUID

import pytest

from tests.connectors.exstream.cloud.opened import TEMPLATE, connection, settings_of
from tests.connectors.exstream.sandbox_program import COMMUNICATION, SandboxProgram
from xconnector.connectors.exstream.cloud.composer import open_composer
from xconnector.contract.composer import Composition, Order
from xconnector.contract.errors import MisconfiguredError, OutcomeUnknownError, PermanentError, TransientError
from xconnector.contract.manifest import Surroundings
from xconnector.contract.submission import ComposesSubmissions
from xconnector.domain.document import RenditionKind
from xconnector.testing.orders import sample_order

GENERATE = "/orchestration/api/v1/inputs/ondemand/{domain}/generate"
LETTER = frozenset({RenditionKind.LETTER})


def order(number: int = 1) -> Order:
    return sample_order(number, template=TEMPLATE)


async def test_the_engine_says_version_domain_and_design(exstream: SandboxProgram) -> None:
    async with connection(exstream) as composer:
        (result,) = await composer.compose([order()])

    assert isinstance(result, Composition)
    assert result.engine == f"Exstream 24.4.0 domain sandbox communication {COMMUNICATION}"


async def test_no_more_requests_than_allowed_run_at_a_time(exstream: SandboxProgram) -> None:
    await exstream.misbehave(compose_seconds=0.1)
    slow = {**orchestration(exstream), "on_demand": {"parallel": 3}}
    async with connection(exstream, orchestration=slow) as composer:
        # Two calls at once share the places.
        begun = time.monotonic()
        results = await asyncio.gather(*(composer.compose([order(n) for n in range(6)]) for _ in range(2)))
        took = time.monotonic() - begun

    assert [type(result) for call in results for result in call] == [Composition] * 12
    assert (await exstream.seen())["most_engines_at_once"] == 3
    assert took >= 0.4


async def test_what_waits_in_the_services_queue_is_waited_for(exstream: SandboxProgram) -> None:
    await exstream.misbehave(compose_seconds=0.3, max_engines=1)
    patient = {**orchestration(exstream), "on_demand": {"parallel": 4, "timeout": 30}}
    async with connection(exstream, orchestration=patient, timeout=0.2) as composer:
        results = await composer.compose([order(n) for n in range(4)])

    assert [type(result) for result in results] == [Composition] * 4


async def test_a_slow_answer_is_transient_and_never_of_unknown_outcome(exstream: SandboxProgram) -> None:
    await exstream.misbehave(compose_seconds=3)
    impatient = {**orchestration(exstream), "on_demand": {"timeout": 0.5}}
    async with connection(exstream, orchestration=impatient) as composer:
        (result,) = await composer.compose([order()])

    assert type(result) is TransientError


async def test_a_service_that_died_is_not_asked_for_every_order(exstream: SandboxProgram) -> None:
    narrow = {**orchestration(exstream), "on_demand": {"parallel": 2}}
    async with connection(exstream, orchestration=narrow) as composer:
        await composer.check()
        await exstream.misbehave(lose_next=1000)
        results = await composer.compose([order(n) for n in range(30)])

    assert [type(result) for result in results] == [TransientError] * 30
    assert await exstream.asked(GENERATE) <= 5


async def test_a_few_that_are_lost_cost_the_others_nothing(exstream: SandboxProgram) -> None:
    one_at_a_time = {**orchestration(exstream), "on_demand": {"parallel": 1}}
    async with connection(exstream, orchestration=one_at_a_time) as composer:
        await composer.check()
        await exstream.misbehave(lose_next=2)
        results = await composer.compose([order(n) for n in range(6)])

    assert [type(result) for result in results] == [TransientError] * 2 + [Composition] * 4


async def test_a_lost_answer_is_transient(exstream: SandboxProgram) -> None:
    async with connection(exstream) as composer:
        await composer.check()
        await exstream.misbehave(lose_next=1)
        (result,) = await composer.compose([order()])

    assert type(result) is TransientError
    assert not isinstance(result, OutcomeUnknownError)


async def test_of_many_only_the_one_that_the_engine_cannot_make_fails(exstream: SandboxProgram) -> None:
    one_at_a_time = {**orchestration(exstream), "on_demand": {"parallel": 1}}
    async with connection(exstream, orchestration=one_at_a_time) as composer:
        await exstream.misbehave(engine_fails_next=1)
        results = await composer.compose([order(n) for n in range(3)])

    assert [type(result) for result in results] == [PermanentError, Composition, Composition]


@pytest.mark.parametrize("status", [200, 400, 500])
async def test_a_failed_engine_is_told_without_its_words(exstream: SandboxProgram, status: int) -> None:
    async with connection(exstream) as composer:
        await exstream.misbehave(engine_fails_next=1, error_status=status)
        (result,) = await composer.compose([order()])

    assert isinstance(result, PermanentError)
    assert "statusCode 500" in str(result)
    assert "EX000713E" not in str(result)


async def test_a_token_that_ends_in_the_middle_costs_nothing(exstream: SandboxProgram) -> None:
    async with connection(exstream) as composer:
        await composer.check()
        await exstream.misbehave(expire_next=1)
        results = await composer.compose([order(n) for n in range(5)])

    assert [type(result) for result in results] == [Composition] * 5


async def test_refused_credentials_are_tried_once_for_all_orders(exstream: SandboxProgram) -> None:
    await exstream.misbehave(reject_credentials=True)
    async with connection(exstream) as composer:
        results = await composer.compose([order(n) for n in range(20)])

    assert [type(result) for result in results] == [MisconfiguredError] * 20
    assert await exstream.asked("/otdsws/oauth2/token") == 1


async def test_the_identity_server_is_down_behind_the_service(exstream: SandboxProgram) -> None:
    async with connection(exstream) as composer:
        await composer.check()
        await exstream.misbehave(otds_down=True)
        (result,) = await composer.compose([order()])

    assert isinstance(result, TransientError)


async def test_inputs_that_enforce_csrf_take_us(exstream: SandboxProgram) -> None:
    await exstream.misbehave(csrf=True)
    async with connection(exstream, csrf={"url": f"{exstream.url}/orchestration/api/v1/csrf"}) as composer:
        (let_in,) = await composer.compose([order()])
    async with connection(exstream) as composer:
        (kept_out,) = await composer.compose([order()])

    assert isinstance(let_in, Composition)
    assert isinstance(kept_out, MisconfiguredError)
    assert "csrf" in str(kept_out)


async def test_letters_alone_can_come_raw(exstream: SandboxProgram) -> None:
    raw = {**orchestration(exstream), "on_demand": {"raw_letters": True}}
    async with connection(exstream, orchestration=raw) as composer:
        (letter,) = await composer.compose([replace(order(), kinds=LETTER)])
        (everything,) = await composer.compose([order()])
    async with connection(exstream) as composer:
        (listed,) = await composer.compose([replace(order(), kinds=LETTER)])

    assert isinstance(letter, Composition)
    assert letter == listed
    assert isinstance(everything, Composition)
    assert len(everything.renditions) == 3


async def test_a_channel_that_is_not_published_is_named(exstream: SandboxProgram) -> None:
    async with connection(exstream, said={"on_demand_channel": "Policies"}) as composer:
        (result,) = await composer.compose([order()])

    assert isinstance(result, PermanentError)
    assert "channel 'Policies' is not published in domain 'sandbox'" in str(result)


async def test_a_design_of_another_environment_fails_alone(exstream: SandboxProgram) -> None:
    async with connection(exstream, said={"communication": str(UUID(int=7))}) as composer:
        (result,) = await composer.compose([order()])

    assert isinstance(result, PermanentError)
    assert "compare domain, communication, data source" in str(result)


async def test_a_design_that_names_nothing_says_what_to_do(exstream: SandboxProgram) -> None:
    async with connection(exstream, said={"communication": None}) as composer:
        (result,) = await composer.compose([order()])

    assert isinstance(result, PermanentError)
    assert "exstream.yaml" in str(result)


async def test_a_wrong_address_is_found_by_check(exstream: SandboxProgram) -> None:
    elsewhere = {**orchestration(exstream), "url": f"{exstream.url}/exstream/api/v1"}
    async with connection(exstream, orchestration=elsewhere) as composer:
        with pytest.raises(MisconfiguredError, match="url"):
            await composer.check()
        (result,) = await composer.compose([order()])

    assert isinstance(result, MisconfiguredError)


async def test_a_wrong_domain_is_found_by_check_where_the_design_service_is_set_up(exstream: SandboxProgram) -> None:
    elsewhere = {**orchestration(exstream), "domain": "sandbocks"}
    design = {"url": f"{exstream.url}/design/api/v1"}
    async with connection(exstream, orchestration=elsewhere, design=design) as composer:
        with pytest.raises(MisconfiguredError, match="has no domain 'sandbocks', but sandbox: correct `domain`"):
            await composer.check()


async def test_where_no_version_is_told_it_composes_all_the_same(exstream: SandboxProgram) -> None:
    silent = {**orchestration(exstream), "version_path": None}
    async with connection(exstream, orchestration=silent) as composer:
        (result,) = await composer.compose([order()])

    assert isinstance(result, Composition)
    assert result.engine.startswith("Exstream unknown domain")


async def test_only_a_connection_that_says_where_batches_write_submits(
    exstream: SandboxProgram, tmp_path: Path
) -> None:
    surroundings = Surroundings(project_folder=tmp_path, state_folder=tmp_path)
    on_demand = open_composer(settings_of(exstream), surroundings)
    batch = open_composer(settings_of(exstream, batch={"outputs": {"mount": "mount"}}), surroundings)

    assert not isinstance(on_demand, ComposesSubmissions)
    assert isinstance(batch, ComposesSubmissions)
    assert not batch.submits(TEMPLATE, of_run=True)


def orchestration(program: SandboxProgram) -> dict[str, object]:
    return {"url": f"{program.url}/orchestration/api/v1", "domain": "sandbox"}
