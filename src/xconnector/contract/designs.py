"""The ability of a composer whose designs live in an outside system: which there are, and who approved them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptDesign:
    """One design as the outside system keeps it."""

    design: str
    """Its id there."""
    name: str
    state: str
    """The outside system's own word, such as `APPROVED`."""
    version: str
    """Empty where it does not say."""
    templates: tuple[str, ...]
    """The templates of the project that stand for it; none for a design that the project does not use."""
    data_source: str | None = None
    """What feeds it, of designs of the project as far as it could be found out."""
    problem: str | None = None
    """Why nothing can be composed with it, of designs of the project."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DesignMove:
    """A design was moved from one state to another."""

    design: str
    name: str
    origin: str
    target: str


@runtime_checkable
class KeepsDesigns(Protocol):
    """Its designs have a workflow of their own, which can be read and moved."""

    async def designs(self, *, state: str | None) -> Sequence[KeptDesign]:
        """Return the designs, or those in one state, by name. Raises one of the four errors."""
        ...

    async def move_design(self, design: str, target: str, *, comment: str, person: str) -> DesignMove:
        """Move a design to another state; comment and person are kept with it there.

        Raises PermanentError before anything is called when its workflow has no such move, else one of the four.
        """
        ...
