"""What the service answers to `Compose`: files with their headers, a status, and the engine's messages [C]."""

from base64 import b64decode
from binascii import Error as NoBase64Error
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from xconnector.connectors.exstream.engine_service.mtom import Packed, included_id, unpack
from xconnector.connectors.exstream.engine_service.request import OPERATION
from xconnector.connectors.exstream.soap import (
    Fault,
    UnreadableXmlError,
    XmlElement,
    child,
    child_text,
    children,
    local_name,
    read_envelope,
)

_LONGEST_NAME = 1000
_LONGEST_STATUS = 4000
_LONGEST_NUMBER = 9


@dataclass(frozen=True, slots=True, kw_only=True)
class FileHeader:
    """What the service says of one file."""

    return_code: int | None = None
    pdl: int | None = None
    """A number for the file's language: 4 is PDF [C]."""
    extension: str = ""
    """Without a dot."""
    pages: int | None = None
    size: int | None = None
    """Bytes of the file (`outputLength`); None where nothing is told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReturnedFile:
    """One file of an answer."""

    name: str
    """As the engine's machine names it, perhaps with its folder."""
    header: FileHeader
    content: bytes | None = field(repr=False)
    """None where the answer holds nothing but the name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ComposeAnswer:
    """What came of one call."""

    files: Sequence[ReturnedFile]
    status: str = field(repr=False)
    """The service's own words."""
    messages: bytes = field(repr=False)
    """The engine's message file; empty where there is none."""


def read_answer(body: Packed) -> ComposeAnswer | Fault:
    """Return what an answer holds, or the fault that it is. The caller bounds its size. Raises UnreadableXmlError."""
    unpacked = unpack(body)
    answered = read_envelope(unpacked.envelope)
    if isinstance(answered, Fault):
        return answered
    if local_name(answered) != f"{OPERATION}Response":
        raise UnreadableXmlError(f"is no answer to {OPERATION}")
    returned = child(answered, "return")
    if returned is None:
        raise UnreadableXmlError("is an answer without its `return`")
    return ComposeAnswer(
        files=[_file(element, unpacked.attachments) for element in children(returned, "files")],
        status=child_text(returned, "statusMessage")[:_LONGEST_STATUS],
        messages=_content(child(returned, "engineMessage"), unpacked.attachments) or b"",
    )


def _file(element: XmlElement, attachments: Mapping[str, bytes]) -> ReturnedFile:
    header = child(element, "fileHeader")
    return ReturnedFile(
        name=child_text(element, "fileName")[:_LONGEST_NAME],
        header=_header(header) if header is not None else FileHeader(),
        content=_content(child(element, "fileOutput"), attachments),
    )


def _header(element: XmlElement) -> FileHeader:
    return FileHeader(
        return_code=_number(child_text(element, "returnCode")),
        pdl=_number(child_text(element, "PDL")),
        extension=child_text(element, "defaultExtension")[:_LONGEST_NAME].lstrip(".").lower(),
        pages=_number(child_text(element, "pageCount")),
        # No output is empty: 0 speaks of what stands in the answer, not of a file that stays on the server.
        size=_number(child_text(element, "outputLength")) or None,
    )


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= _LONGEST_NUMBER else None


def _content(element: XmlElement | None, attachments: Mapping[str, bytes]) -> bytes | None:
    """Return the bytes that an element holds as base64 or speaks of; None where it is absent or empty."""
    if element is None:
        return None
    name = included_id(element)
    if name is None:
        return _decoded(element.text or "") or None
    if name not in attachments:
        raise UnreadableXmlError("speaks of a part that did not come")
    return attachments[name] or None


def _decoded(text: str) -> bytes:
    try:
        return b64decode("".join(text.split()), validate=True)
    except (NoBase64Error, ValueError):
        raise UnreadableXmlError("holds content that is no base64") from None
