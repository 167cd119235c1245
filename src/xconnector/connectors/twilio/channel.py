"""The channel: each text becomes a message of the account."""

from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from urllib.parse import quote

from xconnector.connectors.twilio.client import Taken, TwilioClient
from xconnector.connectors.twilio.settings import TwilioSettings
from xconnector.contract.channel import Dispatch, Price, Receipt
from xconnector.contract.errors import ConnectorError
from xconnector.contract.service_channel import ServiceChannel
from xconnector.contract.short_text import short_text
from xconnector.domain.dispatch_key import GIVEN_ALONG_AS
from xconnector.domain.document import RenditionKind
from xconnector.domain.feedback.signal import Signal


class TwilioChannel(ServiceChannel[TwilioClient]):
    """Sends; Twilio takes no key of ours, so a lost answer stays unknown until a report names the dispatch."""

    def __init__(self, settings: TwilioSettings) -> None:
        super().__init__(TwilioClient(settings), at_once=settings.at_once)
        self._settings = settings

    @property
    def takes(self) -> frozenset[RenditionKind]:
        return frozenset({RenditionKind.SMS})

    async def hand_over(self, dispatch: Dispatch) -> Receipt:
        taken = await self._client.hand_over(self._message(dispatch))
        return Receipt(
            reference=taken.sid,
            awaits_report=self._settings.status_callback is not None,
            segments=_segments(taken),
            price=_price(taken),
        )

    async def look_up(self, references: Sequence[str]) -> Sequence[Sequence[Signal] | ConnectorError]:
        return await self.look_up_each(references, self._client.look_up)

    def _message(self, dispatch: Dispatch) -> Mapping[str, str]:
        """Return the form of one message. Raises PermanentError."""
        settings = self._settings
        text = short_text(dispatch)
        message = {
            "To": text.number,
            "Body": text.text,
            # What was approved is what leaves: no punctuation is changed on the way.
            "SmartEncoded": "false",
            "ValidityPeriod": str(int(settings.valid_for.total_seconds())),
        }
        if settings.messaging_service is not None:
            message["MessagingServiceSid"] = settings.messaging_service
        else:
            message["From"] = settings.sender or ""
        if settings.status_callback is not None:
            # The report names the dispatch even where the answer was lost; the address is signed as a whole.
            message["StatusCallback"] = (
                f"{settings.status_callback}?{GIVEN_ALONG_AS}={quote(dispatch.dispatch_key, safe='')}"
            )
        return message


def _segments(taken: Taken) -> int | None:
    told = taken.num_segments or ""
    # A messaging service answers before it has counted.
    return int(told) if told.isascii() and told.isdigit() and int(told) else None


def _price(taken: Taken) -> Price | None:
    if not taken.price or not taken.price_unit:
        return None
    try:
        # What is charged stands there as a negative number.
        return Price(amount=abs(Decimal(taken.price)), currency=taken.price_unit.upper())
    except InvalidOperation:
        return None
