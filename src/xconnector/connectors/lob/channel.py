"""The channel: each letter becomes a letter of the account."""

import asyncio
from collections.abc import Sequence
from types import TracebackType
from typing import Self

from xconnector.connectors.lob.client import LobClient
from xconnector.connectors.lob.letter import form_of
from xconnector.connectors.lob.settings import LobSettings
from xconnector.contract.channel import Dispatch, Receipt
from xconnector.contract.errors import ConnectorError, MisconfiguredError, PermanentError
from xconnector.domain.document import RenditionKind


class LobChannel:
    """Hands letters over; Lob knows one again by its key for a day."""

    def __init__(self, settings: LobSettings) -> None:
        self._settings = settings
        self._client = LobClient(settings)
        self._free = asyncio.Semaphore(settings.at_once)

    @property
    def takes(self) -> frozenset[RenditionKind]:
        return frozenset({RenditionKind.LETTER})

    @property
    def remembers_dispatches(self) -> bool:
        return True

    async def __aenter__(self) -> Self:
        await self._client.__aenter__()
        return self

    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None, /
    ) -> None:
        await self._client.__aexit__(exc_type, exc, traceback)

    async def check(self) -> None:
        try:
            await self._client.knock()
        except PermanentError as refusal:
            raise MisconfiguredError(str(refusal)) from None

    async def send(self, dispatches: Sequence[Dispatch]) -> Sequence[Receipt | ConnectorError]:
        return await asyncio.gather(*(self._send(dispatch) for dispatch in dispatches))

    async def _send(self, dispatch: Dispatch) -> Receipt | ConnectorError:
        letter = dispatch.renditions.get(RenditionKind.LETTER)
        if letter is None:
            return PermanentError("no letter was composed to print: give its template a letter")
        try:
            form = form_of(dispatch, self._settings)
            async with self._free:
                name = await self._client.hand_over(dispatch.dispatch_key, form, letter.content)
        except ConnectorError as error:
            return error
        return Receipt(reference=name, awaits_report=self._settings.reports is not None)
