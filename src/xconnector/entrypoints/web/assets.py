"""Style sheet and pictures of the pages: their addresses hold a digest, so that browsers may keep them for good."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from hashlib import sha256
from http import HTTPStatus
from importlib.resources import files
from pathlib import PurePosixPath

from fastapi import APIRouter
from fastapi.responses import Response
from starlette.exceptions import HTTPException

_MEDIA_TYPES = {".css": "text/css; charset=utf-8", ".svg": "image/svg+xml"}
_DIGITS = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Asset:
    """One file as it is served."""

    address: str
    media_type: str
    content: bytes = field(repr=False)


def asset_address(name: str) -> str:
    """Return where a file of `assets/` is served."""
    return _assets()[name].address


def asset_routes() -> APIRouter:
    """Return the files of the pages; they are the same for everybody and need no key."""
    routes = APIRouter(include_in_schema=False)
    by_address = {asset.address: asset for asset in _assets().values()}

    @routes.get("/favicon.ico", status_code=HTTPStatus.NO_CONTENT)
    async def no_icon() -> None:
        """Browsers ask for it beside a PDF, which names no icon of its own."""

    @routes.get("/assets/{digest}/{name}")
    async def asset(digest: str, name: str) -> Response:
        found = by_address.get(f"/assets/{digest}/{name}")
        if found is None:
            raise HTTPException(HTTPStatus.NOT_FOUND)
        return Response(
            found.content,
            media_type=found.media_type,
            headers={"Cache-Control": "public, max-age=31536000, immutable"},
        )

    return routes


@cache
def _assets() -> Mapping[str, Asset]:
    """Return all files by name. They share one digest, so that they can name each other."""
    entries = files("xconnector.entrypoints.web").joinpath("assets").iterdir()
    contents = {entry.name: entry.read_bytes() for entry in entries if PurePosixPath(entry.name).suffix in _MEDIA_TYPES}
    digest = sha256(b"".join(contents[name] for name in sorted(contents))).hexdigest()[:_DIGITS]
    return {
        name: Asset(
            address=f"/assets/{digest}/{name}", media_type=_MEDIA_TYPES[PurePosixPath(name).suffix], content=content
        )
        for name, content in contents.items()
    }
