"""What every composer must show, whatever makes its documents.

Inherit the suite in a test module beside the stand-ins and name their folder: `stand_ins = Path(__file__).parent`.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, replace
from pathlib import Path
from types import ModuleType
from typing import Any, ClassVar, Protocol, cast, runtime_checkable

import pytest
import pytest_asyncio

from xconnector.contract.composer import Composer, Composition
from xconnector.contract.errors import ConnectorError, MisconfiguredError, PermanentError, TransientError
from xconnector.contract.manifest import Manifest, Surroundings
from xconnector.contract.registry import connector_names, manifest
from xconnector.contract.settings import ConnectorSettings
from xconnector.domain.document import Rendition, RenditionKind, content_digest
from xconnector.testing.conformance.stand_in_module import fail_without_stand_in, stand_in_module
from xconnector.testing.orders import ALL_KINDS, named, sample_order, with_data

_HOSTILE = """#eval("1") $x$ *b* {{ 7*7 }} {% raw %} <b>b</b> "&amp;" javascript:1 \\ ` @a <l>\r\nBcc: a@b.test"""


class ComposerStandIn(Protocol):
    """What surrounds one composer: designs that it can fill, and its outside system where it has one.

    It is opened by `open_composer_stand_in(project_folder)` in `<stand-ins>/<connector>/stand_in.py`, an
    async context manager. What a composer does not have it answers by calling `not_applicable`.
    """

    @property
    def settings(self) -> Mapping[str, object]:
        """The connection as a project file would state it, without `connector` and `limits`."""
        ...

    @property
    def template(self) -> str:
        """A template for all kinds of renditions, which prints title, policy number, and the customer's name."""
        ...

    async def go_down(self) -> None:
        """From now on whatever composes is out of reach."""
        ...

    async def misconfigure(self) -> None:
        """From now on, what `settings` names is of no use: credentials, a folder, a licence."""
        ...


@runtime_checkable
class BringsDesigns(Protocol):
    """A stand-in whose templates are designs that the outside system keeps."""

    @property
    def designs(self) -> Mapping[str, Mapping[str, object]]:
        """By template, the content of its design file, as the project's author would write it."""
        ...


def composed(result: Composition | ConnectorError) -> Composition:
    """Return the composition; fail the test where it is an error."""
    assert isinstance(result, Composition), result
    return result


def rendition(result: Composition | ConnectorError, kind: RenditionKind) -> Rendition:
    """Return the rendition of this kind; fail the test where there is none."""
    (found,) = [made for made in composed(result).renditions if made.kind is kind]
    return found


class _ModuleWithStandIn(Protocol):
    open_composer_stand_in: Callable[[Path], AbstractAsyncContextManager[ComposerStandIn]]


@dataclass(frozen=True, slots=True, kw_only=True)
class _ComposerUnderTest:
    name: str
    module: ModuleType | None

    def open_stand_in(self, project_folder: Path) -> AbstractAsyncContextManager[ComposerStandIn]:
        if self.module is None:
            fail_without_stand_in(self.name, "composer")
        return cast("_ModuleWithStandIn", self.module).open_composer_stand_in(project_folder)


@pytest.mark.asyncio
class ComposerConformance:
    """For every composer in the registry."""

    stand_ins: ClassVar[Path]
    """Folder that holds `<connector>/stand_in.py`."""
    connectors: ClassVar[Sequence[str] | None] = None
    """Names to run for; None runs for all that are installed."""

    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        if "under_test" in metafunc.fixturenames:
            names = connector_names() if self.connectors is None else self.connectors
            composers = [
                _ComposerUnderTest(name=name, module=stand_in_module(self.stand_ins, name, role="composer"))
                for name in names
                if is_composer(name)
            ]
            metafunc.parametrize("under_test", composers, ids=[composer.name for composer in composers])

    @pytest_asyncio.fixture
    async def stand_in(self, under_test: _ComposerUnderTest, tmp_path: Path) -> AsyncIterator[ComposerStandIn]:
        async with under_test.open_stand_in(tmp_path) as stand_in:
            yield stand_in

    @pytest.fixture
    def open_composer(
        self, under_test: _ComposerUnderTest, stand_in: ComposerStandIn, tmp_path: Path
    ) -> Callable[[str], Composer]:
        """Open it with a state folder of this name."""
        found = manifest(under_test.name)
        assert found.composer is not None
        role = found.composer

        def opened(state: str) -> Composer:
            settings = found.settings.model_validate(dict(stand_in.settings))
            state_folder = tmp_path / state
            state_folder.mkdir(exist_ok=True)
            designs = designs_of(found, stand_in)
            return role(settings, Surroundings(project_folder=tmp_path, state_folder=state_folder, designs=designs))

        return opened

    @pytest_asyncio.fixture
    async def composer(self, open_composer: Callable[[str], Composer]) -> AsyncIterator[Composer]:
        async with open_composer("state") as composer:
            yield composer

    async def test_check_passes_where_all_is_well(self, composer: Composer) -> None:
        await composer.check()

    async def test_no_order_gives_no_composition(self, composer: Composer) -> None:
        assert list(await composer.compose([])) == []

    async def test_what_is_asked_for_is_made(self, composer: Composer, stand_in: ComposerStandIn) -> None:
        for kinds in (ALL_KINDS, *(frozenset({kind}) for kind in sorted(ALL_KINDS))):
            (result,) = await composer.compose([sample_order(template=stand_in.template, kinds=kinds)])

            made = composed(result)
            assert {piece.kind for piece in made.renditions} == kinds
            assert len(made.renditions) == len(kinds)
            assert made.engine

    async def test_digest_and_pages_are_those_of_the_content(
        self, composer: Composer, stand_in: ComposerStandIn
    ) -> None:
        (result,) = await composer.compose([sample_order(template=stand_in.template)])

        for made in composed(result).renditions:
            assert made.sha256 == content_digest(made.content)
            assert (made.pages or 0) >= 1 if made.kind is RenditionKind.LETTER else made.pages is None

    async def test_the_same_order_gives_the_same_bytes(self, composer: Composer, stand_in: ComposerStandIn) -> None:
        order = sample_order(template=stand_in.template)

        first, second = await composer.compose([order, order])

        assert composed(first) == composed(second)

    async def test_the_same_order_gives_the_same_bytes_elsewhere(
        self, composer: Composer, open_composer: Callable[[str], Composer], stand_in: ComposerStandIn
    ) -> None:
        order = sample_order(template=stand_in.template)
        turned = replace(order, data={name: order.data[name] for name in sorted(order.data, reverse=True)})

        (here,) = await composer.compose([order])
        async with open_composer("elsewhere") as other:
            (there,) = await other.compose([turned])

        assert composed(here) == composed(there)

    async def test_results_come_in_the_sequence_of_the_orders(
        self, composer: Composer, stand_in: ComposerStandIn
    ) -> None:
        orders = [sample_order(number, template=stand_in.template) for number in range(12)]
        alone = [composed((await composer.compose([order]))[0]) for order in orders]

        together = await composer.compose(orders)

        assert [composed(result) for result in together] == alone
        assert len({composition.renditions for composition in alone}) == len(orders)

    async def test_many_calls_at_once_get_what_they_asked_for(
        self, composer: Composer, stand_in: ComposerStandIn
    ) -> None:
        orders = [sample_order(number, template=stand_in.template) for number in range(12)]
        expected = await composer.compose(orders)

        results = await asyncio.gather(*(composer.compose([order]) for order in orders))

        assert [result for (result,) in results] == list(expected)

    async def test_an_unknown_template_is_permanent_and_fails_alone(
        self, composer: Composer, stand_in: ComposerStandIn
    ) -> None:
        good = sample_order(template=stand_in.template)
        results = await composer.compose([good, replace(good, template="there_is_no_such_template"), good])

        assert [type(result) for result in results] == [Composition, PermanentError, Composition]

    async def test_a_template_is_no_path(self, composer: Composer, stand_in: ComposerStandIn) -> None:
        good = sample_order(template=stand_in.template)
        names = [f"../{good.template}", f"./{good.template}", f"{good.template}/", "/etc", "", "a\0b"]

        results = await composer.compose([replace(good, template=name) for name in names])

        assert {type(result) for result in results} == {PermanentError}

    async def test_data_that_does_not_fit_is_permanent_and_fails_alone(
        self, composer: Composer, stand_in: ComposerStandIn
    ) -> None:
        good = sample_order(template=stand_in.template)
        results = await composer.compose([good, with_data(good, policy_number=None), good])

        assert [type(result) for result in results] == [Composition, PermanentError, Composition]

    async def test_what_customers_wrote_is_no_program(self, composer: Composer, stand_in: ComposerStandIn) -> None:
        (result,) = await composer.compose([named(sample_order(template=stand_in.template), _HOSTILE)])

        assert isinstance(result, Composition), result

    async def test_errors_tell_no_content(self, composer: Composer, stand_in: ComposerStandIn) -> None:
        order = with_data(sample_order(template=stand_in.template), policy_number=None)
        results = await composer.compose([order, replace(order, template="there_is_no_such_template")])

        for result in results:
            assert isinstance(result, ConnectorError)
            told = f"{result!r} {result.__cause__!r} {result.__context__!r}"
            assert [word for word in words_of(order.data) if word in told] == []
        assert [word for word in words_of(order.data) if word in repr(order)] == []

    async def test_what_is_misconfigured_is_told_by_check_and_with_every_order(
        self, open_composer: Callable[[str], Composer], stand_in: ComposerStandIn
    ) -> None:
        order = sample_order(template=stand_in.template)
        await stand_in.misconfigure()

        async with open_composer("state") as composer:
            with pytest.raises(MisconfiguredError):
                await composer.check()
            results = await composer.compose([order, order])

        assert [type(result) for result in results] == [MisconfiguredError, MisconfiguredError]

    async def test_an_outage_is_transient(self, composer: Composer, stand_in: ComposerStandIn) -> None:
        await stand_in.go_down()

        results = await composer.compose([sample_order(template=stand_in.template)])

        assert [type(result) for result in results] == [TransientError]


def designs_of(found: Manifest[Any], stand_in: object) -> Mapping[str, ConnectorSettings]:
    """Return the designs that a stand-in brings, in the shape that the manifest declares."""
    if found.design_file is None:
        return {}
    assert isinstance(stand_in, BringsDesigns), f"{found.name} has designs of its own: give its stand-in `designs`"
    shape = found.design_file.shape
    return {template: shape.model_validate(dict(content)) for template, content in stand_in.designs.items()}


def is_composer(name: str) -> bool:
    """Say whether a connector of this name composes."""
    try:
        return manifest(name).composer is not None
    except (ImportError, AttributeError, TypeError):
        # One that cannot be loaded fails the manifests' suite and must not hide the others here.
        return False


def words_of(data: Mapping[str, Any]) -> list[str]:
    """Return what no log and no error may tell of an order's data."""
    customer = data["customer"]
    return [customer["key"], customer["name"], customer["email"], customer["mobile"], *customer["address_lines"]]
