"""The role of a composer: it makes documents of data and a template."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from xconnector.contract.errors import ConnectorError
from xconnector.contract.lifecycle import Connector
from xconnector.domain.document import Rendition, RenditionKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What is to be composed for one communication."""

    communication_id: UUID
    template: str
    """Name of the template folder or design."""
    kinds: frozenset[RenditionKind]
    """The renditions that are asked for."""
    language: str
    """ISO 639-1 code, lower case."""
    data: Mapping[str, Any] = field(repr=False)
    """JSON types only: `communication`, `customer`, `sender` and `data`, numbers and dates already
    formatted for the language beside their raw values."""
    issued_at: datetime
    """The document's date: the same order gives the same bytes whenever it is composed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Composition:
    """The renditions of one order, and what made them."""

    renditions: tuple[Rendition, ...]
    engine: str
    """Name and version of the engine and digest of the templates, as kept with the approval."""
    detail: Mapping[str, str] = field(default_factory=dict[str, str], compare=False)
    """What the ledger keeps of how it was made: the composer's own names for the request."""


class Composer(Connector, Protocol):
    """Composes. Pure: the same order gives the same bytes, and nothing leaves."""

    async def compose(self, orders: Sequence[Order]) -> Sequence[Composition | ConnectorError]:
        """Return one result for each order, in their sequence; a bad one never fails the rest."""
        ...
