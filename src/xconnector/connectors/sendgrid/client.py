"""The wire to SendGrid: one call for each mail (`POST /v3/mail/send`)."""

import base64
from typing import Any, TypeVar

import msgspec

from xconnector.connectors.sendgrid.settings import SendGridSettings
from xconnector.contract.errors import ConnectorError, MisconfiguredError
from xconnector.contract.http_refusal import error_of_status
from xconnector.contract.mail.parts import Attachment, MailParts
from xconnector.contract.web_service import ServiceAnswer, ServiceCaller, WebService
from xconnector.domain.dispatch_key import GIVEN_ALONG_AS

T = TypeVar("T")
_SCOPE = "mail.send"
_OF_THE_SENDER = ("from", "reply_to", "from.email")


class _Problem(msgspec.Struct):
    field: str | None = None


class _Problems(msgspec.Struct):
    errors: list[_Problem] = []


class _Scopes(msgspec.Struct):
    scopes: list[str] = []


class SendGridClient(ServiceCaller):
    """One account, opened."""

    def __init__(self, settings: SendGridSettings) -> None:
        self._settings = settings
        super().__init__(
            WebService(
                f"SendGrid ({settings.url})",
                settings.url,
                timeout=settings.timeout.total_seconds(),
                at_once=settings.at_once,
                headers={"authorization": f"Bearer {settings.api_key.get_secret_value()}"},
            )
        )

    async def knock(self) -> None:
        """Prove address and key without sending anything. Raises one of the four errors."""
        answer = await self._service.ask("GET", "/v3/scopes", repeats_safely=True)
        if not answer.is_success:
            raise self._error(answer, repeats_safely=True)
        if _SCOPE not in _decoded(answer.body, _Scopes).scopes:
            raise MisconfiguredError(f"the key of {self._service.name} has no right to send: give it `{_SCOPE}`")

    async def hand_over(self, mail: MailParts, dispatch_key: str) -> str:
        """Hand over one mail and return SendGrid's id of it. Raises one of the four errors."""
        content = self._content(mail, dispatch_key)
        answer = await self._service.ask("POST", "/v3/mail/send", json=content, repeats_safely=False)
        if not answer.is_success:
            raise self._error(answer, repeats_safely=False)
        return answer.headers.get("x-message-id") or dispatch_key

    def _content(self, mail: MailParts, dispatch_key: str) -> dict[str, Any]:
        settings = self._settings
        to = {"email": str(mail.recipient)} | ({"name": mail.recipient_name} if mail.recipient_name else {})
        sender = {"email": settings.sender.address}
        content: dict[str, Any] = {
            "personalizations": [{"to": [to], "custom_args": {GIVEN_ALONG_AS: dispatch_key}}],
            "from": sender | ({"name": settings.sender.name} if settings.sender.name else {}),
            "subject": mail.subject,
            "content": [{"type": kind, "value": text} for kind, text in mail.texts.items()],
            "headers": dict(mail.headers),
            # What was approved is what leaves: no link is rewritten, and nothing is added.
            "tracking_settings": {
                "click_tracking": {"enable": False, "enable_text": False},
                "open_tracking": {"enable": False},
                "subscription_tracking": {"enable": False},
            },
        }
        if settings.reply_to:
            content["reply_to"] = {"email": settings.reply_to}
        if mail.attachments:
            content["attachments"] = [_attachment(one) for one in mail.attachments]
        return content

    def _error(self, answer: ServiceAnswer, *, repeats_safely: bool) -> ConnectorError:
        fields = [one.field or "" for one in _decoded(answer.body, _Problems).errors]
        if any(field.startswith(_OF_THE_SENDER) for field in fields):
            return MisconfiguredError(f"{self._service.name} does not take `sender` or `reply_to`: verify it there")
        return error_of_status(self._service.name, answer.status, answer.headers, repeats_safely=repeats_safely)


def _attachment(one: Attachment) -> dict[str, str]:
    told = {
        "content": base64.b64encode(one.content).decode(),
        "type": one.content_type,
        "filename": one.name,
        "disposition": "attachment" if one.content_id is None else "inline",
    }
    return told if one.content_id is None else {**told, "content_id": one.content_id}


def _decoded(body: bytes, kind: type[T]) -> T:
    try:
        return msgspec.json.decode(body, type=kind)
    except msgspec.DecodeError:
        return kind()
