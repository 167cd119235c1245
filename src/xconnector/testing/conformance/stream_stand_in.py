"""The broker of one stream source, and how the suite finds and opens it."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Protocol, cast

from xconnector.contract.manifest import Surroundings
from xconnector.contract.registry import manifest
from xconnector.contract.stream_source import StreamSource
from xconnector.testing.conformance.stand_in_module import fail_without_stand_in


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """A message for the broker."""

    payload: bytes
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    key: str | None = None
    """The message's own key or id."""
    content_type: str | None = None


class StreamStandIn(Protocol):
    """A real broker on the loopback address with one empty topic, queue or stream, which belongs to the test.

    It lives in `<stand-ins>/<connector>/stand_in.py`. That module offers `open_stream(folder)`, an async context
    manager that gives it.
    """

    @property
    def settings(self) -> Mapping[str, object]:
        """The connection as a project file would state it, its key being `account`, without `connector`."""
        ...

    @property
    def elsewhere(self) -> Mapping[str, object]:
        """The same with a topic, queue or stream that is not there."""
        ...

    @property
    def attribute_prefix(self) -> str:
        """What the header of a CloudEvent's attribute begins with, as this protocol's binding spells it."""
        ...

    async def publish(self, messages: Sequence[Published], /) -> None:
        """Put messages in, in this order; on return the broker has them."""
        ...

    async def unacknowledged(self) -> int:
        """Return how many messages are in the broker and not acknowledged by a listener."""
        ...

    async def go_down(self) -> None:
        """From now on nobody answers at its address; what it holds is kept, where it can."""
        ...

    async def come_up(self) -> None:
        """Answer again at the same address."""
        ...


OpenStream = Callable[[Path], AbstractAsyncContextManager[StreamStandIn]]


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamUnderTest:
    """A registered stream source and its stand-in's module, if somebody wrote one."""

    name: str
    stand_in: ModuleType | None

    def open_stream(self, folder: Path) -> AbstractAsyncContextManager[StreamStandIn]:
        """Open the stand-in with a folder of its own; fail the test where there is none."""
        if self.stand_in is None:
            fail_without_stand_in(self.name, "stream source")
        return cast("OpenStream", self.stand_in.open_stream)(folder)

    def source(self, settings: Mapping[str, object], folder: Path) -> StreamSource:
        found = manifest(self.name)
        assert found.stream_source is not None, "only stream sources are tested here"
        return found.stream_source(
            found.settings.model_validate(settings), Surroundings(project_folder=folder, state_folder=folder)
        )
