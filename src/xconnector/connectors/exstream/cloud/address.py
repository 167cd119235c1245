"""Addresses of the services' calls, made of a service's url and a path with places."""

from urllib.parse import quote

from xconnector.contract.errors import MisconfiguredError

_STEPS = frozenset({"", ".", ".."})


def address(url: str, path: str, /, **places: str) -> str:
    """Return the address of a call, each `{place}` of the path filled as one segment of its own.

    Raises MisconfiguredError for a name that would lead elsewhere.
    """
    for place, name in places.items():
        if name in _STEPS:
            raise MisconfiguredError(f"{place} {name!r} cannot stand in an address: mend it")
        path = path.replace(f"{{{place}}}", quote(name, safe=""))
    return url + path
