"""What every write-back target must show.

Inherit the suite in a test module beside the stand-ins and name their folder: `stand_ins = Path(__file__).parent`. The
author of a target writes `<connector>/stand_in.py` with an asynchronous context manager `open_target()`; it gives a
`TargetStandIn`.
"""

from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from types import ModuleType
from typing import Any, ClassVar, Protocol

import pytest

from xconnector.contract.errors import ConnectorError, MisconfiguredError, PermanentError, TransientError
from xconnector.contract.manifest import Surroundings
from xconnector.contract.registry import connector_names, manifest
from xconnector.contract.write_back import WriteBackTarget
from xconnector.domain.write_back import Told
from xconnector.testing.conformance.stand_in_module import fail_without_stand_in, stand_in_module

OWNED = "Sämann-7291"


class Mood(StrEnum):
    """How the target answers from now on."""

    TAKES = "takes"
    REFUSES = "refuses"
    """These events, whenever they are told."""
    IS_BUSY = "is busy"
    KNOWS_US_NOT = "knows us not"
    LOSES_ANSWERS = "loses answers"


class TargetStandIn(Protocol):
    """The outside: a source system that keeps what it is told."""

    @property
    def settings(self) -> Mapping[str, Any]:
        """The connection as a project file would state it."""
        ...

    @property
    def told(self) -> Sequence[tuple[str, str]]:
        """Id and subject of all events that it took, proven, in the order in which they came."""
        ...

    def be(self, mood: Mood) -> None: ...

    async def go_away(self) -> None:
        """Be unreachable from now on."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetUnderTest:
    """A registered target and its stand-in's module, if somebody wrote one."""

    name: str
    stand_in: ModuleType | None

    @asynccontextmanager
    async def opened(self) -> AsyncGenerator[tuple[TargetStandIn, WriteBackTarget]]:
        if self.stand_in is None:
            fail_without_stand_in(self.name, "write-back target")
        outside: AbstractAsyncContextManager[TargetStandIn] = self.stand_in.open_target()
        declared = manifest(self.name)
        assert declared.write_back is not None
        async with outside as stand_in:
            settings = declared.settings.model_validate(stand_in.settings)
            surroundings = Surroundings(project_folder=Path(), state_folder=Path())
            async with declared.write_back(settings, surroundings) as target:
                yield stand_in, target


def told(number: int) -> Told:
    """An event of a communication."""
    return Told(
        id=str(number),
        type="org.xconnector.delivery.bounced",
        source="/xconnector/tests",
        subject=f"0198c0de-0000-7000-8000-00000000000{number % 3}",
        time=datetime(2026, 11, 24, 8, tzinfo=UTC),
        sequence=f"{number:020}",
        data={"source_key": OWNED},
    )


class WriteBackConformance:
    """For every write-back target in the registry."""

    stand_ins: ClassVar[Path]
    """Folder that holds `<connector>/stand_in.py`."""
    connectors: ClassVar[Sequence[str] | None] = None
    """Names to run for; None runs for all that are installed."""

    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        if "under_test" in metafunc.fixturenames:
            names = connector_names() if self.connectors is None else self.connectors
            found = [
                TargetUnderTest(name=name, stand_in=stand_in_module(self.stand_ins, name, role="write-back target"))
                for name in names
                if manifest(name).write_back is not None
            ]
            metafunc.parametrize("under_test", found, ids=[one.name for one in found])

    async def test_a_check_tells_nothing(self, under_test: TargetUnderTest) -> None:
        async with under_test.opened() as (outside, target):
            await target.check()
            assert list(outside.told) == []

    async def test_what_is_told_arrives_in_its_order(self, under_test: TargetUnderTest) -> None:
        events = [told(number) for number in range(1, 8)]
        async with under_test.opened() as (outside, target):
            for start in range(0, len(events), target.at_once):
                await target.tell(events[start : start + target.at_once])
            assert list(outside.told) == [(event.id, event.subject) for event in events]

    async def test_nothing_is_told_of_nothing(self, under_test: TargetUnderTest) -> None:
        async with under_test.opened() as (outside, target):
            await target.tell([])
            assert list(outside.told) == []

    async def test_told_again_it_is_the_same_event(self, under_test: TargetUnderTest) -> None:
        async with under_test.opened() as (outside, target):
            await target.tell([told(1)])
            await target.tell([told(1)])
            assert {name for name, _ in outside.told} == {"1"}

    @pytest.mark.parametrize(
        "mood, meant",
        [
            (Mood.REFUSES, PermanentError),
            (Mood.IS_BUSY, TransientError),
            (Mood.LOSES_ANSWERS, TransientError),
            (Mood.KNOWS_US_NOT, MisconfiguredError),
        ],
    )
    async def test_what_goes_wrong_is_called_what_it_is(
        self, under_test: TargetUnderTest, mood: Mood, meant: type[ConnectorError]
    ) -> None:
        async with under_test.opened() as (outside, target):
            outside.be(mood)
            with pytest.raises(meant) as raised:
                await target.tell([told(1)])
            assert OWNED not in str(raised.value)
            outside.be(Mood.TAKES)
            await target.tell([told(2)])
            assert outside.told[-1][0] == "2"

    async def test_an_outage_is_transient(self, under_test: TargetUnderTest) -> None:
        async with under_test.opened() as (outside, target):
            await outside.go_away()
            with pytest.raises(TransientError):
                await target.tell([told(1)])
