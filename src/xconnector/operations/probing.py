"""Probing: what an installation of an outside system offers, as a profile to keep beside the project."""

from collections.abc import Mapping
from datetime import datetime
from io import StringIO
from typing import Any

from ruamel.yaml import YAML

from xconnector.contract.probing import Probes, Profile, Sighting
from xconnector.project.open_connections import Connections


class ProbeError(Exception):
    """The connection cannot be probed; the message says why and what to do."""


async def probe_connection(connections: Connections, name: str) -> Profile:
    """Look at the installation behind a connection, without an effect that anybody could notice.

    Raises ProbeError, or one of the four contract errors when the connection cannot even be opened.
    """
    opened = await connections.opened(name) if name in connections.names else None
    if not isinstance(opened, Probes):
        able = connections.names_of(lambda one: isinstance(one, Probes))
        raise ProbeError(f"{name!r} is no connection that can be probed; the project has: {', '.join(able) or 'none'}")
    return await opened.probe()


def lacks_something(profile: Profile) -> bool:
    """Say whether something that the connection needs is not there."""
    return any(sighting.is_amiss for sighting in profile.sightings)


def as_yaml(profile: Profile, *, connection: str, now: datetime) -> str:
    """Return a profile as a file to keep: what was found, what is missing or differs, and what must be set by hand."""
    content = {
        "connection": connection,
        "product": profile.product,
        "probed_at": now.isoformat(timespec="seconds"),
        "addresses": dict(profile.addresses),
        "found": [_told(sighting) for sighting in profile.sightings],
        "set_by_hand": {row.setting: row.why for row in profile.by_hand},
    }
    yaml = YAML()
    yaml.width = 120
    out = StringIO()
    yaml.dump(content, out)  # pyright: ignore[reportUnknownMemberType] - ruamel.yaml has no types for it
    return out.getvalue()


def _told(sighting: Sighting) -> Mapping[str, Any]:
    told: dict[str, Any] = {"service": sighting.service, "what": sighting.subject, "is": sighting.found.value}
    if sighting.said:
        told["said"] = sighting.said
    if sighting.needed:
        told["needed"] = True
    return told
