"""The channel: each browser of a customer gets the message, encrypted for it alone."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from types import TracebackType
from typing import Self

import httpx
import msgspec

from xconnector.connectors.web_push.answer import meant
from xconnector.connectors.web_push.sealed import authorization, sealed, topic_of, vapid_key
from xconnector.connectors.web_push.settings import WebPushSettings
from xconnector.connectors.web_push.subscription import kept_subscription, subscription_of
from xconnector.contract.channel import Dispatch, Receipt
from xconnector.contract.device import Device
from xconnector.contract.device_outcome import DeviceAnswer, outcome_of
from xconnector.contract.errors import ConnectorError, OutcomeUnknownError, PermanentError, TransientError
from xconnector.contract.manifest import Surroundings
from xconnector.contract.outbound import Resolve, outbound_client
from xconnector.contract.outbound_allowance import ForbiddenAddressError
from xconnector.contract.push_message import push_message
from xconnector.domain.document import RenditionKind
from xconnector.domain.strict_json import Json

_LONGEST_REFERENCE = 200


def _now() -> datetime:
    return datetime.now(UTC)


class WebPushChannel:
    """Browsers, each reached by the push service of its maker."""

    def __init__(
        self,
        settings: WebPushSettings,
        surroundings: Surroundings,
        *,
        now: Callable[[], datetime] = _now,
        resolve: Resolve | None = None,
    ) -> None:
        self._settings = settings
        self._key = vapid_key(settings.vapid_key.get_secret_value())
        self._client = outbound_client(
            settings.allowed, timeout=settings.timeout, project_folder=surroundings.project_folder, resolve=resolve
        )
        self._now = now

    @property
    def takes(self) -> frozenset[RenditionKind]:
        return frozenset({RenditionKind.PUSH})

    async def __aenter__(self) -> Self:
        await self._client.__aenter__()
        return self

    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None, /
    ) -> None:
        await self._client.__aexit__(exc_type, exc, traceback)

    async def check(self) -> None:
        """Nobody can be asked: each browser has a push service of its own, which takes messages only."""

    def device_address(self, told: Json) -> str:
        return subscription_of(told, self._settings.allowed).spelled()

    async def send(self, dispatches: Sequence[Dispatch]) -> Sequence[Receipt | ConnectorError]:
        return [await self._hand_over(dispatch) for dispatch in dispatches]

    async def _hand_over(self, dispatch: Dispatch) -> Receipt | ConnectorError:
        try:
            content = _content(dispatch)
        except PermanentError as error:
            return error
        answers = await asyncio.gather(*(self._push(device, content, dispatch) for device in dispatch.devices))
        return outcome_of(answers)

    async def _push(self, device: Device, content: bytes, dispatch: Dispatch) -> DeviceAnswer:
        try:
            subscription = kept_subscription(device.address, self._settings.allowed)
            headers = {
                "Authorization": authorization(
                    subscription.endpoint, self._key, self._settings.contact, at=self._now()
                ),
                "Content-Encoding": "aes128gcm",
                "Content-Type": "application/octet-stream",
                "TTL": str(int(self._settings.keep.total_seconds())),
                "Urgency": self._settings.urgency.value,
                "Topic": topic_of(dispatch.dispatch_key),
            }
            body = sealed(content, subscription)
            async with self._client.stream("POST", subscription.endpoint, content=body, headers=headers) as answer:
                if answer.is_success:
                    return answer.headers.get("location", "")[:_LONGEST_REFERENCE] or dispatch.dispatch_key
                return meant(answer.status_code, answer.headers, device.device_id)
        except PermanentError as error:
            return error
        except (ForbiddenAddressError, httpx.InvalidURL, UnicodeError) as why:
            told = str(why) if isinstance(why, ForbiddenAddressError) else "it has no address that can be called"
            return PermanentError(f"the browser's push service is not called: {told}")
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout):
            return TransientError("the browser's push service cannot be reached")
        except httpx.HTTPError:
            return OutcomeUnknownError("the answer of the browser's push service was lost; it cannot be asked")


def _content(dispatch: Dispatch) -> bytes:
    """Return what the page's service worker gets: the message as it was approved, and its dispatch key."""
    message = push_message(dispatch)
    words = {"title": message.title, "body": message.body, "link": message.link, "dispatch_key": dispatch.dispatch_key}
    return msgspec.json.encode(words)
