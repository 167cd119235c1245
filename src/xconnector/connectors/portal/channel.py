"""The channel: each letter becomes a document in the customer's portal, and can be withdrawn from it."""

from xconnector.connectors.portal.client import PortalClient
from xconnector.connectors.portal.settings import PortalSettings
from xconnector.contract.channel import Dispatch, Receipt
from xconnector.contract.errors import PermanentError
from xconnector.contract.service_channel import ServiceChannel
from xconnector.domain.document import RenditionKind


class PortalChannel(ServiceChannel[PortalClient]):
    """Publishes; the portal knows a dispatch again by its key."""

    def __init__(self, settings: PortalSettings) -> None:
        super().__init__(PortalClient(settings))

    @property
    def takes(self) -> frozenset[RenditionKind]:
        return frozenset({RenditionKind.LETTER})

    @property
    def remembers_dispatches(self) -> bool:
        return True

    async def hand_over(self, dispatch: Dispatch) -> Receipt:
        letter = dispatch.renditions.get(RenditionKind.LETTER)
        if letter is None:
            raise PermanentError("no letter was composed to publish: give its template a letter")
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
        return Receipt(reference=reference)

    async def withdraw(self, dispatch_key: str) -> None:
        """Take a document out of its customer's sight; doing it again changes nothing.

        Raises one of the four errors, never OutcomeUnknownError.
        """
        await self._client.withdraw(dispatch_key)
