"""Finds connectors by entry point, ours and third parties' alike; loads them on first use."""

from functools import cache
from importlib.metadata import EntryPoint, entry_points
from typing import Any, cast

from xconnector.contract.manifest import Manifest

GROUP = "xconnector.connectors"


class UnknownConnectorError(LookupError):
    """No connector has this name; the message lists those that are installed."""


@cache
def _installed() -> dict[str, EntryPoint]:
    return {entry.name: entry for entry in entry_points(group=GROUP)}


def connector_names() -> tuple[str, ...]:
    """Return the names of all installed connectors, sorted."""
    return tuple(sorted(_installed()))


@cache
def manifest(name: str) -> Manifest[Any]:
    """Return the manifest of a connector.

    Raises UnknownConnectorError for a name that is not installed, TypeError when the entry point
    is no manifest.
    """
    entry = _installed().get(name)
    if entry is None:
        raise UnknownConnectorError(f"no connector is called {name!r}; installed are: {', '.join(connector_names())}")
    found = entry.load()
    if not isinstance(found, Manifest):
        raise TypeError(f"the entry point of connector {name!r} must be a Manifest, not {type(found).__name__}")
    return cast("Manifest[Any]", found)  # isinstance cannot see its settings
