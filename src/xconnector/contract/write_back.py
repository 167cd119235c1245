"""The role of a write-back target: a source system that is told what became of its communications."""

from collections.abc import Sequence
from typing import Protocol

from xconnector.contract.lifecycle import Connector
from xconnector.domain.write_back import Told


class WriteBackTarget(Connector, Protocol):
    """Where events go back to. It may be told the same event again, under the same id."""

    @property
    def at_once(self) -> int:
        """The most events of one call."""
        ...

    async def tell(self, events: Sequence[Told]) -> None:
        """Hand events over in their order, all or none; when this returns, the target has them for good.

        Raises:
            TransientError: it cannot be reached, is busy, or its answer was lost; all of them may be told again.
            PermanentError: it does not take these events, whenever they are told.
            MisconfiguredError: the settings are wrong.
        """
        ...
