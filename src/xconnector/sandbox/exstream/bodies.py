"""Bodies of requests: read with a cap, or laid down in a file as they come."""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from hashlib import sha256
from pathlib import Path
from tempfile import mkstemp
from typing import Any, cast
from urllib.parse import parse_qs

from starlette.requests import Request

_LARGEST = 200 * 1024 * 1024
_LARGEST_SPOOLED = 8 * 1024 * 1024 * 1024


class UnfitBodyError(Exception):
    """A body is too large, or not what it should be; the message says which."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One part of a multipart form."""

    name: str
    file_name: str
    content: bytes = field(repr=False)

    @property
    def text(self) -> str:
        return self.content.decode("utf-8", errors="replace")


@dataclass(frozen=True, slots=True, kw_only=True)
class Spooled:
    """A body that lies in a file."""

    path: Path
    sha256: str


async def content_of(request: Request) -> bytes:
    """Return the whole body. Raises UnfitBodyError beyond 200 MiB."""
    content = bytearray()
    async for chunk in request.stream():
        content += chunk
        if len(content) > _LARGEST:
            raise UnfitBodyError(f"the body has more than {_LARGEST} bytes")
    return bytes(content)


async def spooled(request: Request, folder: Path) -> Spooled:
    """Lay the body down in a new file of a folder. Raises UnfitBodyError beyond 8 GiB."""
    digest = sha256()
    path = _new_file(folder)
    try:
        with path.open("wb") as file:
            async for chunk in request.stream():
                digest.update(chunk)
                file.write(chunk)
                if file.tell() > _LARGEST_SPOOLED:
                    raise UnfitBodyError(f"the body has more than {_LARGEST_SPOOLED} bytes")
    except BaseException:
        path.unlink()
        raise
    return Spooled(path=path, sha256=digest.hexdigest())


async def json_of(request: Request) -> dict[str, Any]:
    """Return a JSON object. Raises UnfitBodyError for anything else."""
    try:
        told = json.loads(await content_of(request))
    except (ValueError, RecursionError):
        raise UnfitBodyError("the body is no JSON") from None
    if not isinstance(told, dict):
        raise UnfitBodyError("the body is no JSON object")
    return cast("dict[str, Any]", told)


async def form_of(request: Request) -> Mapping[str, str]:
    """Return the fields of a url-encoded form; of a field that stands there twice, the first."""
    text = (await content_of(request)).decode("utf-8", errors="replace")
    return {name: values[0] for name, values in parse_qs(text, keep_blank_values=True).items()}


async def parts_of(request: Request) -> list[Part]:
    """Return the parts of a multipart form. Raises UnfitBodyError for anything else."""
    kind = request.headers.get("content-type", "")
    if not kind.lower().startswith("multipart/form-data"):
        raise UnfitBodyError("the body is no multipart form")
    head = f"Content-Type: {kind}\r\nMIME-Version: 1.0\r\n\r\n".encode("latin-1")
    message = BytesParser(policy=policy.HTTP).parsebytes(head + await content_of(request))
    return [_part(cast("EmailMessage", part)) for part in message.iter_parts()]


def _new_file(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    descriptor, name = mkstemp(dir=folder, prefix="driver-")
    os.close(descriptor)
    return Path(name)


def _part(message: EmailMessage) -> Part:
    content = message.get_payload(decode=True)
    return Part(
        name=str(message.get_param("name", "", header="content-disposition")),
        file_name=message.get_filename() or "",
        content=content if isinstance(content, bytes) else b"",
    )
