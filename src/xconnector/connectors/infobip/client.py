"""The wire to Infobip: one request per message, and what its log knows of one."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from xconnector.connectors.infobip.refusals import refusal_of_status
from xconnector.connectors.infobip.settings import InfobipSettings
from xconnector.connectors.infobip.webhook import signal_of
from xconnector.contract.errors import OutcomeUnknownError, TransientError
from xconnector.contract.http_refusal import error_of_status
from xconnector.contract.web_service import ServiceCaller, WebService
from xconnector.domain.feedback.signal import Signal


class _Status(msgspec.Struct, rename="camel"):
    group_name: str = ""
    name: str = ""


class _Details(msgspec.Struct, rename="camel"):
    message_count: int | None = None


class Taken(msgspec.Struct, rename="camel"):
    """A message as Infobip has it."""

    message_id: str
    status: _Status = msgspec.field(default_factory=_Status)
    details: _Details | None = None


class _Answer(msgspec.Struct):
    messages: list[Taken]


class _Outcomes(msgspec.Struct):
    results: list[dict[str, Any]] = []


class _Log(msgspec.Struct):
    results: list[Taken] = []


class InfobipClient(ServiceCaller):
    """One account, opened."""

    def __init__(self, settings: InfobipSettings) -> None:
        super().__init__(
            WebService(
                f"Infobip ({settings.url})",
                settings.url,
                timeout=settings.timeout.total_seconds(),
                at_once=settings.at_once,
                headers={"Authorization": f"App {settings.api_key.get_secret_value()}", "Accept": "application/json"},
            )
        )

    async def look_up(self, message_id: str) -> Sequence[Signal]:
        """Return what became of a message of the last 48 hours. Raises one of the four errors."""
        found = await self._service.look("/sms/3/logs", params={"messageId": message_id, "limit": "1"})
        if found is None:
            return ()
        try:
            told = msgspec.json.decode(found, type=_Outcomes).results
        except msgspec.DecodeError:
            raise TransientError(f"{self._service.name} says nothing of a message that can be read") from None
        # Its log calls `destination` what its reports call `to`.
        return [signal_of({"to": one.get("destination"), **one}) for one in told if one.get("messageId") == message_id]

    async def logged(self, message_id: str) -> Taken | None:
        """Return a message of the last 48 hours by its id; None where there is none. Raises one of the four errors."""
        answer = await self._service.ask(
            "GET", "/sms/3/logs", repeats_safely=True, params={"messageId": message_id, "limit": "1"}
        )
        if not answer.is_success:
            raise error_of_status(self._service.name, answer.status, answer.headers, repeats_safely=True)
        try:
            found = msgspec.json.decode(answer.body, type=_Log).results
        except msgspec.DecodeError:
            return None
        return next((one for one in found if one.message_id == message_id), None)

    async def knock(self) -> None:
        """Prove address and key without sending anything. Raises one of the four errors."""
        await self.logged("none-of-ours")

    async def hand_over(self, message: Mapping[str, object]) -> Taken:
        """Hand over a message.

        That a message with the same id is not sent again is not promised, so a lost answer raises OutcomeUnknownError.
        """
        answer = await self._service.ask("POST", "/sms/3/messages", repeats_safely=False, json={"messages": [message]})
        if not answer.is_success:
            raise error_of_status(self._service.name, answer.status, answer.headers, repeats_safely=False)
        try:
            (taken,) = msgspec.json.decode(answer.body, type=_Answer).messages
        except (msgspec.DecodeError, ValueError):
            raise OutcomeUnknownError(
                f"{self._service.name} took something and did not name it; look there, then settle it"
            ) from None
        if (refused := refusal_of_status(taken.status.group_name, taken.status.name)) is not None:
            raise refused
        return taken
