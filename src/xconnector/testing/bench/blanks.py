"""A composer that makes blank letters and a channel that takes everything: what is left is the product's own cost."""

from collections.abc import Sequence
from io import BytesIO
from types import TracebackType
from typing import Self

import pikepdf

from xconnector.contract.channel import Dispatch, Receipt
from xconnector.contract.composer import Composition, Order
from xconnector.contract.errors import ConnectorError
from xconnector.domain.document import Rendition, RenditionKind


class BlankComposer:
    """Gives every order a letter of a few bytes, no two alike; or the same blank page, which can be printed."""

    def __init__(self, *, printable: bool = False) -> None:
        self._page = _blank_page() if printable else None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None, /
    ) -> None:
        """Nothing is held open."""

    async def check(self) -> None:
        """Nothing can be wrong."""

    async def compose(self, orders: Sequence[Order]) -> Sequence[Composition | ConnectorError]:
        return [Composition(renditions=(self._letter(order),), engine="blank") for order in orders]

    def _letter(self, order: Order) -> Rendition:
        content = self._page or b"%PDF-1.7 blank " + order.communication_id.bytes
        return Rendition.of(RenditionKind.LETTER, content, pages=1)


class Sink:
    """Takes everything and keeps nothing. To hand over to it twice reaches nobody twice."""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None, /
    ) -> None:
        """Nothing is held open."""

    async def check(self) -> None:
        """Nothing can be wrong."""

    @property
    def takes(self) -> frozenset[RenditionKind]:
        return frozenset({RenditionKind.LETTER})

    @property
    def remembers_dispatches(self) -> bool:
        return True

    async def send(self, dispatches: Sequence[Dispatch]) -> Sequence[Receipt | ConnectorError]:
        return [Receipt(reference=dispatch.dispatch_key) for dispatch in dispatches]


def _blank_page() -> bytes:
    written = BytesIO()
    with pikepdf.new() as pdf:
        pdf.add_blank_page(page_size=(595, 842))
        pdf.save(written, static_id=True)
    return written.getvalue()
