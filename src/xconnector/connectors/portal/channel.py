"""The channel: each letter becomes a document in the customer's portal."""

from collections.abc import Sequence
from types import TracebackType
from typing import Self

from xconnector.connectors.portal.client import PortalClient
from xconnector.connectors.portal.settings import PortalSettings
from xconnector.contract.channel import Dispatch, Receipt
from xconnector.contract.errors import ConnectorError, MisconfiguredError, PermanentError
from xconnector.domain.document import RenditionKind


class PortalChannel:
    """Publishes; the portal knows a dispatch again by its key."""

    def __init__(self, settings: PortalSettings) -> None:
        self._client = PortalClient(settings)

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
        return [await self._publish(dispatch) for dispatch in dispatches]

    async def _publish(self, dispatch: Dispatch) -> Receipt | ConnectorError:
        letter = dispatch.renditions.get(RenditionKind.LETTER)
        if letter is None:
            return PermanentError("no letter was composed to publish: give its template a letter")
        try:
            reference = await self._client.publish(
                dispatch.dispatch_key,
                letter.content,
                sha256=letter.sha256,
                language=dispatch.language,
                communication_id=dispatch.communication_id,
                communication=dispatch.communication,
                customer_key=dispatch.recipient.customer_key,
                title=dispatch.title,
            )
        except ConnectorError as error:
            return error
        return Receipt(reference=reference)
