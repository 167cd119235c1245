"""Where it may be which time for a customer: every zone of the country, since a country is all that is surely known."""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from zoneinfo import ZoneInfo, available_timezones

from babel.core import get_global


def zones_of(country: str, *, otherwise: str) -> Sequence[ZoneInfo]:
    """Return the time zones of a country (ISO 3166-1 alpha-2), or another zone where the country is not known.

    Source: Unicode CLDR, territories of time zones.
    """
    return _zones(country, otherwise)


@lru_cache(maxsize=512)
def _zones(country: str, otherwise: str) -> Sequence[ZoneInfo]:
    territories: Mapping[str, str] = get_global("zone_territories")
    names = {zone for zone, territory in territories.items() if territory == country}
    return [ZoneInfo(name) for name in sorted(names & available_timezones())] or [ZoneInfo(otherwise)]
