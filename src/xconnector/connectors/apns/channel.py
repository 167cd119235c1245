"""The channel: each Apple device of a customer gets the message by its token, over HTTP/2."""

import asyncio
import hashlib
import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from types import TracebackType
from typing import Self
from uuid import UUID, uuid5

import httpx
import msgspec

from xconnector.connectors.apns.answer import EXPIRED, meant, read
from xconnector.connectors.apns.proof import Proof, team_key
from xconnector.connectors.apns.settings import ApnsSettings
from xconnector.contract.channel import Dispatch, Receipt
from xconnector.contract.device import Device
from xconnector.contract.device_outcome import DeviceAnswer, outcome_of
from xconnector.contract.errors import (
    ConnectorError,
    MisconfiguredError,
    OutcomeUnknownError,
    PermanentError,
    TransientError,
)
from xconnector.contract.manifest import Surroundings
from xconnector.contract.outbound import beginning
from xconnector.contract.push_message import push_message
from xconnector.domain.document import RenditionKind
from xconnector.domain.push import PushNotice
from xconnector.domain.strict_json import Json

_LARGEST = 16 * 1024
_TOKEN = re.compile(r"(?:[0-9a-fA-F]{2}){32,100}", re.ASCII)
_NOBODY = Device(device_id=UUID(int=0), address="00" * 32)
"""A token that no device has: by it credentials are checked without showing anything."""


def _now() -> datetime:
    return datetime.now(UTC)


class ApnsChannel:
    """One app of one team, opened."""

    def __init__(
        self, settings: ApnsSettings, surroundings: Surroundings, *, now: Callable[[], datetime] = _now
    ) -> None:
        self._settings = settings
        self._path = surroundings.project_folder / settings.key_file
        is_encrypted = settings.url.startswith("https://")
        self._http = httpx.AsyncClient(
            http1=is_encrypted,
            http2=True,
            timeout=settings.timeout.total_seconds(),
            follow_redirects=False,
            trust_env=False,
            headers={"Accept-Encoding": "identity"},
        )
        self._now = now
        self._proof: Proof | None = None

    @property
    def takes(self) -> frozenset[RenditionKind]:
        return frozenset({RenditionKind.PUSH})

    async def __aenter__(self) -> Self:
        key = await asyncio.to_thread(team_key, self._path)
        self._proof = Proof(key, key_id=self._settings.key_id, team_id=self._settings.team_id, now=self._now)
        await self._http.__aenter__()
        return self

    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None, /
    ) -> None:
        await self._http.__aexit__(exc_type, exc, traceback)

    async def check(self) -> None:
        """Push to a token that no device has: Apple looks at credentials first."""
        answer = await self._push(_NOBODY, {"aps": {}}, "check")
        if isinstance(answer, MisconfiguredError | TransientError):
            raise answer
        if isinstance(answer, OutcomeUnknownError):
            raise TransientError("Apple's answer was lost")

    def device_address(self, told: Json) -> str:
        if not isinstance(told, str) or _TOKEN.fullmatch(told) is None:
            raise PermanentError("an address for Apple is a device token in hexadecimal digits")
        return told.lower()

    async def send(self, dispatches: Sequence[Dispatch]) -> Sequence[Receipt | ConnectorError]:
        return [await self._hand_over(dispatch) for dispatch in dispatches]

    async def _hand_over(self, dispatch: Dispatch) -> Receipt | ConnectorError:
        try:
            told = _told(push_message(dispatch), dispatch.dispatch_key)
        except PermanentError as error:
            return error
        key = dispatch.dispatch_key
        return outcome_of(await asyncio.gather(*(self._push(device, told, key) for device in dispatch.devices)))

    async def _push(self, device: Device, told: object, dispatch_key: str) -> DeviceAnswer:
        assert self._proof is not None, "a channel is opened before it is used"
        url = f"{self._settings.url}/3/device/{device.address}"
        try:
            async with self._http.stream(
                "POST", url, content=msgspec.json.encode(told), headers=self._headers(device, dispatch_key)
            ) as answer:
                body = await beginning(answer, _LARGEST)
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout):
            return TransientError("Apple's push service cannot be reached")
        except httpx.HTTPError:
            return OutcomeUnknownError("the answer of Apple's push service was lost, and it cannot be asked")
        if answer.is_success:
            return answer.headers.get("apns-id") or dispatch_key
        refused = read(body)
        if refused.reason == EXPIRED:
            self._proof.expired()
        return meant(answer.status_code, refused, device.device_id)

    def _headers(self, device: Device, dispatch_key: str) -> dict[str, str]:
        assert self._proof is not None, "a channel is opened before it is used"
        expiration = int((self._now() + self._settings.keep).timestamp()) if self._settings.keep else 0
        return {
            "authorization": f"bearer {self._proof.token()}",
            "apns-topic": self._settings.topic,
            "apns-push-type": "alert",
            # Of dispatch and device: what comes twice has one name, and is one line on the screen.
            "apns-id": str(uuid5(device.device_id, dispatch_key)),
            "apns-collapse-id": hashlib.sha256(dispatch_key.encode()).hexdigest(),
            "apns-expiration": str(expiration),
            "apns-priority": "10" if self._settings.is_urgent else "5",
            "content-type": "application/json",
        }


def _told(message: PushNotice, dispatch_key: str) -> object:
    told = {"aps": {"alert": {"title": message.title, "body": message.body}}, "dispatch_key": dispatch_key}
    return {**told, "link": message.link} if message.link else told
