"""The channel: each device of a customer gets the message by its token."""

import asyncio
import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from http import HTTPStatus
from types import TracebackType
from typing import Self

import httpx
import msgspec

from xconnector.connectors.fcm.access import Access, service_account
from xconnector.connectors.fcm.answer import meant
from xconnector.connectors.fcm.settings import FcmSettings
from xconnector.contract.channel import Dispatch, Receipt
from xconnector.contract.device import Device
from xconnector.contract.device_outcome import DeviceAnswer, outcome_of
from xconnector.contract.errors import ConnectorError, OutcomeUnknownError, PermanentError, TransientError
from xconnector.contract.manifest import Surroundings
from xconnector.contract.outbound import beginning
from xconnector.contract.push_message import push_message
from xconnector.domain.document import RenditionKind
from xconnector.domain.push import PushNotice
from xconnector.domain.strict_json import Json

_LARGEST = 64 * 1024
_LONGEST_NAME = 200
_TOKEN = re.compile(r"[A-Za-z0-9_:%.-]{20,1000}", re.ASCII)


class _Taken(msgspec.Struct):
    name: str = ""


def _now() -> datetime:
    return datetime.now(UTC)


class FcmChannel:
    """One Firebase project, opened."""

    def __init__(
        self, settings: FcmSettings, surroundings: Surroundings, *, now: Callable[[], datetime] = _now
    ) -> None:
        self._settings = settings
        self._path = surroundings.project_folder / settings.service_account
        self._http = httpx.AsyncClient(
            timeout=settings.timeout.total_seconds(),
            follow_redirects=False,
            trust_env=False,
            headers={"Accept-Encoding": "identity"},
        )
        self._now = now
        self._access: Access | None = None
        self._address = ""

    @property
    def takes(self) -> frozenset[RenditionKind]:
        return frozenset({RenditionKind.PUSH})

    async def __aenter__(self) -> Self:
        account = await asyncio.to_thread(service_account, self._path)
        self._access = Access(account, self._settings.token_url, self._http, self._now)
        self._address = f"{self._settings.url}/v1/projects/{account.project_id}/messages:send"
        await self._http.__aenter__()
        return self

    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None, /
    ) -> None:
        await self._http.__aexit__(exc_type, exc, traceback)

    async def check(self) -> None:
        """Get an access token: it proves the service account, and shows nothing to anybody."""
        self._opened().forget()
        await self._opened().token()

    def device_address(self, told: Json) -> str:
        if not isinstance(told, str) or _TOKEN.fullmatch(told) is None:
            raise PermanentError("an address for Firebase is a registration token")
        return told

    async def send(self, dispatches: Sequence[Dispatch]) -> Sequence[Receipt | ConnectorError]:
        return [await self._hand_over(dispatch) for dispatch in dispatches]

    def _opened(self) -> Access:
        assert self._access is not None, "a channel is opened before it is used"
        return self._access

    async def _hand_over(self, dispatch: Dispatch) -> Receipt | ConnectorError:
        try:
            message = push_message(dispatch)
            token = await self._opened().token()
        except ConnectorError as error:
            return error
        return outcome_of(
            await asyncio.gather(*(self._push(device, message, dispatch, token) for device in dispatch.devices))
        )

    async def _push(self, device: Device, message: PushNotice, dispatch: Dispatch, token: str) -> DeviceAnswer:
        try:
            async with self._http.stream(
                "POST",
                self._address,
                json=self._told(device, message, dispatch),
                headers={"Authorization": f"Bearer {token}"},
            ) as answer:
                body = await beginning(answer, _LARGEST)
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout):
            return TransientError("Firebase cannot be reached")
        except httpx.HTTPError:
            return OutcomeUnknownError("Firebase's answer was lost, and it cannot be asked")
        if answer.is_success:
            return _name(body) or dispatch.dispatch_key
        if answer.status_code == HTTPStatus.UNAUTHORIZED:
            self._opened().forget()
        return meant(answer.status_code, answer.headers, body, device.device_id)

    def _told(self, device: Device, message: PushNotice, dispatch: Dispatch) -> object:
        data = {"dispatch_key": dispatch.dispatch_key, **({"link": message.link} if message.link else {})}
        android = {
            "ttl": f"{int(self._settings.keep.total_seconds())}s",
            "priority": "HIGH" if self._settings.is_urgent else "NORMAL",
            "notification": {"tag": dispatch.dispatch_key},
        }
        notification = {"title": message.title, "body": message.body}
        return {"message": {"token": device.address, "notification": notification, "data": data, "android": android}}


def _name(body: bytes) -> str:
    try:
        return msgspec.json.decode(body, type=_Taken).name[:_LONGEST_NAME]
    except msgspec.DecodeError:
        return ""
