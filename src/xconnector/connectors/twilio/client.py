"""The wire to Twilio: one request per message."""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

import msgspec

from xconnector.connectors.twilio.refusals import refusal_of_code
from xconnector.connectors.twilio.settings import TwilioSettings
from xconnector.connectors.twilio.webhook import signal_of
from xconnector.contract.errors import ConnectorError, OutcomeUnknownError, TransientError
from xconnector.contract.http_refusal import error_of_status
from xconnector.contract.web_service import ServiceAnswer, ServiceCaller, WebService
from xconnector.domain.feedback.signal import Signal


class Taken(msgspec.Struct):
    """A message as Twilio has it."""

    sid: str
    num_segments: str | None = None
    price: str | None = None
    price_unit: str | None = None


class _Standing(msgspec.Struct):
    status: str
    to: str = ""
    error_code: int | None = None


class _Refused(msgspec.Struct):
    code: int = 0


class TwilioClient(ServiceCaller):
    """One account, opened."""

    def __init__(self, settings: TwilioSettings) -> None:
        self._messages = f"/2010-04-01/Accounts/{settings.account_sid}/Messages.json"
        super().__init__(
            WebService(
                f"Twilio ({settings.url})",
                settings.url,
                timeout=settings.timeout.total_seconds(),
                at_once=settings.at_once,
                auth=_login(settings),
            )
        )

    async def knock(self) -> None:
        """Prove address and login without sending anything. Raises one of the four errors."""
        await self._ask("GET", repeats_safely=True, params={"PageSize": "1"})

    async def hand_over(self, message: Mapping[str, str]) -> Taken:
        """Hand over a message. Twilio knows no key of ours, so a lost answer raises OutcomeUnknownError."""
        answer = await self._ask("POST", repeats_safely=False, data=message)
        try:
            return msgspec.json.decode(answer.body, type=Taken)
        except msgspec.DecodeError:
            raise OutcomeUnknownError(
                f"{self._service.name} took something and did not name it; look there, then settle it"
            ) from None

    async def look_up(self, sid: str) -> Sequence[Signal]:
        """Return what became of a message; nothing where there is none. Raises one of the four errors."""
        found = await self._service.look(f"{self._messages.removesuffix('.json')}/{quote(sid, safe='')}.json")
        if found is None:
            return ()
        try:
            told = msgspec.json.decode(found, type=_Standing)
        except msgspec.DecodeError:
            raise TransientError(f"{self._service.name} says nothing of a message that can be read") from None
        return [signal_of(told.status, sid=sid, to=told.to, code=str(told.error_code or ""))]

    async def _ask(self, method: str, *, repeats_safely: bool, **content: Any) -> ServiceAnswer:  # noqa: ANN401 - as httpx takes it
        answer = await self._service.ask(method, self._messages, repeats_safely=repeats_safely, **content)
        if not answer.is_success:
            raise self._error(answer, repeats_safely=repeats_safely)
        return answer

    def _error(self, answer: ServiceAnswer, *, repeats_safely: bool) -> ConnectorError:
        """Return what a refusal means, by its code. Its words may hold the number and are not told."""
        if answer.status < HTTPStatus.INTERNAL_SERVER_ERROR and (known := refusal_of_code(_code(answer.body))):
            return known
        return error_of_status(self._service.name, answer.status, answer.headers, repeats_safely=repeats_safely)


def _login(settings: TwilioSettings) -> tuple[str, str]:
    if settings.api_key is not None and settings.api_key_secret is not None:
        return settings.api_key, settings.api_key_secret.get_secret_value()
    return settings.account_sid, settings.auth_token.get_secret_value()


def _code(body: bytes) -> int:
    try:
        return msgspec.json.decode(body, type=_Refused).code
    except msgspec.DecodeError:
        return 0
