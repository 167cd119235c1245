"""The role of a place where others lay files down for us: what is ready is claimed, fetched, and put away."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from xconnector.contract.lifecycle import Connector


class Outcome(StrEnum):
    """Where a file goes in the end; the name of the folder is the same."""

    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class DroppedFile:
    """A file that may be taken."""

    name: str
    """As its maker called it: one name, never a path."""
    size: int
    """In bytes."""
    wrong: str | None = None
    """Why it can never be taken in, where that is seen without reading it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ready:
    """What lies there now."""

    files: Sequence[DroppedFile]
    """Those that are ready, oldest first."""
    strange: int = 0
    """Names that cannot be spoken of, such as those with line ends in them: they are left where they are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """One file and who has it; the claimant's name is in the path under which the file lies while it is claimed."""

    name: str
    claimant: str
    """Letters, digits and hyphens; used once."""


class FileDrop(Connector, Protocol):
    """A place where files arrive. Several programs may look at one place: each file goes to one of them.

    Every call raises TransientError when the place cannot be reached, MisconfiguredError when it refuses us.
    """

    async def ready(self) -> Ready:
        """Return the files that are whole, as far as their makers and the settings let one know."""
        ...

    async def claim(self, claim: Claim) -> bool:
        """Take a file away from everybody else, with what travels with it; False when it was gone already."""
        ...

    async def holds(self, claim: Claim) -> bool:
        """Say whether a claim was made and its file was not put away yet; take up what travels with it."""
        ...

    async def fetch(self, claim: Claim, into: Path) -> Path:
        """Copy the claimed file and what travels with it into a folder that is there and empty; return the file.

        Raises PermanentError where it is larger than the settings allow, no ordinary file, or cannot be read.
        """
        ...

    async def put_away(self, claim: Claim, outcome: Outcome, *, note: str = "") -> None:
        """Move the claimed file and what travels with it to its last place; again without harm.

        A note is laid down beside it, before it is there.
        """
        ...
