"""The wire to Infobip: one request per message, and what its log knows of one."""

from collections.abc import Mapping

import msgspec

from xconnector.connectors.infobip.refusals import refusal_of_status
from xconnector.connectors.infobip.settings import InfobipSettings
from xconnector.contract.errors import OutcomeUnknownError
from xconnector.contract.http_refusal import error_of_status
from xconnector.contract.web_service import ServiceCaller, WebService


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
