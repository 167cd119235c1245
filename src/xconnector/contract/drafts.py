"""The ability of a composer to let people edit a document before it is final."""

from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

from xconnector.contract.composer import Composition, Order


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A document that people can edit."""

    reference: str
    """The outside system's name for it; without customer content."""
    link: str = field(repr=False)
    """Where a browser opens it."""


@runtime_checkable
class EditsDrafts(Protocol):
    """It can make a draft instead of a document, and a document of the draft that people edited."""

    async def draft(self, order: Order) -> Draft:
        """Make a draft of an order. Raises one of the four errors; doing it again makes another draft."""
        ...

    async def finish(self, reference: str, order: Order) -> Composition:
        """Return the documents that the draft has become. The draft stays, so that this can be repeated.

        Raises one of the four errors: OutcomeUnknownError only where making them may also send them.
        """
        ...

    async def discard(self, reference: str) -> None:
        """Delete a draft; one that is gone already is no error. Raises one of the four errors."""
        ...
