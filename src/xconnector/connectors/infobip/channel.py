"""The channel: each text becomes a message of the account, under our dispatch key as its id."""

import asyncio
from collections.abc import Mapping, Sequence

from xconnector.connectors.infobip.client import InfobipClient, Taken
from xconnector.connectors.infobip.settings import InfobipSettings
from xconnector.contract.channel import Dispatch, Receipt
from xconnector.contract.errors import ConnectorError, OutcomeUnknownError
from xconnector.contract.service_channel import ServiceChannel
from xconnector.contract.short_text import short_text
from xconnector.domain.document import RenditionKind
from xconnector.domain.feedback.signal import Signal


class InfobipChannel(ServiceChannel[InfobipClient]):
    """Sends; a lost answer is settled by the log, where our key is the message's id, or else by a report."""

    def __init__(self, settings: InfobipSettings) -> None:
        super().__init__(InfobipClient(settings), at_once=settings.at_once)
        self._settings = settings

    @property
    def takes(self) -> frozenset[RenditionKind]:
        return frozenset({RenditionKind.SMS})

    async def ask(self, dispatch_keys: Sequence[str]) -> Mapping[str, Receipt | OutcomeUnknownError]:
        """Return what the log has; it may be late, so what is missing there is unknown and not surely absent."""
        found = await asyncio.gather(*(self._logged(key) for key in dispatch_keys))
        return dict(zip(dispatch_keys, found, strict=True))

    async def _logged(self, key: str) -> Receipt | OutcomeUnknownError:
        lost = OutcomeUnknownError("Infobip's log has no such message, or not yet; look there, then settle it")
        async with self._free:
            try:
                logged = await self._client.logged(key)
            except ConnectorError:
                return lost
        return lost if logged is None else self._receipt(logged)

    async def look_up(self, references: Sequence[str]) -> Sequence[Sequence[Signal] | ConnectorError]:
        return await self.look_up_each(references, self._client.look_up)

    async def hand_over(self, dispatch: Dispatch) -> Receipt:
        return self._receipt(await self._client.hand_over(self._message(dispatch)))

    def _receipt(self, taken: Taken) -> Receipt:
        return Receipt(
            reference=taken.message_id,
            awaits_report=self._settings.status_callback is not None,
            segments=taken.details.message_count if taken.details is not None else None,
        )

    def _message(self, dispatch: Dispatch) -> Mapping[str, object]:
        """Return one message. Raises PermanentError."""
        settings = self._settings
        text = short_text(dispatch)
        minutes = int(settings.valid_for.total_seconds()) // 60
        message: dict[str, object] = {
            "sender": settings.sender.removeprefix("+"),
            "destinations": [{"to": text.number.removeprefix("+"), "messageId": dispatch.dispatch_key}],
            "content": {"text": text.text},
            "options": {"validityPeriod": {"amount": minutes, "timeUnit": "MINUTES"}},
        }
        webhooks: dict[str, object] = {"callbackData": dispatch.dispatch_key}
        if settings.status_callback is not None:
            webhooks["delivery"] = {"url": settings.status_callback, "intermediateReport": True}
            webhooks["contentType"] = "application/json"
        message["webhooks"] = webhooks
        return message
