"""The channel: each text becomes a message of the account."""

import asyncio
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Self

from xconnector.connectors.vonage.client import VonageClient
from xconnector.connectors.vonage.settings import VonageSettings
from xconnector.contract.channel import Dispatch, Receipt
from xconnector.contract.errors import ConnectorError, MisconfiguredError, PermanentError
from xconnector.contract.short_text import short_text
from xconnector.domain.document import RenditionKind
from xconnector.domain.sms import SmsEncoding, sms_length


class VonageChannel:
    """Sends; a lost answer stays unknown until a report brings the dispatch key back."""

    def __init__(self, settings: VonageSettings) -> None:
        self._settings = settings
        self._client = VonageClient(settings)
        self._free = asyncio.Semaphore(settings.at_once)

    @property
    def takes(self) -> frozenset[RenditionKind]:
        return frozenset({RenditionKind.SMS})

    async def __aenter__(self) -> Self:
        await self._client.__aenter__()
        return self

    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None, /
    ) -> None:
        await self._client.__aexit__(exc_type, exc, traceback)

    async def check(self) -> None:
        try:
            await self._client.knock()
        except PermanentError as refusal:
            raise MisconfiguredError(str(refusal)) from None

    async def send(self, dispatches: Sequence[Dispatch]) -> Sequence[Receipt | ConnectorError]:
        return await asyncio.gather(*(self._send(dispatch) for dispatch in dispatches))

    async def _send(self, dispatch: Dispatch) -> Receipt | ConnectorError:
        try:
            message = self._message(dispatch)
            async with self._free:
                reference = await self._client.hand_over(message)
        except ConnectorError as error:
            return error
        return Receipt(reference=reference, awaits_report=self._settings.status_callback is not None)

    def _message(self, dispatch: Dispatch) -> Mapping[str, object]:
        """Return one message. Raises PermanentError."""
        settings = self._settings
        text = short_text(dispatch)
        is_plain = sms_length(text.text).encoding is SmsEncoding.GSM_7
        message: dict[str, object] = {
            "message_type": "text",
            "channel": "sms",
            "to": text.number.removeprefix("+"),
            "from": settings.sender.removeprefix("+"),
            "text": text.text,
            "ttl": int(settings.valid_for.total_seconds()),
            # Comes back with every report of the message.
            "client_ref": dispatch.dispatch_key,
            "sms": {"encoding_type": "text" if is_plain else "unicode"},
        }
        if settings.status_callback is not None:
            message["webhook_url"] = settings.status_callback
            message["webhook_version"] = "v1"
        return message
