"""The service in its own words: `Compose`, and its WSDL."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from http import HTTPStatus
from secrets import token_bytes

from xconnector.connectors.exstream.engine_service.answer import ComposeAnswer, read_answer
from xconnector.connectors.exstream.engine_service.request import Compose, compose_request
from xconnector.connectors.exstream.engine_service.settings import EngineServiceSettings
from xconnector.connectors.exstream.engine_service.user_token import Stamp
from xconnector.connectors.exstream.engine_service.verdict import refusal_of
from xconnector.connectors.exstream.engine_service.wire import Answer, EngineServiceWire, Question
from xconnector.connectors.exstream.soap import Fault, UnreadableXmlError
from xconnector.connectors.exstream.wsdl import LARGEST_WSDL, EngineServiceDescription, read_wsdl
from xconnector.contract.errors import MisconfiguredError, PermanentError, TransientError

_MAY_BE_A_FAULT = frozenset({HTTPStatus.OK, HTTPStatus.BAD_REQUEST, HTTPStatus.INTERNAL_SERVER_ERROR})


def new_stamp() -> Stamp:
    """Return the stamp of a request that is sent now."""
    return Stamp(nonce=token_bytes(16), created_at=datetime.now(UTC))


class EngineServiceClient:
    """Speaks over a wire that is opened and closed elsewhere."""

    def __init__(
        self, wire: EngineServiceWire, settings: EngineServiceSettings, *, stamp: Callable[[], Stamp] = new_stamp
    ) -> None:
        self._wire = wire
        self._settings = settings
        self._stamp = stamp

    async def describe(self) -> EngineServiceDescription:
        """Return what the service's WSDL says. Raises TransientError or MisconfiguredError."""
        url = self._settings.wsdl_url
        try:
            answer = await self._wire.ask(Question(url=url, largest=LARGEST_WSDL))
            if answer.status != HTTPStatus.OK:
                raise self._wire.refused(answer)
            return await asyncio.to_thread(read_wsdl, answer.body.content)
        except PermanentError as refused:
            raise MisconfiguredError(f"its WSDL cannot be read at {url}: {refused}") from None
        except UnreadableXmlError as unreadable:
            raise MisconfiguredError(f"what {url} gives {unreadable}: correct `url` or `wsdl`") from None

    async def compose(self, compose: Compose) -> ComposeAnswer:
        """Return what the service answers. Raises one of the four errors, never OutcomeUnknownError."""
        answered = await self._exchanged(compose)
        if isinstance(answered, Fault):
            raise refusal_of(answered, self._settings)
        return answered

    async def prove_token(self) -> None:
        """Ask for nothing, to see whether the account is let in. Raises TransientError or MisconfiguredError."""
        try:
            answered = await self._exchanged(Compose(package=None, driver=b"", options=self._settings.engine_options))
        except PermanentError:
            # It read the request, and so the account, before it refused.
            return
        if isinstance(answered, Fault):
            refusal = refusal_of(answered, self._settings)
            if isinstance(refusal, MisconfiguredError):
                raise refusal

    async def _exchanged(self, compose: Compose) -> ComposeAnswer | Fault:
        token = self._settings.token
        stamp = self._stamp() if token is not None and token.stamped else None
        request = await asyncio.to_thread(compose_request, compose, self._settings, stamp)
        largest = int(self._settings.largest_answer)
        answer = await self._wire.ask(Question(url=self._settings.url, body=request, largest=largest))
        if answer.status not in _MAY_BE_A_FAULT or (answer.status != HTTPStatus.OK and not answer.is_xml):
            raise self._wire.refused(answer)
        if not answer.is_xml:
            raise MisconfiguredError(
                f"{self._wire.name} answers with something else than XML: `url` is not where it composes"
            )
        return await self._understood(answer)

    async def _understood(self, answer: Answer) -> ComposeAnswer | Fault:
        try:
            read = await asyncio.to_thread(read_answer, answer.body)
        except UnreadableXmlError as unreadable:
            if answer.status != HTTPStatus.OK:
                raise self._wire.refused(answer) from None
            error = TransientError if unreadable.is_cut_off else PermanentError
            raise error(f"what {self._wire.name} answers {unreadable}") from None
        if answer.status != HTTPStatus.OK and not isinstance(read, Fault):
            raise self._wire.refused(answer)
        return read
