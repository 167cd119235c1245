"""Customers' devices: where a push message is shown, and how a channel tells that one is gone."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol, runtime_checkable
from uuid import UUID

from xconnector.contract.errors import PermanentError
from xconnector.domain.strict_json import Json


@dataclass(frozen=True, slots=True, kw_only=True)
class Device:
    """One app or browser of a customer, as a channel reaches it."""

    device_id: UUID
    address: str = field(repr=False)
    """Token or subscription, spelled as the channel's `device_address` returned it."""
    app: str = ""
    """Which app it is, in the project's own words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GoneDevice:
    """A device that the push service does not know any more."""

    device_id: UUID
    reason: str
    """In the service's own words, such as UNREGISTERED; no content."""
    since: datetime | None = None
    """From when on it was gone, where the service says so: an address that was registered later is another."""


class NoDeviceError(PermanentError):
    """The customer has no device that takes it, so that the next channel is due."""

    def __init__(self, message: str, *, gone: Sequence[GoneDevice] = ()) -> None:
        super().__init__(message)
        self.gone = tuple(gone)


@runtime_checkable
class ReachesDevices(Protocol):
    """It shows messages on devices that were registered for it."""

    def device_address(self, told: Json) -> str:
        """Return the one spelling of an address as an app or browser tells it. Pure: the channel need not be open.

        Raises PermanentError, which shows nothing of it, for one that cannot be used.
        """
        ...
