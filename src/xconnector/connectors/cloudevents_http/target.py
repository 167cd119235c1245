"""The target: events as requests in CloudEvents' JSON format, signed by Standard Webhooks."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from http import HTTPStatus
from types import TracebackType
from typing import Any, Self

import httpx
import msgspec

from xconnector.connectors.cloudevents_http.settings import CloudEventsSettings
from xconnector.contract.errors import ConnectorError, MisconfiguredError, TransientError
from xconnector.contract.http_refusal import error_of_status
from xconnector.contract.manifest import Surroundings
from xconnector.contract.outbound import Resolve, outbound_client
from xconnector.contract.outbound_allowance import ForbiddenAddressError
from xconnector.contract.standard_webhook import signed_headers
from xconnector.domain.write_back import Told

_ONE = "application/cloudevents+json"
_MANY = "application/cloudevents-batch+json"
_CHECK = "check"
"""Id of the request by which a connection is checked."""
_NOT_FOR_US = frozenset({HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN})


def _now() -> datetime:
    return datetime.now(UTC)


class CloudEventsTarget:
    """A receiver of CloudEvents, opened. It reads no body of an answer: its status says all."""

    def __init__(
        self,
        settings: CloudEventsSettings,
        surroundings: Surroundings,
        *,
        now: Callable[[], datetime] = _now,
        resolve: Resolve | None = None,
    ) -> None:
        """Nothing is called before it is opened."""
        self._settings = settings
        self._now = now
        self._client = outbound_client(
            settings.allowed, timeout=settings.timeout, project_folder=surroundings.project_folder, resolve=resolve
        )

    @property
    def at_once(self) -> int:
        return self._settings.batch

    async def __aenter__(self) -> Self:
        await self._client.__aenter__()
        return self

    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None, /
    ) -> None:
        await self._client.__aexit__(exc_type, exc, traceback)

    async def check(self) -> None:
        """Knock by a signed GET without a body: any answer but a refusal of who asks is good."""
        status, headers = await self._call("GET", _CHECK, b"", _ONE)
        if status in _NOT_FOR_US:
            raise self._meant(status, headers)

    async def tell(self, events: Sequence[Told]) -> None:
        """Send the events as one request, which is good when it is answered with 2xx."""
        if not events:
            return
        spelled = [_spelled(event) for event in events]
        body = msgspec.json.encode(spelled if self.at_once > 1 else spelled[0])
        message_id = events[0].id if len(events) == 1 else f"{events[0].id}_{events[-1].id}"
        status, headers = await self._call("POST", message_id, body, _MANY if self.at_once > 1 else _ONE)
        if not httpx.codes.is_success(status):
            raise self._meant(status, headers)

    async def _call(self, method: str, message_id: str, body: bytes, kind: str) -> tuple[int, httpx.Headers]:
        """Return what a request was answered with. Raises TransientError and MisconfiguredError where it was not."""
        try:
            async with self._client.stream(
                method, self._settings.url, content=body, headers=self._headers(message_id, body, kind)
            ) as answer:
                return answer.status_code, answer.headers
        except ForbiddenAddressError as why:
            raise MisconfiguredError(f"`url`: {why}; correct it, or say in `allowed` what it may be") from None
        except (httpx.InvalidURL, httpx.UnsupportedProtocol, UnicodeError):
            raise MisconfiguredError("`url` is no address that can be called") from None
        except httpx.HTTPError:
            raise TransientError("the receiver cannot be reached, or its answer was lost") from None

    def _headers(self, message_id: str, body: bytes, kind: str) -> Mapping[str, str]:
        bearer = self._settings.bearer
        return {
            **signed_headers(message_id, body, self._settings.secrets, at=self._now()),
            "Content-Type": kind,
            "User-Agent": "xConnector",
            **({} if bearer is None else {"Authorization": f"Bearer {bearer.get_secret_value()}"}),
        }

    def _meant(self, status: int, headers: httpx.Headers) -> ConnectorError:
        return error_of_status("the receiver", status, headers, repeats_safely=True)


def _spelled(event: Told) -> dict[str, Any]:
    """Return an event in the JSON format of CloudEvents 1.0, with the extensions `sequence` and `partitionkey`."""
    return {
        "specversion": "1.0",
        "id": event.id,
        "source": event.source,
        "type": event.type,
        "subject": event.subject,
        "time": event.time.astimezone(UTC),
        "datacontenttype": "application/json",
        "sequence": event.sequence,
        "partitionkey": event.subject,
        "data": event.data,
    }
