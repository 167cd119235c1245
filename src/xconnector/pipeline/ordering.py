"""Orders: what a composer is told to make of a communication."""

from collections.abc import Sequence

from xconnector.contract.composer import Order
from xconnector.domain.document import RenditionKind
from xconnector.pipeline.workplace import Workplace
from xconnector.store.communications import Standing
from xconnector.store.rows import from_json


async def kinds_for(place: Workplace, plan: Sequence[str]) -> frozenset[RenditionKind]:
    """Return what a plan's channels take. The letter is always made: it is the record, whatever the customer sees.

    Raises one of the four contract errors when a channel cannot be opened.
    """
    channels = [await place.connections.channel(name) for name in plan]
    return frozenset({RenditionKind.LETTER}).union(*(channel.takes for channel in channels))


def order_of(standing: Standing, template: str, kinds: frozenset[RenditionKind], content: str) -> Order:
    """Return the order of a communication; `content` is what templates get, as JSON text."""
    return Order(
        communication_id=standing.communication_id,
        template=template,
        kinds=kinds,
        language=standing.language,
        data=from_json(content),
        issued_at=standing.issued_at,
    )


def composer_of(place: Workplace, standing: Standing) -> str:
    """Return the connection that composes a communication."""
    return place.project.communications[standing.name].template.composer


def template_of(place: Workplace, standing: Standing) -> str:
    """Return the template of which a communication is made."""
    return place.project.communications[standing.name].template.name
