"""The channel: each text becomes a message of the account."""

from collections.abc import Mapping

from xconnector.connectors.vonage.client import VonageClient
from xconnector.connectors.vonage.settings import VonageSettings
from xconnector.contract.channel import Dispatch, Receipt
from xconnector.contract.service_channel import ServiceChannel
from xconnector.contract.short_text import short_text
from xconnector.domain.document import RenditionKind
from xconnector.domain.sms import SmsEncoding, sms_length


class VonageChannel(ServiceChannel[VonageClient]):
    """Sends; a lost answer stays unknown until a report brings the dispatch key back."""

    def __init__(self, settings: VonageSettings) -> None:
        super().__init__(VonageClient(settings), at_once=settings.at_once)
        self._settings = settings

    @property
    def takes(self) -> frozenset[RenditionKind]:
        return frozenset({RenditionKind.SMS})

    async def hand_over(self, dispatch: Dispatch) -> Receipt:
        reference = await self._client.hand_over(self._message(dispatch))
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
