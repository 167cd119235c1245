"""The wire to Vonage's Messages API: one request per message."""

from collections.abc import Mapping
from http import HTTPStatus
from types import TracebackType
from typing import Self

import msgspec

from xconnector.connectors.vonage.refusals import refusal_of_code
from xconnector.connectors.vonage.settings import VonageSettings
from xconnector.contract.errors import ConnectorError, OutcomeUnknownError
from xconnector.contract.http_refusal import error_of_status
from xconnector.contract.web_service import ServiceAnswer, WebService


class _Taken(msgspec.Struct):
    message_uuid: str


class _Refused(msgspec.Struct):
    type: str = ""


class VonageClient:
    """One account, opened."""

    def __init__(self, settings: VonageSettings) -> None:
        auth = (settings.api_key, settings.api_secret.get_secret_value())
        timeout = settings.timeout.total_seconds()
        self._service = WebService(
            f"Vonage ({settings.url})", settings.url, timeout=timeout, at_once=settings.at_once, auth=auth
        )
        self._account = WebService(
            f"Vonage ({settings.account_url})", settings.account_url, timeout=timeout, at_once=1, auth=auth
        )

    async def __aenter__(self) -> Self:
        await self._service.__aenter__()
        await self._account.__aenter__()
        return self

    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None, /
    ) -> None:
        await self._account.__aexit__(exc_type, exc, traceback)
        await self._service.__aexit__(exc_type, exc, traceback)

    async def knock(self) -> None:
        """Prove key and secret without sending anything. Raises one of the four errors."""
        answer = await self._account.ask("GET", "/account/get-balance", repeats_safely=True)
        if not answer.is_success:
            raise error_of_status(self._account.name, answer.status, answer.headers, repeats_safely=True)

    async def hand_over(self, message: Mapping[str, object]) -> str:
        """Hand over a message and return Vonage's name for it.

        Vonage knows no message again by a key of ours, so a lost answer raises OutcomeUnknownError.
        """
        answer = await self._service.ask("POST", "/v1/messages", repeats_safely=False, json=message)
        if not answer.is_success:
            raise self._error(answer)
        try:
            return msgspec.json.decode(answer.body, type=_Taken).message_uuid
        except msgspec.DecodeError:
            raise OutcomeUnknownError(
                f"{self._service.name} took something and did not name it; look there, then settle it"
            ) from None

    def _error(self, answer: ServiceAnswer) -> ConnectorError:
        """Return what a refusal means, by its code. Its words may hold the number and are not told."""
        if answer.status < HTTPStatus.INTERNAL_SERVER_ERROR and (known := refusal_of_code(_code(answer.body))):
            return known
        return error_of_status(self._service.name, answer.status, answer.headers, repeats_safely=False)


def _code(body: bytes) -> int:
    """Return the number behind the last `#` or `/` of the error's type; 0 where there is none."""
    try:
        told = msgspec.json.decode(body, type=_Refused).type.replace("/", "#").rpartition("#")[2]
    except msgspec.DecodeError:
        return 0
    return int(told) if told.isascii() and told.isdigit() and len(told) < 10 else 0  # noqa: PLR2004 - no code is longer
