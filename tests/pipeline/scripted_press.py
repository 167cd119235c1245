"""A print house of the outside: takes bundles, and answers as the test says."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

from xconnector.contract.channel import Bundle, BundleReceipt, Dispatch, Receipt
from xconnector.contract.errors import ConnectorError, PermanentError
from xconnector.domain.document import RenditionKind


def printed(pieces: Sequence[Dispatch]) -> None:
    """Print them."""
    del pieces


@dataclass(slots=True, kw_only=True)
class ScriptedPress:
    """Remembers every bundle that it was given."""

    on_bundle: Callable[[Sequence[Dispatch]], None] = printed
    """Called before a bundle is printed; raises where it is not."""
    on_answer: Callable[[], None] = lambda: None
    """Called after it was printed; raises where the answer is lost."""
    given: list[Dispatch] = field(default_factory=list[Dispatch])
    """The pieces of every bundle that was printed, in order."""
    receipts: dict[str, BundleReceipt] = field(default_factory=dict[str, BundleReceipt])

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None, /
    ) -> None:
        """Nothing is held open."""

    async def check(self) -> None:
        """All is well."""

    @property
    def takes(self) -> frozenset[RenditionKind]:
        return frozenset({RenditionKind.LETTER})

    @property
    def pieces_per_bundle(self) -> int:
        return 100

    async def send(self, dispatches: Sequence[Dispatch]) -> Sequence[Receipt | ConnectorError]:
        return [PermanentError("letters come in bundles") for _ in dispatches]

    async def send_bundle(self, bundle: Bundle, pieces: Iterable[Dispatch]) -> BundleReceipt:
        wanted = list(pieces)
        self.on_bundle(wanted)
        self.given += wanted
        receipt = BundleReceipt(reference=f"ref-{bundle.bundle_key}", awaits_report=False, left_out={})
        self.receipts[bundle.bundle_key] = receipt
        self.on_answer()
        return receipt

    async def ask_bundle(self, bundle_key: str) -> BundleReceipt | None:
        return self.receipts.get(bundle_key)
