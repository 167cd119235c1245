"""The wire to Twilio: one request per message, answers of bounded size, no redirects."""

from collections.abc import Mapping
from http import HTTPStatus
from types import TracebackType
from typing import Self

import httpx
import msgspec

from xconnector.connectors.twilio.refusals import refusal_of_code
from xconnector.connectors.twilio.settings import TwilioSettings
from xconnector.contract.errors import ConnectorError, MisconfiguredError, OutcomeUnknownError, TransientError
from xconnector.contract.http_refusal import error_of_status

_LARGEST_ANSWER = 64 * 1024
_NOTHING_SENT_YET = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)


class Taken(msgspec.Struct):
    """A message as Twilio has it."""

    sid: str
    num_segments: str | None = None
    price: str | None = None
    price_unit: str | None = None


class _Refused(msgspec.Struct):
    code: int = 0


class TwilioClient:
    """One account, opened."""

    def __init__(self, settings: TwilioSettings) -> None:
        self._service = f"Twilio ({settings.url})"
        self._messages = f"{settings.url}/2010-04-01/Accounts/{settings.account_sid}/Messages.json"
        self._http = httpx.AsyncClient(
            auth=_login(settings),
            timeout=settings.timeout.total_seconds(),
            limits=httpx.Limits(max_connections=settings.at_once, max_keepalive_connections=settings.at_once),
            # An answer that sends us elsewhere would take the login and the text along.
            follow_redirects=False,
            # The address is the operator's word, not the environment's.
            trust_env=False,
        )

    async def __aenter__(self) -> Self:
        await self._http.__aenter__()
        return self

    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None, /
    ) -> None:
        await self._http.__aexit__(exc_type, exc, traceback)

    async def knock(self) -> None:
        """Prove address and login without sending anything. Raises one of the four errors."""
        await self._ask("GET", params={"PageSize": "1"}, repeats_safely=True)

    async def hand_over(self, message: Mapping[str, str]) -> Taken:
        """Hand over a message. Twilio knows no key of ours, so a lost answer raises OutcomeUnknownError."""
        body = await self._ask("POST", data=message, repeats_safely=False)
        try:
            return msgspec.json.decode(body, type=Taken)
        except msgspec.DecodeError:
            raise OutcomeUnknownError(
                f"{self._service} took something and did not name it; look there, then settle it"
            ) from None

    async def _ask(
        self,
        method: str,
        *,
        params: Mapping[str, str] | None = None,
        data: Mapping[str, str] | None = None,
        repeats_safely: bool,
    ) -> bytes:
        try:
            async with self._http.stream(method, self._messages, params=params, data=data) as answer:
                body = await _body(answer)
                if not answer.is_success:
                    raise self._error(answer, body, repeats_safely=repeats_safely)
                return body
        except (httpx.InvalidURL, httpx.UnsupportedProtocol):
            raise MisconfiguredError("`url` is no address that can be called") from None
        except _NOTHING_SENT_YET:
            raise TransientError(f"{self._service} cannot be reached") from None
        except httpx.HTTPError:
            lost = f"the answer of {self._service} was lost"
            if repeats_safely:
                raise TransientError(lost) from None
            raise OutcomeUnknownError(f"{lost}; look there, then settle it") from None

    def _error(self, answer: httpx.Response, body: bytes, *, repeats_safely: bool) -> ConnectorError:
        """Return what a refusal means, by its code. Its words may hold the number and are not told."""
        if answer.status_code < HTTPStatus.INTERNAL_SERVER_ERROR and (known := refusal_of_code(_code(body))):
            return known
        return error_of_status(self._service, answer.status_code, answer.headers, repeats_safely=repeats_safely)


def _login(settings: TwilioSettings) -> tuple[str, str]:
    if settings.api_key is not None and settings.api_key_secret is not None:
        return settings.api_key, settings.api_key_secret.get_secret_value()
    return settings.account_sid, settings.auth_token.get_secret_value()


def _code(body: bytes) -> int:
    try:
        return msgspec.json.decode(body, type=_Refused).code
    except msgspec.DecodeError:
        return 0


async def _body(answer: httpx.Response) -> bytes:
    """Return the beginning of the body, which is all of it in every sensible answer."""
    body = b""
    async for chunk in answer.aiter_bytes():
        body += chunk
        if len(body) > _LARGEST_ANSWER:
            break
    return body[:_LARGEST_ANSWER]
