"""The channel: each letter becomes a letter of the account."""

from collections.abc import Sequence
from datetime import timedelta

from xconnector.connectors.lob.client import LobClient
from xconnector.connectors.lob.letter import form_of
from xconnector.connectors.lob.settings import LobSettings
from xconnector.contract.channel import Dispatch, Receipt
from xconnector.contract.errors import ConnectorError, PermanentError
from xconnector.contract.service_channel import ServiceChannel
from xconnector.domain.document import RenditionKind
from xconnector.domain.feedback.signal import Signal

_KEYS_LIVE = timedelta(hours=23)
"""Lob keeps idempotency keys for a day; an hour of it is left for clocks and for the way."""


class LobChannel(ServiceChannel[LobClient]):
    """Hands letters over; Lob knows one again by its key for a day."""

    def __init__(self, settings: LobSettings) -> None:
        super().__init__(LobClient(settings), at_once=settings.at_once)
        self._settings = settings

    @property
    def takes(self) -> frozenset[RenditionKind]:
        return frozenset({RenditionKind.LETTER})

    @property
    def remembers_dispatches(self) -> bool:
        return True

    @property
    def remembers_for(self) -> timedelta:
        return _KEYS_LIVE

    async def look_up(self, references: Sequence[str]) -> Sequence[Sequence[Signal] | ConnectorError]:
        return await self.look_up_each(references, self._client.look_up)

    async def hand_over(self, dispatch: Dispatch) -> Receipt:
        letter = dispatch.renditions.get(RenditionKind.LETTER)
        if letter is None:
            raise PermanentError("no letter was composed to print: give its template a letter")
        form = form_of(dispatch, self._settings)
        name = await self._client.hand_over(dispatch.dispatch_key, form, letter.content)
        return Receipt(reference=name, awaits_report=self._settings.reports is not None)
