"""A mail taken apart (RFC 5322, 2045 to 2047), however broken: bounded in depth, in parts, and in time.

What cannot be read by the book is read as it stands: nothing here raises, whatever the bytes are.
"""

import binascii
import html
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

MOST_OCTETS = 1024 * 1024
"""Of a mail that are looked at: a report stands before the mail that it returns."""
_DEEPEST = 8
_MOST_PARTS = 100
_MOST_FIELDS = 500
_LONGEST_FIELD = 16 * 1024
_LONGEST_TEXT = 256 * 1024

_END_OF_LINE = re.compile(rb"\r\n?")
_NO_FIELD = re.compile(rb"^(?![!-9;-~]{1,100}[ \t]*:|[ \t]|\Z)", re.MULTILINE)
_FIELD_NAME = re.compile(r"[!-9;-~]{1,100}[ \t]*\Z")
_PARAMETER = re.compile(r';\s*([\w*!-]{1,60})\s*=\s*(?:"((?:[^"\\]|\\.){0,500})"|([^\s;]{1,500}))')
_ENCODED_WORD = re.compile(r"=\?([^?\s]{1,40})\?([bBqQ])\?([^?\s]{0,2000})\?=(?:\s+(?==\?))?")
_BOUNDARY_LINE = re.compile(rb"^--([^\n]{1,200})\n(?=[!-9;-~]{1,60}:)", re.MULTILINE)
# Codecs for texts of people; others that Python knows, such as punycode, take a time that grows with the square.
_CHARSET = re.compile(
    r"(?:us-)?ascii|utf[-_]?(?:7|8|16|32)(?:[-_]?[bl]e)?|(?:iso|windows|cp|ibm|x-cp|x-mac|mac)[-_]?[\w-]{1,20}|latin[-_]?\d{1,2}"
    r"|koi8[-_]?[rut]|gb[-_]?\d{4,5}|gbk|hz(?:-gb-2312)?|big5(?:-?hkscs)?|euc[-_]\w{2}|(?:shift|s)[-_]?jis|ks_c_5601-1987|johab"
    r"|tis-?620",
    re.IGNORECASE,
)
_MARKUP_WITHOUT_WORDS = (("<!--", "-->"), ("<style", "</style"), ("<script", "</script"), ("<head", "</head"))
_LINE_BREAKING_TAG = re.compile(r"<\s*/?\s*(?:br|p|div|tr|li|h\d|table|pre|blockquote)\b[^<>]{0,2000}>", re.IGNORECASE)
_TAG = re.compile(r"<[a-zA-Z/!][^<>@]{0,2000}>")


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A mail, or one part of it: its fields, and its content or its parts."""

    fields: tuple[tuple[str, str], ...] = field(repr=False)
    """Names in lower case, values unfolded and as they stand."""
    content: bytes = field(repr=False)
    """Still in its transfer encoding."""
    parts: tuple["Part", ...] = field(default=(), repr=False)

    def value(self, name: str) -> str:
        """Return the first value of a field, or nothing."""
        return next((value for known, value in self.fields if known == name), "")

    def values(self, name: str) -> list[str]:
        return [value for known, value in self.fields if known == name]

    @property
    def media_type(self) -> str:
        """`text/plain` where nothing else is said."""
        told = self.value("content-type").partition(";")[0].strip().lower()
        return told if "/" in told else "text/plain"

    @property
    def form_field(self) -> str:
        """Return the name of the field of a form that this part is (RFC 7578), or nothing."""
        return _parameter(self.value("content-disposition"), "name")

    def walk(self) -> Iterator["Part"]:
        """Yield this part and all inside it, from the top."""
        yield self
        for part in self.parts:
            yield from part.walk()

    def octets(self) -> bytes:
        """Return the content without its transfer encoding, as much of it as can be read."""
        match self.value("content-transfer-encoding").partition(";")[0].strip().lower():
            case "base64":
                return _from_base64(self.content)
            case "quoted-printable":
                return binascii.a2b_qp(self.content)
            case _:
                return self.content

    def text(self) -> str:
        """Return the content for people; of HTML only what is shown."""
        said = decoded(self.octets()[:_LONGEST_TEXT], _parameter(self.value("content-type"), "charset"))
        return _shown(said) if self.media_type == "text/html" else said


def read_mail(content: bytes) -> Part:
    """Return a mail, of which no more than MOST_OCTETS are looked at. Never raises."""
    content = _END_OF_LINE.sub(b"\n", content[:MOST_OCTETS]).lstrip(b"\n")
    if content.startswith((b"From ", b">From ")):
        # How a mailbox file (mbox) separates mails.
        content = content.partition(b"\n")[2]
    return _Reading().part(content, depth=0)


def read_fields(text: str) -> tuple[tuple[str, str], ...]:
    """Return the fields of a header: names in lower case, values unfolded; lines that are none are left out."""
    found: list[tuple[str, str]] = []
    for line in text.split("\n")[:_MOST_FIELDS]:
        if line[:1] in {" ", "\t"}:
            if found and len(found[-1][1]) < _LONGEST_FIELD:
                found[-1] = (found[-1][0], f"{found[-1][1]} {line.strip()}".lstrip())
            continue
        name, colon, value = line.partition(":")
        if colon and _FIELD_NAME.match(name):
            found.append((name.rstrip().lower(), value.strip()[:_LONGEST_FIELD]))
    return tuple(found)


def decoded(octets: bytes, charset: str = "") -> str:
    """Return what octets say: in the charset that they claim, else UTF-8, else as Latin-1."""
    claimed = charset.strip("\"' ")
    names = [claimed, "utf-8"] if _CHARSET.fullmatch(claimed) else ["utf-8"]
    for name in names:
        try:
            return octets.decode(name)
        except (UnicodeError, LookupError):
            continue
    return octets.decode("latin-1")


def unencoded(value: str) -> str:
    """Return a field's value with its encoded words (RFC 2047) read."""
    return _ENCODED_WORD.sub(_word, value) if "=?" in value else value


class _Reading:
    """One mail being read; counts its parts."""

    def __init__(self) -> None:
        self._left = _MOST_PARTS

    def part(self, content: bytes, *, depth: int) -> Part:
        head, body = _split(content)
        fields = read_fields(decoded(head))
        outer = Part(fields=fields, content=body)
        if not outer.media_type.startswith("multipart/") or depth >= _DEEPEST:
            return outer
        sections = self._sections(outer)
        return Part(fields=fields, content=body, parts=tuple(self.part(one, depth=depth + 1) for one in sections))

    def _sections(self, outer: Part) -> Sequence[bytes]:
        boundary = _parameter(outer.value("content-type"), "boundary").encode("utf-8", "replace")
        found = _between(outer.content, boundary) if boundary else []
        if not found and (guessed := _BOUNDARY_LINE.search(outer.content)):
            found = _between(outer.content, guessed[1].rstrip())
        kept = found[: max(self._left, 0)]
        self._left -= len(kept)
        return kept


def _split(content: bytes) -> tuple[bytes, bytes]:
    if content.startswith(b"\n"):
        return b"", content[1:]
    head, _, body = content.partition(b"\n\n")
    if begun := _NO_FIELD.search(head):
        # Somebody forgot the empty line: the first line that is no field is of the content.
        return head[: begun.start()], content[begun.start() :]
    return head, body


def _between(content: bytes, boundary: bytes) -> list[bytes]:
    """Return what stands between the lines of a boundary; the last one need not be there."""
    line = re.compile(rb"^--" + re.escape(boundary) + rb"(--)?[ \t]*(?:\n|\Z)", re.MULTILINE)
    found: list[bytes] = []
    beginning: int | None = None
    for mark in line.finditer(content):
        if beginning is not None:
            found.append(content[beginning : mark.start()].removesuffix(b"\n"))
        beginning = None if mark[1] else mark.end()
    if beginning is not None:
        found.append(content[beginning:])
    return found


def _parameter(value: str, name: str) -> str:
    for told, quoted, bare in _PARAMETER.findall(value[:_LONGEST_FIELD]):
        if told.lower().rstrip("*") == name:
            return re.sub(r"\\(.)", r"\1", quoted) if quoted else bare
    return ""


def _from_base64(content: bytes) -> bytes:
    letters = re.sub(rb"[^A-Za-z0-9+/]", b"", content)
    # One letter by itself is no octet: it was lost with the rest.
    whole = letters[:-1] if len(letters) % 4 == 1 else letters
    return binascii.a2b_base64(whole + b"=" * (-len(whole) % 4))


def _word(found: re.Match[str]) -> str:
    letters = found[3].encode("ascii", "replace")
    octets = _from_base64(letters) if found[2] in "bB" else binascii.a2b_qp(letters, header=True)
    return decoded(octets, found[1].partition("*")[0])


def _shown(markup: str) -> str:
    for beginning, end in _MARKUP_WITHOUT_WORDS:
        markup = _without(markup, beginning, end)
    return html.unescape(_TAG.sub(" ", _LINE_BREAKING_TAG.sub("\n", markup))).replace("\xa0", " ")


def _without(markup: str, beginning: str, end: str) -> str:
    """Leave out what stands between two marks; what is begun and not ended stays."""
    if beginning not in (small := markup.lower()) or len(small) != len(markup):
        return markup
    kept: list[str] = []
    position = 0
    while (found := small.find(beginning, position)) >= 0 and (ended := small.find(end, found)) >= 0:
        kept.append(markup[position:found])
        position = ended + len(end)
    return " ".join([*kept, markup[position:]])
