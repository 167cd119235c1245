"""The wire to Amazon SES: one signed call for each mail, whole (`SendEmail` of version 2)."""

import base64
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import msgspec

from xconnector.connectors.ses.refusals import refusal_of_name
from xconnector.connectors.ses.settings import SesSettings
from xconnector.connectors.ses.signing import SigningKey, signed_headers
from xconnector.contract.errors import ConnectorError, OutcomeUnknownError
from xconnector.contract.http_refusal import error_of_status
from xconnector.contract.mail.message import OutgoingMail
from xconnector.contract.web_service import ServiceAnswer, ServiceCaller, WebService
from xconnector.domain.dispatch_key import GIVEN_ALONG_AS


class _Taken(msgspec.Struct, rename="pascal"):
    message_id: str


class _Refused(msgspec.Struct):
    type: str = msgspec.field(default="", name="__type")


def _now() -> datetime:
    return datetime.now(UTC)


class SesClient(ServiceCaller):
    """One region, opened."""

    def __init__(self, settings: SesSettings, *, now: Callable[[], datetime] = _now) -> None:
        self._configuration_set = settings.configuration_set
        self._url = settings.url or f"https://email.{settings.region}.amazonaws.com"
        self._now = now
        token = settings.session_token
        self._key = SigningKey(
            access_key_id=settings.access_key_id,
            secret_access_key=settings.secret_access_key.get_secret_value(),
            region=settings.region,
            service="ses",
            session_token=None if token is None else token.get_secret_value(),
        )
        super().__init__(
            WebService(
                f"Amazon SES ({self._url})",
                self._url,
                timeout=settings.timeout.total_seconds(),
                at_once=settings.at_once,
            )
        )

    async def knock(self) -> None:
        """Prove address and key without sending anything. Raises one of the four errors."""
        await self._ask("GET", "/v2/email/account", b"", repeats_safely=True)

    async def hand_over(self, mail: OutgoingMail, dispatch_key: str) -> str:
        """Hand over one mail and return Amazon's id of it. Raises one of the four errors."""
        content: dict[str, Any] = {
            "Destination": {"ToAddresses": [str(mail.recipient)]},
            "Content": {"Raw": {"Data": base64.b64encode(mail.content).decode()}},
            "EmailTags": [{"Name": GIVEN_ALONG_AS, "Value": dispatch_key}],
        }
        if self._configuration_set is not None:
            content["ConfigurationSetName"] = self._configuration_set
        body = msgspec.json.encode(content)
        answer = await self._ask("POST", "/v2/email/outbound-emails", body, repeats_safely=False)
        try:
            return msgspec.json.decode(answer.body, type=_Taken).message_id
        except msgspec.DecodeError:
            raise OutcomeUnknownError(f"{self._service.name} took something and did not name it; look there") from None

    async def _ask(self, method: str, path: str, body: bytes, *, repeats_safely: bool) -> ServiceAnswer:
        plain = {"content-type": "application/json"} if body else {}
        headers = signed_headers(self._key, method, f"{self._url}{path}", body, now=self._now(), headers=plain)
        answer = await self._service.ask(method, path, content=body, headers=headers, repeats_safely=repeats_safely)
        if not answer.is_success:
            raise self._error(answer, repeats_safely=repeats_safely)
        return answer

    def _error(self, answer: ServiceAnswer, *, repeats_safely: bool) -> ConnectorError:
        known = refusal_of_name(_name(answer))
        return known or error_of_status(
            self._service.name, answer.status, answer.headers, repeats_safely=repeats_safely
        )


def _name(answer: ServiceAnswer) -> str:
    """Return the name of a refusal, which stands in a header, or in the body behind a name space."""
    told = answer.headers.get("x-amzn-errortype", "").partition(":")[0]
    if not told:
        try:
            told = msgspec.json.decode(answer.body, type=_Refused).type
        except msgspec.DecodeError:
            return ""
    return told.rpartition("#")[2]
