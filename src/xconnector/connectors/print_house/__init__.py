"""Printing and posting: bundles of letters with marks and a manifest, handed over to a print house's folder or SFTP."""

from typing import TYPE_CHECKING

from xconnector.connectors.print_house.settings import PrintHouseSettings
from xconnector.contract.manifest import Manifest, Stability, Surroundings
from xconnector.domain.routing.plan import Medium

if TYPE_CHECKING:
    from xconnector.connectors.print_house.channel import PrintHouse


def _channel(settings: PrintHouseSettings, surroundings: Surroundings) -> "PrintHouse":
    from xconnector.connectors.print_house.channel import PrintHouse

    return PrintHouse(settings, surroundings)


MANIFEST = Manifest(
    name="print_house",
    summary="Hands over bundles of letters, with marks and a manifest, to a print house's folder or SFTP server.",
    settings=PrintHouseSettings,
    stability=Stability.STABLE,
    channel=_channel,
    medium=Medium.PRINT,
)
