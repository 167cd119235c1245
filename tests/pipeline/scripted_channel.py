"""A channel of the outside that answers and reports as the test says."""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from types import TracebackType
from typing import Self

from xconnector.contract.channel import Dispatch, Inbound, Receipt
from xconnector.contract.errors import ConnectorError
from xconnector.domain.delivery import DeliveryEvent, DeliveryEventType, DeliveryReason
from xconnector.domain.document import RenditionKind

Answer = Receipt | ConnectorError


def taken(dispatch: Dispatch) -> Answer:
    """Take it."""
    return Receipt(reference=f"ref-{dispatch.dispatch_key}")


@dataclass(slots=True, kw_only=True)
class ScriptedChannel:
    """Takes mails; remembers every dispatch that it was given, in order."""

    answer: Callable[[Dispatch], Answer] = taken
    given: list[Dispatch] = field(default_factory=list[Dispatch])
    news: list[Sequence[DeliveryEvent]] = field(default_factory=list[Sequence[DeliveryEvent]])

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
        return frozenset({RenditionKind.EMAIL})

    @property
    def keys(self) -> list[str]:
        """The dispatch keys that it was given."""
        return [dispatch.dispatch_key for dispatch in self.given]

    async def send(self, dispatches: Sequence[Dispatch]) -> Sequence[Answer]:
        self.given += dispatches
        return [self.answer(dispatch) for dispatch in dispatches]

    async def reports(self) -> AsyncIterator[Inbound[Sequence[DeliveryEvent]]]:
        for events in list(self.news):

            async def ack(events: Sequence[DeliveryEvent] = events) -> None:
                self.news.remove(events)

            async def nack(reason: str) -> None:
                raise AssertionError(reason)

            yield Inbound(item=events, ack=ack, nack=nack)


@dataclass(slots=True, kw_only=True)
class AskableChannel(ScriptedChannel):
    """One that can be asked what arrived."""

    arrived: dict[str, Receipt] = field(default_factory=dict[str, Receipt])

    async def ask(self, dispatch_keys: Sequence[str]) -> Mapping[str, Receipt]:
        return {key: self.arrived[key] for key in dispatch_keys if key in self.arrived}


@dataclass(slots=True, kw_only=True)
class RememberingChannel(ScriptedChannel):
    """One that knows a dispatch again."""

    @property
    def remembers_dispatches(self) -> bool:
        return True


def told(dispatch_key: str, type_: DeliveryEventType, *, minute: int = 0, detail: str = "") -> DeliveryEvent:
    """A report of a dispatch."""
    undeliverable = type_ in {DeliveryEventType.BOUNCED, DeliveryEventType.REJECTED}
    return DeliveryEvent(
        dispatch_key=dispatch_key,
        type=type_,
        occurred_at=datetime(2026, 11, 23, 9, minute, tzinfo=UTC),
        reason=DeliveryReason.ADDRESS if undeliverable else None,
        detail=detail,
        final=undeliverable,
    )


@dataclass(slots=True, kw_only=True)
class ForgettingChannel(RememberingChannel):
    """One that knows a dispatch again for a day."""

    @property
    def remembers_for(self) -> timedelta:
        return timedelta(days=1)
