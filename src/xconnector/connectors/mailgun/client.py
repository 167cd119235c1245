"""The wire to Mailgun: one call for each mail, whole (`POST /v3/{domain}/messages.mime`)."""

import msgspec

from xconnector.connectors.mailgun.settings import MailgunSettings
from xconnector.contract.errors import ConnectorError, OutcomeUnknownError
from xconnector.contract.http_refusal import error_of_status
from xconnector.contract.mail.message import OutgoingMail
from xconnector.contract.web_service import ServiceAnswer, ServiceCaller, WebService
from xconnector.domain.dispatch_key import GIVEN_ALONG_AS


class _Taken(msgspec.Struct):
    id: str = ""


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

    def _error(self, answer: ServiceAnswer, *, repeats_safely: bool) -> ConnectorError:
        return error_of_status(self._service.name, answer.status, answer.headers, repeats_safely=repeats_safely)
