"""The stand-in of a channel's outside system, and how the suites find and open it."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import NoReturn, Protocol, cast, runtime_checkable

import pytest

from xconnector.contract.channel import Dispatch, Recipient
from xconnector.contract.registry import connector_names, manifest
from xconnector.domain.document import RenditionKind
from xconnector.testing.conformance.stand_in_module import fail_without_stand_in, stand_in_module


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """One dispatch as the outside system received it."""

    dispatch_key: str
    digests: Mapping[RenditionKind, str]
    """SHA-256 in hexadecimal of every rendition that arrived, computed by the stand-in from what it received."""


class ChannelStandIn(Protocol):
    """The outside system of one channel on the loopback address, which behaves as told.

    It lives in `<stand-ins>/<connector>/stand_in.py`. That module offers `open_stand_in(folder)`, an
    async context manager that gives it, and says `COLLECTS = True` where the channel takes bundles.
    What a system cannot do (a folder has no credentials) it answers by calling `not_applicable`.
    """

    @property
    def settings(self) -> Mapping[str, object]:
        """The connection as a project file would state it, without `connector` and `limits`."""
        ...

    async def arrived(self) -> Sequence[Arrival]:
        """Return every hand-over that arrived, in their sequence, repeated ones repeatedly."""
        ...

    async def go_down(self) -> None:
        """From now on nobody answers at its address."""
        ...

    async def lose_answers(self) -> None:
        """From now on take what is handed over and lose the answer to it."""
        ...

    async def refuse(self, recipient: Recipient) -> None:
        """From now on refuse for good whatever is meant for this recipient."""
        ...

    async def reject_credentials(self) -> None:
        """From now on reject the credentials that stand in `settings`."""
        ...


@runtime_checkable
class DevicesStandIn(Protocol):
    """What a stand-in of push services can do besides."""

    @property
    def can_be_asked(self) -> bool:
        """Whether credentials can be proven without showing a message."""
        ...

    def addressed(self, dispatch: Dispatch) -> Dispatch:
        """Return the dispatch with devices of its customer that the stand-in knows."""
        ...


def not_applicable(reason: str) -> NoReturn:
    """Leave a conformance test out, with the reason for the report."""
    pytest.skip(reason)


OpenStandIn = Callable[[Path], AbstractAsyncContextManager[ChannelStandIn]]


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelUnderTest:
    """A registered channel and its stand-in's module, if somebody wrote one."""

    name: str
    stand_in: ModuleType | None

    @property
    def collects(self) -> bool:
        return bool(getattr(self.stand_in, "COLLECTS", False))

    def open_stand_in(self, folder: Path) -> AbstractAsyncContextManager[ChannelStandIn]:
        """Open the stand-in with a folder of its own; fail the test where there is none."""
        if self.stand_in is None:
            fail_without_stand_in(self.name, "channel")
        return cast("OpenStandIn", self.stand_in.open_stand_in)(folder)


def registered_channels(stand_ins: Path, names: Sequence[str] | None) -> list[ChannelUnderTest]:
    """Return every channel in the registry, or only the named connectors, with their stand-ins' modules."""
    chosen = connector_names() if names is None else names
    return [
        ChannelUnderTest(name=name, stand_in=stand_in_module(stand_ins, name, role="channel"))
        for name in chosen
        if _is_channel(name)
    ]


def _is_channel(name: str) -> bool:
    try:
        return manifest(name).channel is not None
    except (ImportError, AttributeError, TypeError):
        # One that cannot be loaded fails the manifests' suite and must not hide the others here.
        return False
