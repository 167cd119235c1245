"""What every source that is asked must show.

Inherit the suite in a test module beside the stand-ins and name their folder: `stand_ins = Path(__file__).parent`.
The author of a source writes `<connector>/stand_in.py` with an asynchronous context manager `open_source(server)`; it
gives a `PullStandIn`. `server` is the address that the module's fixture `server` gives, where a stand-in needs one.
"""

from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any, ClassVar, Protocol

import pytest

from xconnector.contract.errors import PermanentError, TransientError
from xconnector.contract.manifest import Surroundings
from xconnector.contract.pull_source import PullSource
from xconnector.contract.registry import connector_names, manifest
from xconnector.domain.event import BadRecord, SourceRecord
from xconnector.testing.conformance.stand_in_module import fail_without_stand_in, stand_in_module

OWNED = "Sämann-7291"
_AT_MOST = 4


class PullStandIn(Protocol):
    """The outside: things with a key and a text."""

    @property
    def settings(self) -> Mapping[str, Any]:
        """The connection as a project file would state it, reaching back as little as it can."""
        ...

    async def put(self, key: str, text: str) -> None:
        """Make a thing, or change the one of this key."""
        ...

    async def go_away(self) -> None:
        """Be unreachable from now on."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class PulledUnderTest:
    """A registered source and its stand-in's module, if somebody wrote one."""

    name: str
    stand_in: ModuleType | None

    def opened(self, server: str) -> AbstractAsyncContextManager[PullStandIn]:
        if self.stand_in is None:
            fail_without_stand_in(self.name, "pull source")
        return self.stand_in.open_source(server)

    @asynccontextmanager
    async def source(self, outside: PullStandIn) -> AsyncGenerator[PullSource]:
        found = manifest(self.name)
        assert found.pull_source is not None
        settings = found.settings.model_validate(outside.settings)
        async with found.pull_source(settings, Surroundings(project_folder=Path(), state_folder=Path())) as source:
            yield source


class PullSourceConformance:
    """For every source that is asked in the registry."""

    stand_ins: ClassVar[Path]
    """Folder that holds `<connector>/stand_in.py`."""
    connectors: ClassVar[Sequence[str] | None] = None
    """Names to run for; None runs for all that are installed."""

    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        if "under_test" in metafunc.fixturenames:
            names = connector_names() if self.connectors is None else self.connectors
            sources = [
                PulledUnderTest(name=name, stand_in=stand_in_module(self.stand_ins, name, role="pull source"))
                for name in names
                if manifest(name).pull_source is not None
            ]
            metafunc.parametrize("under_test", sources, ids=[source.name for source in sources])

    async def test_everything_comes_once_and_then_only_what_changed(
        self, under_test: PulledUnderTest, server: str
    ) -> None:
        async with under_test.opened(server) as outside, under_test.source(outside) as source:
            await source.check()
            for number in range(10):
                await outside.put(str(number), "first")
            first, position = await _all_new(source, None)
            await outside.put("3", "second")
            await outside.put("10", "first")
            second, _ = await _all_new(source, position)

        known = {record.source_key for record in first}
        new = [record for record in second if record.source_key not in known]
        assert sorted(_things(first)) == sorted(str(number) for number in range(10))
        assert sorted(_things(new)) == ["10", "3"]
        assert {(record.source, record.event_type) for record in first} == {("crm", "com.acme.thing")}

    async def test_asked_again_from_the_same_position_the_same_records_are_named_alike(
        self, under_test: PulledUnderTest, server: str
    ) -> None:
        async with under_test.opened(server) as outside, under_test.source(outside) as source:
            for number in range(6):
                await outside.put(str(number), "first")
            once, _ = await _all_new(source, None)
            again, _ = await _all_new(source, None)

        assert {record.source_key: record.payload for record in once} == {
            record.source_key: record.payload for record in again
        }

    async def test_a_position_that_it_never_gave_is_for_people(self, under_test: PulledUnderTest, server: str) -> None:
        async with under_test.opened(server) as outside, under_test.source(outside) as source:
            for strange in ("", "nonsense", "{}", "[1]"):
                with pytest.raises(PermanentError):
                    await _all_new(source, strange)

    async def test_an_outage_is_one_and_tells_nothing_of_what_stood_there(
        self, under_test: PulledUnderTest, server: str
    ) -> None:
        async with under_test.opened(server) as outside, under_test.source(outside) as source:
            await outside.put("1", OWNED)
            await _all_new(source, None)
            await outside.go_away()
            with pytest.raises(TransientError) as raised:
                await _all_new(source, None)

        assert OWNED not in str(raised.value)


async def _all_new(source: PullSource, position: str | None) -> tuple[list[SourceRecord], str | None]:
    found: list[SourceRecord] = []
    more = True
    while more:
        pulled = await source.pull(position, at_most=_AT_MOST, source="crm", event_type="com.acme.thing")
        assert not any(isinstance(record, BadRecord) for record in pulled.records)
        found += [record for record in pulled.records if isinstance(record, SourceRecord)]
        position, more = pulled.position, pulled.more
    return found, position


def _things(records: Sequence[SourceRecord]) -> list[str]:
    return [record.source_key.partition("@")[0] for record in records]
