"""The wire to Lob: one request per letter, answers of bounded size, no redirects."""

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

import msgspec

from xconnector.connectors.lob.settings import LobSettings
from xconnector.connectors.lob.webhook import signal_of
from xconnector.contract.errors import ConnectorError, PermanentError, TransientError
from xconnector.contract.http_refusal import error_of_status
from xconnector.contract.web_service import ServiceAnswer, ServiceCaller, WebService
from xconnector.domain.feedback.signal import Signal

_VERSION = "2024-01-01"
_OF_STATUS = {"rendered": "rendered_pdf", "failed": "failed"}
"""What its reports call a `status`; while it is `processed` there is nothing to tell."""


class _Letter(msgspec.Struct):
    id: str


class _Scan(msgspec.Struct):
    name: str
    id: str = ""
    time: str = ""


class _Standing(msgspec.Struct):
    status: str = ""
    deleted: bool = False
    tracking_events: list[_Scan] = []


class _Error(msgspec.Struct):
    code: str = ""


class _Refused(msgspec.Struct):
    error: _Error = msgspec.field(default_factory=_Error)


class LobClient(ServiceCaller):
    """One account, opened."""

    def __init__(self, settings: LobSettings) -> None:
        super().__init__(
            WebService(
                f"Lob ({settings.url})",
                settings.url,
                timeout=settings.timeout.total_seconds(),
                at_once=settings.at_once,
                headers={"Lob-Version": _VERSION},
                auth=(settings.api_key.get_secret_value(), ""),
            )
        )

    async def knock(self) -> None:
        """Prove address and key without printing anything. Raises one of the four errors."""
        await self._ask("GET", params={"limit": "1"})

    async def hand_over(self, dispatch_key: str, form: Mapping[str, str], letter: bytes) -> str:
        """Hand over a letter and return Lob's name for it; under the same key it prints one.

        Raises one of the four errors, never OutcomeUnknownError.
        """
        body = await self._ask(
            "POST",
            data=form,
            files={"file": ("letter.pdf", letter, "application/pdf")},
            headers={"Idempotency-Key": dispatch_key},
        )
        try:
            return msgspec.json.decode(body, type=_Letter).id
        except msgspec.DecodeError:
            raise TransientError(
                f"{self._service.name} took something and did not name it", may_have_arrived=True
            ) from None

    async def look_up(self, name: str) -> Sequence[Signal]:
        """Return what became of a letter; nothing of one unknown or being made. Raises one of the four errors."""
        found = await self._service.look(f"/v1/letters/{quote(name, safe='')}")
        if found is None:
            return ()
        try:
            letter = msgspec.json.decode(found, type=_Standing)
        except msgspec.DecodeError:
            raise TransientError(f"{self._service.name} says nothing of a letter that can be read") from None
        what = "deleted" if letter.deleted else _OF_STATUS.get(letter.status)
        told = [*([_Scan(name=what, id=f"{name} {what}")] if what is not None else []), *letter.tracking_events]
        return [signal_of(f"letter.{_spelled(one.name)}", at=one.time, event_id=one.id, letter=name) for one in told]

    async def _ask(self, method: str, **content: Any) -> bytes:  # noqa: ANN401 - as httpx takes it
        """Return the body of a success. Repeating under one key is safe, so whatever got lost is transient."""
        answer = await self._service.ask(method, "/v1/letters", repeats_safely=True, **content)
        if not answer.is_success:
            raise self._error(answer)
        return answer.body

    def _error(self, answer: ServiceAnswer) -> ConnectorError:
        """Return what a refusal means. Its words may hold the address and are not told, its code is."""
        error = error_of_status(self._service.name, answer.status, answer.headers, repeats_safely=True)
        code = _code(answer.body)
        return PermanentError(f"{error}: {code}") if isinstance(error, PermanentError) and code else error


def _spelled(name: str) -> str:
    """Return a name such as `In Transit` as reports spell it."""
    return name.lower().replace(" ", "_")


def _code(body: bytes) -> str:
    try:
        told = msgspec.json.decode(body, type=_Refused).error.code
    except msgspec.DecodeError:
        return ""
    return told if told.replace("_", "").isalnum() and told.isascii() else ""
