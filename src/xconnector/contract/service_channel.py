"""Channels of services that take each dispatch by a call of its own: what they all do alike."""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Sequence
from types import TracebackType
from typing import Generic, Protocol, Self, TypeVar

from xconnector.contract.channel import Dispatch, Receipt
from xconnector.contract.errors import ConnectorError, MisconfiguredError, PermanentError
from xconnector.domain.document import RenditionKind
from xconnector.domain.feedback.signal import Signal


class ServiceClient(Protocol):
    """The wire to a service, an async context manager."""

    async def __aenter__(self) -> Self: ...

    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None, /
    ) -> None: ...

    async def knock(self) -> None:
        """Prove address and login without an effect. Raises one of the four errors."""
        ...


Client = TypeVar("Client", bound=ServiceClient)


class ServiceChannel(ABC, Generic[Client]):
    """A service, opened as a channel. Its subclass says what it takes and how one dispatch is handed over."""

    def __init__(self, client: Client, *, at_once: int = 1) -> None:
        """Nothing is called before it is opened; `at_once` dispatches are handed over at the same time."""
        self._client = client
        self._free = asyncio.Semaphore(at_once)

    @property
    @abstractmethod
    def takes(self) -> frozenset[RenditionKind]:
        """The renditions without which it cannot send."""

    @abstractmethod
    async def hand_over(self, dispatch: Dispatch) -> Receipt:
        """Hand one dispatch over. Raises one of the four errors."""

    async def __aenter__(self) -> Self:
        await self._client.__aenter__()
        return self

    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None, /
    ) -> None:
        await self._client.__aexit__(exc_type, exc, traceback)

    async def check(self) -> None:
        """Knock; a refusal for good is one of what the settings say. Raises TransientError or MisconfiguredError."""
        try:
            await self._client.knock()
        except PermanentError as refusal:
            raise MisconfiguredError(str(refusal)) from None

    async def send(self, dispatches: Sequence[Dispatch]) -> Sequence[Receipt | ConnectorError]:
        """Hand over, and return one result for each dispatch in their sequence."""
        return await asyncio.gather(*(self._send(dispatch) for dispatch in dispatches))

    async def look_up_each(
        self, references: Sequence[str], look_up: Callable[[str], Awaitable[Sequence[Signal]]]
    ) -> Sequence[Sequence[Signal] | ConnectorError]:
        """Ask for each reference by a call of its own: how channels that `LooksUp` do it."""
        return await asyncio.gather(*(self._look_up(reference, look_up) for reference in references))

    async def _look_up(
        self, reference: str, look_up: Callable[[str], Awaitable[Sequence[Signal]]]
    ) -> Sequence[Signal] | ConnectorError:
        try:
            async with self._free:
                return await look_up(reference)
        except ConnectorError as error:
            return error

    async def _send(self, dispatch: Dispatch) -> Receipt | ConnectorError:
        try:
            async with self._free:
                return await self.hand_over(dispatch)
        except ConnectorError as error:
            return error
