"""An e-mail rendition taken apart: its Subject, what describes its body, and the body untouched."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from xconnector.contract.channel import Dispatch
from xconnector.contract.errors import PermanentError
from xconnector.domain.document import RenditionKind

_FIELD = re.compile(rb"([!-9;-~]+):[^\r\n]*(?:\r\n[ \t][^\r\n]*)*\r\n")
_BLANK_LINE = b"\r\n\r\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entity:
    """Its parts; all lines end in CRLF."""

    subject: bytes = field(repr=False)
    fields: bytes = field(repr=False)
    body: bytes = field(repr=False)


def entity_of(dispatch: Dispatch) -> Entity:
    """Return the e-mail of a dispatch, taken apart. Raises PermanentError when it is none that can be sent."""
    rendition = dispatch.renditions.get(RenditionKind.EMAIL)
    if rendition is None:
        raise PermanentError("no e-mail was composed for this communication: give its template an e-mail part")
    content = _with_crlf(rendition.content)
    head, blank, body = content.partition(_BLANK_LINE)
    subject, fields = b"", b""
    for name, line in _fields(head + b"\r\n"):
        match name:
            case "subject" if not subject:
                subject = line
            case "mime-version":
                pass
            case _ if name.startswith("content-"):
                fields += line
            case _:
                raise PermanentError(
                    "the composed e-mail brings a header of its own beside one Subject and Content-…: "
                    "leave the rest to the channel"
                )
    if not blank or not subject or not (head.isascii()):
        raise PermanentError("the composed e-mail needs a header in ASCII with a Subject, and a blank line below it")
    return Entity(subject=subject, fields=fields, body=body)


def _fields(head: bytes) -> Iterable[tuple[str, bytes]]:
    position = 0
    while position < len(head):
        found = _FIELD.match(head, position)
        if found is None:
            raise PermanentError("the composed e-mail has a malformed header line")
        yield found[1].decode("ascii").lower(), found[0]
        position = found.end()


def _with_crlf(content: bytes) -> bytes:
    """Return the content as SMTP carries lines; bytes that no line of a mail may hold are refused."""
    lines = content.replace(b"\r\n", b"\n")
    if b"\r" in lines or b"\0" in lines:
        raise PermanentError("the composed e-mail holds a bare carriage return or a zero byte")
    return lines.replace(b"\n", b"\r\n")
