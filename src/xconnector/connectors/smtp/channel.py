"""The channel: mails to a relay, and what comes back as delivery events."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from types import TracebackType
from typing import Self

from xconnector.connectors.smtp.bounce import UnattributableMailError, events_of
from xconnector.connectors.smtp.dkim_signature import DkimSignature
from xconnector.connectors.smtp.maildir import Maildir, WaitingMail
from xconnector.connectors.smtp.relay import Relay, relay
from xconnector.connectors.smtp.settings import Encryption, SmtpSettings, bounce_address
from xconnector.contract.channel import Dispatch, Inbound, Receipt
from xconnector.contract.errors import ConnectorError, MisconfiguredError
from xconnector.contract.mail.message import outgoing_mail
from xconnector.contract.manifest import Surroundings
from xconnector.domain.delivery import DeliveryEvent
from xconnector.domain.document import RenditionKind


def _now() -> datetime:
    return datetime.now(UTC)


class SmtpChannel:
    """Sends each dispatch as one mail; a relay remembers nothing, so a lost answer stays unknown."""

    def __init__(
        self, settings: SmtpSettings, surroundings: Surroundings, *, now: Callable[[], datetime] = _now
    ) -> None:
        self._settings = settings
        self._surroundings = surroundings
        self._now = now
        self._tls_context: ssl.SSLContext | None = None
        self._signature: DkimSignature | None = None

    @property
    def takes(self) -> frozenset[RenditionKind]:
        if self._settings.attach_letter:
            return frozenset({RenditionKind.EMAIL, RenditionKind.LETTER})
        return frozenset({RenditionKind.EMAIL})

    async def __aenter__(self) -> Self:
        self._tls_context = self._trusted()
        if self._settings.dkim is not None:
            self._signature = DkimSignature.of(self._settings.dkim, self._surroundings.project_folder)
        return self

    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None, /
    ) -> None:
        self._tls_context = None

    async def check(self) -> None:
        async with relay(self._settings, self._tls_context) as opened:
            await opened.reach()
        if maildir := self._maildir():
            await asyncio.to_thread(maildir.check)

    async def send(self, dispatches: Sequence[Dispatch]) -> Sequence[Receipt | ConnectorError]:
        async with relay(self._settings, self._tls_context) as opened:
            return [await self._hand_over(dispatch, opened) for dispatch in dispatches]

    async def reports(self) -> AsyncIterator[Inbound[Sequence[DeliveryEvent]]]:
        """Give the bounces that wait, one mail at a time; those that name no dispatch of ours are set aside."""
        if not (maildir := self._maildir()):
            return
        for name in await asyncio.to_thread(maildir.names):
            mail = await asyncio.to_thread(maildir.read, name)
            if mail and (report := await asyncio.to_thread(self._report, mail, maildir)):
                yield report

    async def _hand_over(self, dispatch: Dispatch, opened: Relay) -> Receipt | ConnectorError:
        try:
            now = self._now()
            mail = outgoing_mail(dispatch, self._settings, now=now, bounces=bounce_address(self._settings))
            if self._signature is not None:
                mail = replace(mail, content=self._signature.signed(mail.content, at=now))
            return Receipt(reference=await opened.hand_over(mail))
        except ConnectorError as error:
            return error

    def _report(self, mail: WaitingMail, maildir: Maildir) -> Inbound[Sequence[DeliveryEvent]] | None:
        secret = self._settings.token_secret.get_secret_value().encode()
        try:
            events = events_of(mail.content, secret=secret, arrived_at=mail.arrived_at)
        except UnattributableMailError as reason:
            maildir.set_aside(mail.name, str(reason))
            return None

        async def ack() -> None:
            await asyncio.to_thread(maildir.keep, mail.name)

        async def nack(reason: str) -> None:
            await asyncio.to_thread(maildir.set_aside, mail.name, reason)

        return Inbound(item=events, ack=ack, nack=nack)

    def _maildir(self) -> Maildir | None:
        if self._settings.bounces is None:
            return None
        return Maildir(folder=self._surroundings.project_folder / self._settings.bounces.maildir)

    def _trusted(self) -> ssl.SSLContext | None:
        """Return the system's certificates and the relay's own, with names checked."""
        if self._settings.tls is Encryption.NONE:
            return None
        context = ssl.create_default_context()
        if self._settings.ca_file is not None:
            path = self._surroundings.project_folder / self._settings.ca_file
            try:
                context.load_verify_locations(cafile=path)
            except OSError as refusal:
                raise MisconfiguredError(f"ca_file {path} holds no certificates that can be read: {refusal}") from None
        return context
