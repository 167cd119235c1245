"""The role of a channel: it hands communications over to the outside, and the small abilities it may have."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Generic, Protocol, TypeVar, runtime_checkable
from uuid import UUID

from xconnector.contract.device import Device, GoneDevice
from xconnector.contract.errors import ConnectorError, OutcomeUnknownError
from xconnector.contract.lifecycle import Connector
from xconnector.domain.delivery import DeliveryEvent
from xconnector.domain.document import Rendition, RenditionKind
from xconnector.domain.feedback.signal import Signal
from xconnector.domain.routing.plan import EnvelopeSharing, ProofOfMailing

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipient:
    """Who gets it, and where. Every field is customer content and stays out of logs."""

    customer_key: str = field(repr=False)
    name: str = field(repr=False)
    address_lines: tuple[str, ...] = field(default=(), repr=False)
    """Postal address below the name, as it stands in the address window."""
    postcode: str = field(default="", repr=False)
    country: str = ""
    """ISO 3166-1 alpha-2."""
    email: str | None = field(default=None, repr=False)
    mobile: str | None = field(default=None, repr=False)
    """E.164."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dispatch:
    """One hand-over of one communication to one channel."""

    dispatch_key: str
    """The same for every attempt at this hand-over: the key under which a channel can know it again."""
    communication_id: UUID
    communication: str
    """Name of the kind of communication, such as `policy_issued`."""
    title: str
    """What a person calls it, in the customer's language: the portal's and the attachment's name."""
    language: str
    promotional: bool
    """Whether the recipient may unsubscribe from it."""
    recipient: Recipient
    renditions: Mapping[RenditionKind, Rendition]
    run: str | None
    """The run it belongs to, if any."""
    proof: ProofOfMailing | None = None
    """What is asked of the post; only channels that print can see to it."""
    print_options: Mapping[str, str] = field(default_factory=dict[str, str])
    """What the print house is told of the piece, in the project's own words, such as paper or inserts."""
    sharing: EnvelopeSharing = EnvelopeSharing.NONE
    """With which others it may lie in one envelope."""
    reprint_of: str | None = None
    """Dispatch key of the piece that this one is printed for once more, because a person asked for it."""
    devices: tuple[Device, ...] = ()
    """Where it is shown, for channels that push."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """What a hand-over costs, as the channel says."""

    amount: Decimal
    currency: str
    """ISO 4217."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """The channel has it."""

    reference: str
    """The channel's own name for the hand-over."""
    awaits_report: bool = False
    """The channel will still acknowledge or reject; until then the communication is not completed."""
    gone_devices: tuple[GoneDevice, ...] = ()
    """Devices that the push service does not know any more, while another took it."""
    segments: int | None = None
    """Of a text message, how many pieces it was cut into; None where the channel does not say."""
    price: Price | None = None
    """None where the channel does not say."""


class Channel(Connector, Protocol):
    """A way out to the customer."""

    @property
    def takes(self) -> frozenset[RenditionKind]:
        """The renditions without which it cannot send."""
        ...

    async def send(self, dispatches: Sequence[Dispatch]) -> Sequence[Receipt | ConnectorError]:
        """Hand over, and return one result for each dispatch in their sequence; a bad one never fails the rest."""
        ...


@runtime_checkable
class Idempotent(Protocol):
    """The same dispatch key twice reaches the customer once."""

    @property
    def remembers_dispatches(self) -> bool: ...


@runtime_checkable
class RemembersForAWhile(Idempotent, Protocol):
    """It forgets keys after a while: the same dispatch key later than that may reach the customer twice."""

    @property
    def remembers_for(self) -> timedelta:
        """How long a key is surely known after it was first given."""
        ...


@runtime_checkable
class CanAsk(Protocol):
    """It can be asked what became of a hand-over whose answer was lost."""

    async def ask(self, dispatch_keys: Sequence[str]) -> Mapping[str, Receipt | OutcomeUnknownError]:
        """Return a receipt for each key that arrived; a key that is missing in the answer surely did not arrive.

        Of what cannot be told, OutcomeUnknownError says where to look.
        """
        ...


@runtime_checkable
class Withdraws(Protocol):
    """What it was handed can be taken back from the customer's sight, as from a portal."""

    async def withdraw(self, dispatch_key: str) -> None:
        """Take it back; doing it again changes nothing.

        Raises one of the four errors; PermanentError when it never had it.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Bundle:
    """Many dispatches that leave as one hand-over, such as a print file of a run."""

    bundle_key: str
    """The same for every attempt; safe as a file name."""
    created_at: datetime
    pieces: int
    """How many dispatches it holds."""
    run: str | None
    first_number: int = 0
    """The number of its first piece among all that ever went to this connection; the others follow."""
    lately: int = 0
    """How many pieces went to this connection in the last 45 days, these among them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BundleReceipt:
    """The outside has the bundle; pieces that could not go into it are named with the reason."""

    reference: str
    awaits_report: bool
    left_out: Mapping[str, ConnectorError]
    """By dispatch key."""


@runtime_checkable
class Collects(Protocol):
    """It takes many communications as one bundle: they wait until a run is through or a cut-off comes."""

    @property
    def pieces_per_bundle(self) -> int:
        """The most pieces that go into one bundle."""
        ...

    async def send_bundle(self, bundle: Bundle, pieces: Iterable[Dispatch]) -> BundleReceipt:
        """Make the bundle of pieces (given once, in print order) and hand it over.

        Raises one of the four errors when the bundle as a whole could not be handed over.
        """
        ...

    async def ask_bundle(self, bundle_key: str) -> BundleReceipt | None:
        """Say whether a bundle whose answer was lost arrived: its receipt, or None when it surely did not."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Inbound(Generic[T]):
    """Something given by an outside system: ours only after `ack`; until then it may be given again."""

    item: T
    ack: Callable[[], Awaitable[None]]
    nack: Callable[[str], Awaitable[None]]
    """Set it aside with a reason, so that it is not given again."""


@runtime_checkable
class ReportsByPolling(Protocol):
    """It can be asked for news of what was handed over."""

    def reports(self) -> AsyncIterator[Inbound[Sequence[DeliveryEvent | Signal]]]:
        """Give the news there is, one delivery (a bounce mail, an acknowledgement file) at a time, then end.

        A signal is what a person wrote who is known by the number alone.
        """
        ...
