"""What every opened connector can do."""

from types import TracebackType
from typing import Protocol, Self


class Connector(Protocol):
    """An outside system, opened: an async context manager that can prove its settings."""

    async def __aenter__(self) -> Self: ...

    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None, /
    ) -> None: ...

    async def check(self) -> None:
        """Prove that the settings work, without an effect that a customer could notice.

        Raises TransientError or MisconfiguredError.
        """
        ...
