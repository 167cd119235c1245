"""The ability to find out what an installation of an outside system offers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol, runtime_checkable


class Found(StrEnum):
    """What came of looking at one thing."""

    AS_DOCUMENTED = "as documented"
    DIFFERENT = "different"
    """It is there, and not as its maker describes it."""
    MISSING = "missing"
    """Its service answers, and does not have it."""
    REFUSED = "refused"
    """It wants other credentials."""
    UNREACHABLE = "unreachable"
    """Nothing answers."""
    NOT_ASKED = "not asked"
    """The settings say that it is not used."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """One thing that was looked at."""

    service: str
    subject: str
    """What was looked at, such as `version` or `POST /inputs/ondemand/{domain}/generate`."""
    found: Found
    said: str = ""
    """A version, a status, what differs; never content."""
    needed: bool = False
    """Whether this connection, as it is set up, cannot do without it."""

    @property
    def is_amiss(self) -> bool:
        """Say whether something that is needed is not there."""
        return self.needed and self.found in {Found.MISSING, Found.REFUSED, Found.UNREACHABLE}


@dataclass(frozen=True, slots=True, kw_only=True)
class ByHand:
    """Something that no program can find out, and that must be set by somebody who knows the installation."""

    setting: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """What an installation offers, as far as it could be found out."""

    product: str
    addresses: Mapping[str, str] = field(default_factory=dict[str, str])
    """Of the services that were looked at, by their names; without credentials."""
    sightings: Sequence[Sighting] = ()
    by_hand: Sequence[ByHand] = ()


@runtime_checkable
class Probes(Protocol):
    """It can look at its installation without an effect that anybody could notice."""

    async def probe(self) -> Profile:
        """Look at everything that can be looked at; what cannot be reached is a sighting, never an error."""
        ...
