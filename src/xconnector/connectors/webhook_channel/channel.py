"""The channel: each dispatch becomes one signed request, whose id is the same at every attempt."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from http import HTTPStatus
from types import TracebackType
from typing import Self

import httpx

from xconnector.connectors.webhook_channel.answer import meant
from xconnector.connectors.webhook_channel.payload import Payload, payload_of
from xconnector.connectors.webhook_channel.settings import WebhookChannelSettings
from xconnector.contract.channel import Dispatch, Receipt
from xconnector.contract.errors import (
    ConnectorError,
    MisconfiguredError,
    OutcomeUnknownError,
    PermanentError,
    TransientError,
)
from xconnector.contract.manifest import Surroundings
from xconnector.contract.outbound import Resolve, outbound_client
from xconnector.contract.outbound_allowance import ForbiddenAddressError
from xconnector.contract.standard_webhook import signed_headers
from xconnector.domain.document import RenditionKind

_CHECK = "check"
"""Id of the request by which a connection is checked."""
_NOT_FOR_US = frozenset({HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN})


def _now() -> datetime:
    return datetime.now(UTC)


class WebhookChannel:
    """A receiver of webhooks, opened. It reads no body of an answer: its status says all."""

    def __init__(
        self,
        settings: WebhookChannelSettings,
        surroundings: Surroundings,
        *,
        now: Callable[[], datetime] = _now,
        resolve: Resolve | None = None,
    ) -> None:
        self._settings = settings
        self._folder = surroundings.project_folder
        self._now = now
        self._resolve = resolve
        self._client: httpx.AsyncClient | None = None
        self._is_gone = False

    @property
    def takes(self) -> frozenset[RenditionKind]:
        return self._settings.takes

    @property
    def remembers_dispatches(self) -> bool:
        return self._settings.knows_again

    async def __aenter__(self) -> Self:
        self._client = outbound_client(
            self._settings.allowed,
            timeout=self._settings.timeout,
            project_folder=self._folder,
            resolve=self._resolve,
        )
        await self._client.__aenter__()
        return self

    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None, /
    ) -> None:
        if self._client is not None:
            await self._client.__aexit__(exc_type, exc, traceback)

    async def check(self) -> None:
        """Knock by a signed GET without a body: any answer but a refusal of who asks is good."""
        status, _ = await self._call("GET", _CHECK, Payload(content_type="application/json", body=b""))
        if status in _NOT_FOR_US:
            raise self._meant(status, {})

    async def send(self, dispatches: Sequence[Dispatch]) -> Sequence[Receipt | ConnectorError]:
        return [await self._hand_over(dispatch) for dispatch in dispatches]

    async def _hand_over(self, dispatch: Dispatch) -> Receipt | ConnectorError:
        if self._is_gone:
            return self._meant(HTTPStatus.GONE, {})
        try:
            payload = payload_of(dispatch, self._settings)
            status, headers = await self._call("POST", dispatch.dispatch_key, payload)
        except ConnectorError as error:
            return error
        if httpx.codes.is_success(status):
            return Receipt(reference=dispatch.dispatch_key)
        self._is_gone = status == HTTPStatus.GONE
        return self._meant(status, headers)

    async def _call(self, method: str, message_id: str, payload: Payload) -> tuple[int, httpx.Headers]:
        """Return what a request was answered with. Raises one of the four errors where no answer came."""
        assert self._client is not None, "a channel is opened before it is used"
        try:
            headers = self._headers(message_id, payload)
            async with self._client.stream(method, self._settings.url, content=payload.body, headers=headers) as answer:
                return answer.status_code, answer.headers
        except ForbiddenAddressError as why:
            raise MisconfiguredError(f"`url`: {why}; correct it, or say in `allowed` what it may be") from None
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout):
            raise TransientError("the receiver cannot be reached: does it run, and is `url` right?") from None
        except (httpx.InvalidURL, UnicodeError):
            raise MisconfiguredError("`url` is no address that can be called") from None
        except httpx.HTTPError:
            raise self._lost() from None

    def _headers(self, message_id: str, payload: Payload) -> dict[str, str]:
        try:
            signed = signed_headers(message_id, payload.body, self._settings.secrets, at=self._now())
        except ValueError:
            raise PermanentError("a dispatch key with a full stop cannot be signed") from None
        bearer = self._settings.bearer
        return {
            **signed,
            "Content-Type": payload.content_type,
            "User-Agent": "xConnector",
            **({} if bearer is None else {"Authorization": f"Bearer {bearer.get_secret_value()}"}),
        }

    def _meant(self, status: int, headers: Mapping[str, str]) -> ConnectorError:
        return meant(status, headers, knows_again=self._settings.knows_again)

    def _lost(self) -> ConnectorError:
        if self._settings.knows_again:
            lost = "the receiver's answer was lost; it is tried again under the same id"
            return TransientError(lost, may_have_arrived=True)
        return OutcomeUnknownError(
            "the receiver's answer was lost, and it is not known to take an id once only; look there, then settle it"
        )
