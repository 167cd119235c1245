"""A relay for a list of mails, over as many sessions as it takes."""

import ssl
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from xconnector.connectors.smtp.client import Session
from xconnector.connectors.smtp.settings import SmtpSettings
from xconnector.contract.errors import ConnectorError, MisconfiguredError
from xconnector.contract.mail.message import OutgoingMail


class Relay:
    """A relay for a list of mails: its session is opened when first needed and anew when it broke or is used up.

    Once it cannot be reached, every further mail gets the same answer, without another try.
    """

    def __init__(self, settings: SmtpSettings, tls_context: ssl.SSLContext | None) -> None:
        self._settings = settings
        self._tls_context = tls_context
        self._session: Session | None = None
        self._mails_in_session = 0
        self._closed_for: ConnectorError | None = None

    async def hand_over(self, mail: OutgoingMail) -> str:
        """Hand over one mail and return the relay's name for it. Raises one of the four errors."""
        session = await self._open_session()
        self._mails_in_session += 1
        try:
            return await session.hand_over(mail)
        except MisconfiguredError as refusal:
            self._closed_for = refusal
            raise

    async def reach(self) -> None:
        """Open a session, so that everything but a mail is tried. Raises one of the four errors."""
        await self._open_session()

    async def leave(self) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def _open_session(self) -> Session:
        if self._closed_for is not None:
            raise self._closed_for
        is_used_up = self._mails_in_session >= self._settings.messages_per_session
        if self._session is not None and self._session.is_open and not is_used_up:
            return self._session
        await self.leave()
        session = Session(self._settings, self._tls_context)
        try:
            await session.open()
        except ConnectorError as unreachable:
            self._closed_for = unreachable
            await session.close()
            raise
        self._session, self._mails_in_session = session, 0
        return session


@asynccontextmanager
async def relay(settings: SmtpSettings, tls_context: ssl.SSLContext | None) -> AsyncGenerator[Relay]:
    """Give a relay and leave it afterwards, whatever happened."""
    opened = Relay(settings, tls_context)
    try:
        yield opened
    finally:
        await opened.leave()
