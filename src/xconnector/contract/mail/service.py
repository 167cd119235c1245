"""Channels for e-mail whose service takes each mail by a call of its own."""

from collections.abc import Callable, Sequence
from typing import Generic, Protocol, TypeVar

from xconnector.contract.channel import Dispatch, Receipt
from xconnector.contract.errors import ConnectorError
from xconnector.contract.mail.settings import MailServiceSettings, renditions_of
from xconnector.contract.service_channel import ServiceChannel, ServiceClient
from xconnector.domain.document import RenditionKind
from xconnector.domain.feedback.signal import Signal

Mail = TypeVar("Mail")
Mail_contra = TypeVar("Mail_contra", contravariant=True)


class MailClient(ServiceClient, Protocol[Mail_contra]):
    """The wire to a service for e-mail."""

    async def hand_over(self, mail: Mail_contra, dispatch_key: str) -> str:
        """Hand over one mail and return the service's id of it. Raises one of the four errors."""
        ...


class LookingUpMailClient(MailClient[Mail_contra], Protocol[Mail_contra]):
    """The wire to a service that tells when it is asked."""

    async def look_up(self, reference: str) -> Sequence[Signal]:
        """Return what is known of a mail; nothing where it is not known there. Raises one of the four errors."""
        ...


class MailChannel(ServiceChannel[MailClient[Mail]], Generic[Mail]):
    """Sends; such services take no key of ours, so a lost answer stays unknown until a report names the dispatch."""

    def __init__(
        self,
        client: MailClient[Mail],
        settings: MailServiceSettings,
        write: Callable[[Dispatch], Mail],
        *,
        awaits_report: bool,
    ) -> None:
        """`write` makes the mail of a dispatch in the service's form; it raises PermanentError."""
        super().__init__(client, at_once=settings.at_once)
        self._settings = settings
        self._write = write
        self._awaits_report = awaits_report

    @property
    def takes(self) -> frozenset[RenditionKind]:
        return renditions_of(self._settings)

    async def hand_over(self, dispatch: Dispatch) -> Receipt:
        reference = await self._client.hand_over(self._write(dispatch), dispatch.dispatch_key)
        return Receipt(reference=reference, awaits_report=self._awaits_report)


class LookingUpMailChannel(MailChannel[Mail]):
    """Sends, and can be asked what became of a mail (`LooksUp`)."""

    def __init__(
        self,
        client: LookingUpMailClient[Mail],
        settings: MailServiceSettings,
        write: Callable[[Dispatch], Mail],
        *,
        awaits_report: bool,
    ) -> None:
        super().__init__(client, settings, write, awaits_report=awaits_report)
        self._looking_up = client

    async def look_up(self, references: Sequence[str]) -> Sequence[Sequence[Signal] | ConnectorError]:
        return await self.look_up_each(references, self._looking_up.look_up)
