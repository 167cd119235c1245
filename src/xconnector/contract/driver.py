"""The ability of a composer to show what it would be fed with, before anything is fed."""

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

from xconnector.contract.composer import Order


@runtime_checkable
class ShowsDriver(Protocol):
    """It writes what its designs read, and can show that without reaching its outside system."""

    def driver(self, orders: Sequence[Order]) -> bytes:
        """Return, byte for byte, the file that orders of one template would be handed over in.

        Needs no open connection. Raises PermanentError naming template and path when one of them cannot be written.
        """
        ...
