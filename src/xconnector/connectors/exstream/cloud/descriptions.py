"""Descriptions of services (OpenAPI, Swagger): found where their pages say, and compared with what we call."""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final, cast
from urllib.parse import urlsplit

import msgspec

_PLACE: Final = re.compile(r"\{[^{}/]*\}")
_VERSIONED: Final = re.compile(r"/api/v\d+$|/resource$")
_NAMED: Final = re.compile(rb"""["']?url["']?\s*:\s*["'](/[^"'\s?#<>]{0,300})["']""")

Calls = frozenset[tuple[str, str]]
"""Method in upper case, and path with its places left without names."""


def context_of(url: str) -> str:
    """Return the address of a service without its version: where its pages lie."""
    return _VERSIONED.sub("", url)


def named_in(script: bytes) -> str | None:
    """Return the path of the description that a Swagger page's script names; None where it names none of this host."""
    found = _NAMED.search(script)
    path = found[1].decode("ascii", "ignore") if found is not None else ""
    # Two slashes would lead to another host.
    return path if path.startswith("/") and not path.startswith("//") and "/.." not in path else None


def at_host_of(url: str, path: str) -> str:
    """Return the address of a path at a service's host."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}{path}"


def calls_of(body: bytes) -> Calls | None:
    """Return the calls that a description names; None for what is no description."""
    try:
        content = msgspec.json.decode(body, type=dict[str, Any])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    paths = content.get("paths")
    if not isinstance(paths, dict) or not ("openapi" in content or "swagger" in content):
        return None
    return frozenset(
        (str(method).upper(), _plain(str(path)))
        for path, methods in cast("Mapping[object, object]", paths).items()
        if isinstance(methods, dict)
        for method in cast("Mapping[object, object]", methods)
    )


def missing_in(calls: Calls, wanted: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """Return those of the wanted calls that are not described; a description may begin before or behind our prefix."""
    return [(method, path) for method, path in wanted if not _is_described(calls, method, _plain(path))]


def _is_described(calls: Calls, method: str, path: str) -> bool:
    return any(told == method and (at.endswith(path) or path.endswith(at)) for told, at in calls if at.strip("/"))


def _plain(path: str) -> str:
    return _PLACE.sub("{}", path).rstrip("/")
