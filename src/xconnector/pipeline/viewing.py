"""viewing: a customer opened a document on our portal, and that is a report of its hand-over like any other."""

from xconnector.domain.delivery import DeliveryEvent, DeliveryEventType
from xconnector.pipeline.track import keep_reports
from xconnector.pipeline.workplace import Workplace
from xconnector.store.portal import PublishedDocument

BY_LINK = "by a signed link"
SIGNED_IN = "by a person signed in"


async def keep_view(place: Workplace, document: PublishedDocument, *, is_signed_in: bool) -> None:
    """Keep that somebody looked at a document; durable on return. Looks within one minute are one."""
    seen = DeliveryEvent(
        dispatch_key=document.dispatch_key,
        type=DeliveryEventType.OPENED,
        occurred_at=place.now().replace(second=0, microsecond=0),
        detail=SIGNED_IN if is_signed_in else BY_LINK,
    )
    await keep_reports(place, [seen])
