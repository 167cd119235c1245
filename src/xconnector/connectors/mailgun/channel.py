"""The channel: each mail is one call of Mailgun."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from types import TracebackType
from typing import Self

from xconnector.connectors.mailgun.client import MailgunClient
from xconnector.connectors.mailgun.settings import MailgunSettings
from xconnector.contract.channel import Dispatch, Receipt
from xconnector.contract.errors import ConnectorError
from xconnector.contract.mail.message import outgoing_mail
from xconnector.contract.mail.settings import renditions_of
from xconnector.domain.document import RenditionKind


def _now() -> datetime:
    return datetime.now(UTC)


class MailgunChannel:
    """Sends; Mailgun takes no key of ours, so a lost answer stays unknown until a report names the dispatch."""

    def __init__(self, settings: MailgunSettings, *, now: Callable[[], datetime] = _now) -> None:
        self._settings = settings
        self._now = now
        self._client = MailgunClient(settings)
        self._free = asyncio.Semaphore(settings.at_once)

    @property
    def takes(self) -> frozenset[RenditionKind]:
        return renditions_of(self._settings)

    async def __aenter__(self) -> Self:
        await self._client.__aenter__()
        return self

    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None, /
    ) -> None:
        await self._client.__aexit__(exc_type, exc, traceback)

    async def check(self) -> None:
        await self._client.knock()

    async def send(self, dispatches: Sequence[Dispatch]) -> Sequence[Receipt | ConnectorError]:
        return await asyncio.gather(*(self._send(dispatch) for dispatch in dispatches))

    async def _send(self, dispatch: Dispatch) -> Receipt | ConnectorError:
        try:
            mail = outgoing_mail(dispatch, self._settings, now=self._now())
            async with self._free:
                reference = await self._client.hand_over(mail, dispatch.dispatch_key)
        except ConnectorError as error:
            return error
        return Receipt(reference=reference, awaits_report=self._settings.reports is not None)
