"""The wire to Postmark: one call for each mail (`POST /email`)."""

import base64
from collections.abc import Sequence
from typing import Any, TypeVar
from urllib.parse import quote

import msgspec

from xconnector.connectors.postmark.refusals import refusal_of_code
from xconnector.connectors.postmark.settings import PostmarkSettings
from xconnector.connectors.postmark.webhook import signal_of
from xconnector.contract.errors import ConnectorError, OutcomeUnknownError, TransientError
from xconnector.contract.http_refusal import error_of_status
from xconnector.contract.mail.parts import Attachment, MailParts
from xconnector.contract.web_service import ServiceAnswer, ServiceCaller, WebService
from xconnector.domain.dispatch_key import GIVEN_ALONG_AS
from xconnector.domain.feedback.signal import Signal

T = TypeVar("T")
_LARGEST_MAIL = 16 << 20
"""The answer holds the mail's own text as well."""
_BODIES = {"text/plain": "TextBody", "text/html": "HtmlBody"}


class _Told(msgspec.Struct, rename="pascal"):
    error_code: int = 0
    message_i_d: str = ""


class _EventDetails(msgspec.Struct, rename="pascal"):
    bounce_i_d: str = ""


class _Event(msgspec.Struct, rename="pascal"):
    type: str = ""
    recipient: str = ""
    received_at: str = ""
    details: _EventDetails = msgspec.field(default_factory=_EventDetails)


class _Details(msgspec.Struct, rename="pascal"):
    message_events: list[_Event] = []


class PostmarkClient(ServiceCaller):
    """One server, opened."""

    def __init__(self, settings: PostmarkSettings) -> None:
        self._settings = settings
        super().__init__(
            WebService(
                f"Postmark ({settings.url})",
                settings.url,
                timeout=settings.timeout.total_seconds(),
                at_once=settings.at_once,
                headers={
                    "x-postmark-server-token": settings.server_token.get_secret_value(),
                    "accept": "application/json",
                },
            )
        )

    async def knock(self) -> None:
        """Prove address and token without sending anything. Raises one of the four errors."""
        answer = await self._service.ask("GET", "/server", repeats_safely=True)
        if not answer.is_success:
            raise self._error(answer, repeats_safely=True)

    async def hand_over(self, mail: MailParts, dispatch_key: str) -> str:
        """Hand over one mail and return Postmark's id of it. Raises one of the four errors."""
        answer = await self._service.ask("POST", "/email", json=self._content(mail, dispatch_key), repeats_safely=False)
        told = _told(answer)
        if not answer.is_success or told.error_code:
            raise self._error(answer, repeats_safely=False)
        if not told.message_i_d:
            raise OutcomeUnknownError(f"{self._service.name} took something and did not name it; look there")
        return told.message_i_d

    async def look_up(self, reference: str) -> Sequence[Signal]:
        """Return what became of one mail, bounces as their own record tells them. Raises one of the four errors."""
        found = await self._service.look(
            f"/messages/outbound/{quote(reference, safe='')}/details", largest=_LARGEST_MAIL
        )
        told = self._decoded(found, _Details).message_events if found is not None else []
        return [signal for event in told if (signal := await self._told_by(event, reference)) is not None]

    async def _told_by(self, event: _Event, message_id: str) -> Signal | None:
        """Return what an event means; None of one that only a webhook tells in full, such as a click."""
        if event.type == "Delivered":
            told = {"RecordType": "Delivery", "DeliveredAt": event.received_at, "Recipient": event.recipient}
            return signal_of({**told, "MessageID": message_id})
        if event.type in {"Bounced", "Transient"} and event.details.bounce_i_d.isdigit():
            bounce = await self._service.look(f"/bounces/{event.details.bounce_i_d}")
            if bounce is not None:
                return signal_of({**self._decoded(bounce, dict[str, Any]), "RecordType": "Bounce"})
        return None

    def _decoded(self, body: bytes, kind: type[T]) -> T:
        try:
            return msgspec.json.decode(body, type=kind)
        except msgspec.DecodeError:
            raise TransientError(f"{self._service.name} says nothing of a mail that can be read") from None

    def _content(self, mail: MailParts, dispatch_key: str) -> dict[str, Any]:
        settings = self._settings
        content: dict[str, Any] = {
            "From": _with_name(settings.sender.name, settings.sender.address),
            "To": _with_name(mail.recipient_name, str(mail.recipient)),
            "Subject": mail.subject,
            **{_BODIES[kind]: text for kind, text in mail.texts.items()},
            "Headers": [{"Name": name, "Value": value} for name, value in mail.headers.items()],
            "Metadata": {GIVEN_ALONG_AS: dispatch_key},
            "MessageStream": settings.promotional_stream if "List-Unsubscribe" in mail.headers else settings.stream,
            # What was approved is what leaves: no link is rewritten, and nothing is added.
            "TrackOpens": False,
            "TrackLinks": "None",
        }
        if settings.reply_to:
            content["ReplyTo"] = settings.reply_to
        if mail.attachments:
            content["Attachments"] = [_attachment(one) for one in mail.attachments]
        return content

    def _error(self, answer: ServiceAnswer, *, repeats_safely: bool) -> ConnectorError:
        known = refusal_of_code(_told(answer).error_code)
        return known or error_of_status(
            self._service.name, answer.status, answer.headers, repeats_safely=repeats_safely
        )


def _with_name(name: str, address: str) -> str:
    quoted = name.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{quoted}" <{address}>' if name else address


def _attachment(one: Attachment) -> dict[str, str]:
    told = {
        "Name": one.name,
        "Content": base64.b64encode(one.content).decode(),
        "ContentType": one.content_type,
    }
    return told if one.content_id is None else {**told, "ContentID": f"cid:{one.content_id}"}


def _told(answer: ServiceAnswer) -> _Told:
    try:
        return msgspec.json.decode(answer.body, type=_Told)
    except msgspec.DecodeError:
        return _Told()
