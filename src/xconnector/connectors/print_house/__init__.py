"""Printing and posting: bundles of letters with marks and a manifest, handed over to a print house's folder or SFTP."""

from typing import TYPE_CHECKING

from xconnector.connectors.print_house.settings import PrintHouseSettings
from xconnector.contract.errors import MisconfiguredError
from xconnector.contract.manifest import Manifest, Stability, Surroundings
from xconnector.domain.routing.plan import Medium

if TYPE_CHECKING:
    from xconnector.connectors.print_house.channel import PrintHouse


def _channel(settings: PrintHouseSettings, surroundings: Surroundings) -> "PrintHouse":
    from xconnector.connectors.print_house.channel import PrintHouse

    if settings.pgp is None:
        return PrintHouse(settings, surroundings)
    try:
        from xconnector.connectors.print_house.pgp import PgpSeal
    except ModuleNotFoundError as missing:
        raise MisconfiguredError("encrypting needs a library: pip install xconnector[pgp]") from missing
    return PrintHouse(settings, surroundings, PgpSeal(settings.pgp, surroundings.project_folder))


MANIFEST = Manifest(
    name="print_house",
    summary="Hands over bundles of letters, with marks and a manifest, to a print house's folder or SFTP server.",
    settings=PrintHouseSettings,
    stability=Stability.STABLE,
    channel=_channel,
    medium=Medium.PRINT,
)
