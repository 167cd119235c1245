"""A composer whose documents can be edited outside: what is written into a draft stands in the document's title."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import TracebackType
from typing import Any, Self

from xconnector.contract.composer import Composer, Composition, Order
from xconnector.contract.drafts import Draft
from xconnector.contract.errors import ConnectorError, PermanentError


async def nothing() -> None:
    """Happens while somebody is outside."""


@dataclass(slots=True, kw_only=True)
class EditingComposer:
    """Composes with another one, which the test opened."""

    composer: Composer
    written: dict[str, str] = field(default_factory=dict[str, str])
    """By draft: what people wrote into it."""
    meanwhile: Callable[[], Awaitable[None]] = nothing
    """Done before the next answer to a draft's order or return is given."""
    refuses: ConnectorError | None = None
    keeps_drafts: bool = False
    """Whether drafts cannot be discarded just now."""
    _made: int = 0

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None, /
    ) -> None:
        """Nothing is held open."""

    async def check(self) -> None:
        """All is well."""

    async def compose(self, orders: Sequence[Order]) -> Sequence[Composition | ConnectorError]:
        return await self.composer.compose(orders)

    async def draft(self, order: Order) -> Draft:
        del order
        self._made += 1
        reference = f"draft-{self._made}"
        self.written[reference] = ""
        await self._answer()
        return Draft(reference=reference, link=f"https://empower.test/{reference}/open")

    async def finish(self, reference: str, order: Order) -> Composition:
        if reference not in self.written:
            raise PermanentError("there is no such draft")
        (made,) = await self.composer.compose([replace(order, data=self._edited(reference, order.data))])
        await self._answer()
        if isinstance(made, ConnectorError):
            raise made
        return made

    async def discard(self, reference: str) -> None:
        if self.keeps_drafts:
            raise PermanentError("drafts cannot be discarded now")
        self.written.pop(reference, None)

    def _edited(self, reference: str, data: Mapping[str, Any]) -> Mapping[str, Any]:
        communication = dict(data["communication"])
        communication["title"] = f"{communication['title']} {self.written[reference]}".strip()
        return {**data, "communication": communication}

    async def _answer(self) -> None:
        meanwhile, self.meanwhile = self.meanwhile, nothing
        await meanwhile()
        if self.refuses is not None:
            raise self.refuses
