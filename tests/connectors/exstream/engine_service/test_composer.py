"""The composer and the stand-in's Engine Web Services: real SOAP, real documents, and what can go wrong between."""

import hashlib
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.connectors.exstream.sandbox_program import SandboxProgram, running_exstream
from tests.connectors.exstream_engine_service.stand_in import TEMPLATE, service_settings, write_design
from xconnector.connectors.exstream.design import ExstreamDesign
from xconnector.connectors.exstream.engine_service.composer import EngineServiceComposer
from xconnector.connectors.exstream.engine_service.settings import EngineServiceSettings
from xconnector.contract.composer import Composition, Order
from xconnector.contract.errors import ConnectorError, MisconfiguredError, PermanentError, TransientError
from xconnector.contract.manifest import Surroundings
from xconnector.domain.document import RenditionKind
from xconnector.testing.orders import ALL_KINDS, sample_order, with_data

_LETTER = frozenset({RenditionKind.LETTER})
_KEYED = {
    "letter": {"queue": "archive", "file": "letter_{key}.pdf"},
    "email": {"queue": "mail", "file": "mail_{key}.html"},
    "sms": {"queue": "text", "file": "text_{key}.txt"},
}
_PATH = "/EngineService/EngineService"


@asynccontextmanager
async def _installation(tmp_path: Path, **design: object) -> AsyncGenerator["Installation"]:
    told = {"package": "PolicyIssued.pub", "outputs": {"letter": {"queue": "archive"}}, **design}
    write_design(tmp_path, told)
    async with running_exstream(tmp_path, tmp_path / "output") as program:
        yield Installation(program, tmp_path, ExstreamDesign.model_validate(told))


class Installation:
    def __init__(self, program: SandboxProgram, folder: Path, design: ExstreamDesign) -> None:
        self.program = program
        self.folder = folder
        self.design = design

    def composer(self, **settings: object) -> EngineServiceComposer:
        return EngineServiceComposer(
            EngineServiceSettings.model_validate({**service_settings(self.program), "timeout": 60, **settings}),
            Surroundings(project_folder=self.folder, state_folder=self.folder, designs={TEMPLATE: self.design}),
        )

    async def compose(self, *orders: Order, **settings: object) -> Sequence[Composition | ConnectorError]:
        async with self.composer(**settings) as composer:
            return await composer.compose(orders)

    async def asked(self) -> int:
        return await self.program.asked(_PATH)


def _order(number: int = 1, kinds: frozenset[RenditionKind] = _LETTER) -> Order:
    return sample_order(number, template=TEMPLATE, kinds=kinds)


def _types(results: Sequence[object]) -> list[type]:
    return [type(result) for result in results]


async def test_what_the_engine_refuses_has_a_meaning_each(tmp_path: Path) -> None:
    async with _installation(tmp_path) as here:
        await here.program.misbehave(ews_fault_next=1, ews_fault="Kundin Jördis: it ended")
        (exception,) = await here.compose(_order())
        await here.program.misbehave(ews_fault_next=1, ews_fault="The engine timed out")
        (late,) = await here.compose(_order())
        await here.program.misbehave(engine_fails_next=1)
        (failed,) = await here.compose(_order())
        await here.program.misbehave(lose_next=1)
        (lost,) = await here.compose(_order())
        (unnamed,) = await here.compose(_order(), driver_name="CUSTOMERS")
        await here.program.misbehave(ews_token=True)
        (nobody,) = await here.compose(_order(), token=None)

    assert _types([exception, late, failed]) == [PermanentError, TransientError, PermanentError]
    assert "Jördis" not in str(exception)
    assert "EX000713S" in str(failed)
    assert _types([lost, unnamed, nobody]) == [TransientError, PermanentError, MisconfiguredError]
    assert "EX000101S" in str(unnamed)


async def test_a_package_that_is_not_there_is_told_by_message_and_code(tmp_path: Path) -> None:
    async with _installation(tmp_path) as here:
        here.design = ExstreamDesign.model_validate({"package": "Gone.pub"})
        (result,) = await here.compose(_order())

    assert isinstance(result, PermanentError)
    assert "EX000511S" in str(result)


async def test_messages_in_utf_16_are_read(tmp_path: Path) -> None:
    async with _installation(tmp_path) as here:
        await here.program.misbehave(engine_fails_next=1)
        (result,) = await here.compose(_order(), engine_options={"MSGENCODE": "UTF16"}, message_encoding="UTF16")

    assert "EX000713S" in str(result)


async def test_a_document_that_was_left_on_the_server_is_fetched_where_it_is_mounted(tmp_path: Path) -> None:
    async with _installation(tmp_path, outputs=_KEYED) as here:
        (direct,) = await here.compose(_order())
        await here.program.misbehave(ews_names_only=True)
        (unmounted,) = await here.compose(_order())
        folder = {"mounted": "output/engine_service", "on_server": f"{here.program.facts['mount']}/engine_service"}
        (mounted,) = await here.compose(_order(), output_folder=folder)

    assert isinstance(unmounted, PermanentError)
    assert "`output_folder`" in str(unmounted)
    assert isinstance(mounted, Composition)
    assert mounted == direct


async def test_each_order_can_have_a_file_of_its_own_on_the_server(tmp_path: Path) -> None:
    async with _installation(tmp_path) as here:
        folder = f"{here.program.facts['mount']}/engine_service/letters"
        results = await here.compose(
            _order(1),
            _order(2),
            output_file={"directory": folder, "name": "{id}.pdf"},
            output_folder={"mounted": "output/engine_service/letters"},
        )

    assert _types(results) == [Composition, Composition]
    names = {path.name for path in (tmp_path / "output" / "engine_service" / "letters").iterdir()}
    assert names == {f"{_order(number).communication_id}.pdf" for number in (1, 2)}


@pytest.mark.parametrize(
    "design",
    [
        {"outputs": {"letter": {"queue": "archive", "file": "letter.pdf"}}},
        {"outputs": {**_KEYED, "sms": {"queue": "text"}}},
        {"outputs": _KEYED, "key": {"path": "customer.key"}},
    ],
)
async def test_files_that_another_call_could_name_alike_are_never_read_from_a_folder(
    tmp_path: Path, design: dict[str, object]
) -> None:
    async with _installation(tmp_path, **design) as here:
        folder = {"mounted": "output/engine_service"}
        results = await here.compose(_order(1), _order(2), output_folder=folder, output_file={"name": "letter.pdf"})
        calls = await here.asked()

    assert _types(results) == [PermanentError, PermanentError]
    assert "`{id}`" in str(results[0])
    assert calls == 0


async def test_many_orders_go_into_one_call_where_files_bear_their_keys(tmp_path: Path) -> None:
    kinds = ALL_KINDS
    orders = [_order(number, kinds) for number in range(1, 8)]
    async with _installation(tmp_path, outputs=_KEYED) as here:
        together = await here.compose(*orders, orders_per_call=5)
        calls = await here.asked()
        alone = await here.compose(*orders)

    assert calls == 2
    assert list(together) == list(alone)
    assert len({hashlib.sha256(repr(result).encode()).digest() for result in together}) == 7


async def test_the_same_key_twice_goes_into_two_calls(tmp_path: Path) -> None:
    async with _installation(tmp_path, outputs=_KEYED) as here:
        first, second = await here.compose(_order(), _order(), orders_per_call=5)
        calls = await here.asked()

    assert calls == 2
    assert isinstance(first, Composition)
    assert first == second


async def test_of_many_orders_in_one_call_a_bad_one_fails_alone(tmp_path: Path) -> None:
    orders = [_order(1), with_data(_order(2), policy_number=None), _order(3)]
    async with _installation(tmp_path, outputs=_KEYED) as here:
        results = await here.compose(*orders, orders_per_call=5)

    assert _types(results) == [Composition, PermanentError, Composition]
    assert "EX003004E" in str(results[1])


async def test_a_customer_that_the_engine_skips_without_a_word_fails_alone(tmp_path: Path) -> None:
    async with _installation(tmp_path, outputs=_KEYED) as here:
        await here.program.misbehave(drop_keys=[str(_order(2).communication_id)], drop_always=True)
        results = await here.compose(_order(1), _order(2), _order(3), orders_per_call=5)

    assert _types(results) == [Composition, PermanentError, Composition]


async def test_only_so_many_calls_run_at_once(tmp_path: Path) -> None:
    async with _installation(tmp_path) as here:
        await here.program.misbehave(compose_seconds=0.1)
        results = await here.compose(*(_order(number) for number in range(6)), parallel=2)
        seen = await here.program.seen()

    assert set(_types(results)) == {Composition}
    assert seen["most_engines_at_once"] == 2


async def test_check_proves_service_port_namespace_and_account(tmp_path: Path) -> None:
    async with _installation(tmp_path) as here:
        await here.program.misbehave(ews_token=True)
        async with here.composer() as composer:
            await composer.check()
        wrong = [
            {"service": "OtherService"},
            {"port": "OtherPort"},
            {"namespace": "urn:other"},
            {"url": here.program.url},
            {"token": {"user": "composer", "password": "wrong"}},
            {"output_folder": {"mounted": "not-there"}},
        ]
        for settings in wrong:
            async with here.composer(**settings) as composer:
                with pytest.raises(MisconfiguredError):
                    await composer.check()


async def test_a_design_without_a_package_is_permanent(tmp_path: Path) -> None:
    async with _installation(tmp_path) as here:
        here.design = ExstreamDesign()
        (result,) = await here.compose(_order())

    assert isinstance(result, PermanentError)
    assert "`package`" in str(result)
