"""A composer that needs no engine: what it makes says only whose it is."""

from collections.abc import Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from xconnector.contract.composer import Composition, Order
from xconnector.domain.document import Rendition, RenditionKind


@dataclass(frozen=True, slots=True)
class PlainComposer:
    """Composes at once."""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None, /
    ) -> None:
        """Nothing is held open."""

    async def check(self) -> None:
        """All is well."""

    async def compose(self, orders: Sequence[Order]) -> Sequence[Composition]:
        return [_composed(order) for order in orders]


def _composed(order: Order) -> Composition:
    content = str(order.communication_id).encode()
    return Composition(
        renditions=tuple(
            Rendition.of(kind, kind.encode() + b" of " + content, pages=1 if kind is RenditionKind.LETTER else None)
            for kind in sorted(order.kinds)
        ),
        engine="plain",
    )
