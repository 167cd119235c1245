"""The wire to Mailgun: one call for each mail, whole (`POST /v3/{domain}/messages.mime`)."""

from collections.abc import Sequence
from typing import Any

import msgspec

from xconnector.connectors.mailgun.settings import MailgunSettings
from xconnector.connectors.mailgun.webhook import signal_of
from xconnector.contract.errors import ConnectorError, OutcomeUnknownError, TransientError
from xconnector.contract.http_refusal import error_of_status
from xconnector.contract.mail.message import OutgoingMail
from xconnector.contract.web_service import ServiceAnswer, ServiceCaller, WebService
from xconnector.domain.dispatch_key import GIVEN_ALONG_AS
from xconnector.domain.feedback.signal import Signal

_MOST_EVENTS = 100
_LARGEST_LIST = 1 << 20


class _Taken(msgspec.Struct):
    id: str = ""


class _Events(msgspec.Struct):
    items: list[dict[str, Any]] = []


class MailgunClient(ServiceCaller):
    """One sending domain, opened."""

    def __init__(self, settings: MailgunSettings) -> None:
        self._domain = settings.domain
        super().__init__(
            WebService(
                f"Mailgun ({settings.url})",
                settings.url,
                timeout=settings.timeout.total_seconds(),
                at_once=settings.at_once,
                auth=("api", settings.api_key.get_secret_value()),
            )
        )

    async def knock(self) -> None:
        """Prove address, key and domain without sending anything. Raises one of the four errors."""
        answer = await self._service.ask("GET", f"/v3/domains/{self._domain}", repeats_safely=True)
        if not answer.is_success:
            raise self._error(answer, repeats_safely=True)

    async def hand_over(self, mail: OutgoingMail, dispatch_key: str) -> str:
        """Hand over one mail and return Mailgun's id of it. Raises one of the four errors."""
        fields = {
            "to": str(mail.recipient),
            f"v:{GIVEN_ALONG_AS}": dispatch_key,
            # What was approved is what leaves: no link is rewritten, and nothing is added.
            "o:tracking": "no",
        }
        files = {"message": ("message.mime", mail.content, "message/rfc822")}
        answer = await self._service.ask(
            "POST", f"/v3/{self._domain}/messages.mime", data=fields, files=files, repeats_safely=False
        )
        if not answer.is_success:
            raise self._error(answer, repeats_safely=False)
        try:
            taken = msgspec.json.decode(answer.body, type=_Taken)
        except msgspec.DecodeError:
            raise OutcomeUnknownError(f"{self._service.name} took something and did not name it; look there") from None
        # Its events name the id without the brackets.
        return taken.id.strip("<>") or mail.message_id.strip("<>")

    async def look_up(self, reference: str) -> Sequence[Signal]:
        """Return the events of one mail that are still kept there. Raises one of the four errors."""
        asked = {"message-id": reference, "limit": str(_MOST_EVENTS), "ascending": "yes"}
        found = await self._service.look(f"/v3/{self._domain}/events", params=asked, largest=_LARGEST_LIST)
        if found is None:
            return ()
        try:
            told = msgspec.json.decode(found, type=_Events).items
        except msgspec.DecodeError:
            raise TransientError(f"{self._service.name} says nothing of a mail that can be read") from None
        signals = [signal_of(event) for event in told]
        return [signal for signal in signals if signal.provider_id == reference]

    def _error(self, answer: ServiceAnswer, *, repeats_safely: bool) -> ConnectorError:
        return error_of_status(self._service.name, answer.status, answer.headers, repeats_safely=repeats_safely)
