"""SOAP 1.1 as Exstream's older services speak it: envelopes written, and read by a parser that trusts nobody.

SOAP forbids document types, so an answer with anything before its first element but the XML declaration is refused
before it is parsed: there are no entities to expand and nothing outside to fetch.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from lxml import etree

XmlElement: TypeAlias = etree._Element  # noqa: SLF001  # pyright: ignore[reportPrivateUsage] - lxml has no other name for it

SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
MEDIA_TYPE = "text/xml"

_CHUNK = 16_384
_DEEPEST = 64
_MOST_ELEMENTS = 100_000
_LONGEST_FAULT_TEXT = 4000
_LONGEST_DECLARATION = 256
# What may stand before the first element: a byte order mark, white space, and one XML declaration.
_OPENING = re.compile(rb"(?:\xef\xbb\xbf)?\s{0,64}(?:<\?xml\s[^<>]{0,200}\?>)?\s{0,64}<[A-Za-z_]")
_DECLARED = re.compile(rb"""<\?xml\s[^<>]*?encoding\s*=\s*["']([A-Za-z0-9._-]+)["']""")
_BYTES_AS_IN_ASCII = frozenset({"utf-8", "us-ascii", "iso-8859-1", "windows-1252"})
"""Encodings in which a document type cannot be spelt in another way than in ASCII."""
_UTF_16_MARKS = (b"\xff\xfe", b"\xfe\xff")


class UnreadableXmlError(Exception):
    """What came is not the XML that was expected. The message holds no content."""

    def __init__(self, says: str, *, is_cut_off: bool = False) -> None:
        super().__init__(says)
        self.is_cut_off = is_cut_off
        """Whether it may be whole another time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """A SOAP fault."""

    code: str
    """Local name of its code, such as `Server` or `FailedAuthentication`."""
    code_namespace: str | None
    detail: str | None
    """Local name of the first element of its detail, such as `EngineServiceException`."""
    text: str = field(repr=False)
    """What it says, in words that may quote customers; cut off after 4,000 characters."""


def write_envelope(body: XmlElement, *, header: XmlElement | None = None) -> bytes:
    """Return an envelope in UTF-8 around what is called, with one header entry if there is one."""
    envelope = etree.Element(f"{{{SOAP}}}Envelope", nsmap={"soapenv": SOAP})
    if header is not None:
        etree.SubElement(envelope, f"{{{SOAP}}}Header").append(header)
    etree.SubElement(envelope, f"{{{SOAP}}}Body").append(body)
    return etree.tostring(envelope, encoding="UTF-8", xml_declaration=True)


def read_envelope(content: bytes) -> XmlElement | Fault:
    """Return the first element of an envelope's body, or the fault that stands in its place.

    Raises UnreadableXmlError.
    """
    envelope = read_xml(content)
    if envelope.tag != f"{{{SOAP}}}Envelope":
        raise UnreadableXmlError("is no SOAP 1.1 envelope")
    answer = next(iter(_inside(envelope, f"{{{SOAP}}}Body")), None)
    if answer is None:
        raise UnreadableXmlError("is an envelope without a body")
    return _fault(answer) if answer.tag == f"{{{SOAP}}}Fault" else answer


def read_xml(content: bytes) -> XmlElement:
    """Return the root of a document without document type, of bounded depth and number of elements.

    The caller bounds its size. Raises UnreadableXmlError.
    """
    encoding = _encoding(content)
    parser = etree.XMLPullParser(
        events=("start", "end"),
        encoding=encoding,
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        dtd_validation=False,
        # A document of more than 10 MB in base64 is one text; depth, number, and size are bounded here instead.
        huge_tree=True,
        remove_comments=True,
        remove_pis=True,
    )
    return _parsed(parser, content)


def children(element: XmlElement, name: str) -> Iterator[XmlElement]:
    """Give the children of this local name, whatever their namespace: services differ in qualifying them."""
    return (child for child in element if local_name(child) == name)


def child(element: XmlElement, name: str) -> XmlElement | None:
    """Return the first child of this local name."""
    return next(children(element, name), None)


def child_text(element: XmlElement, name: str) -> str:
    """Return the text of the first child of this local name, without white space around it; else nothing."""
    found = child(element, name)
    return (found.text or "").strip() if found is not None else ""


def local_name(element: XmlElement) -> str:
    """Return the name without its namespace."""
    return str(element.tag).rpartition("}")[2]


def namespace(element: XmlElement) -> str | None:
    """Return the namespace, or None where there is none."""
    return str(element.tag)[1:].partition("}")[0] if str(element.tag).startswith("{") else None


def _encoding(content: bytes) -> str:
    if content.startswith(_UTF_16_MARKS):
        opening = content[: 2 * _LONGEST_DECLARATION].decode("utf-16", "replace").encode("ascii", "replace")
        if not _OPENING.match(opening):
            raise UnreadableXmlError("does not begin like an answer: a document type or no XML at all")
        return "utf-16"
    if not _OPENING.match(content):
        raise UnreadableXmlError("does not begin like an answer: a document type or no XML at all")
    declared = _DECLARED.search(content[:_LONGEST_DECLARATION])
    name = declared[1].decode("ascii").lower() if declared else "utf-8"
    if name not in _BYTES_AS_IN_ASCII:
        raise UnreadableXmlError("declares an encoding that is not read here")
    return name


def _parsed(parser: etree.XMLPullParser, content: bytes) -> XmlElement:
    shape = _Shape()
    try:
        for start in range(0, len(content), _CHUNK):
            parser.feed(content[start : start + _CHUNK])
            shape.follow(parser)
        return parser.close()
    except etree.XMLSyntaxError:
        # The parser's own words quote what stands there.
        raise UnreadableXmlError("is no well-formed XML, or cut off", is_cut_off=True) from None


class _Shape:
    """How deep and how many elements have come so far."""

    def __init__(self) -> None:
        self._depth = 0
        self._elements = 0

    def follow(self, parser: etree.XMLPullParser) -> None:
        for event, _ in parser.read_events():
            if event == "start":
                self._depth += 1
                self._elements += 1
            else:
                self._depth -= 1
            if self._depth > _DEEPEST or self._elements > _MOST_ELEMENTS:
                raise UnreadableXmlError("has more or deeper elements than any answer needs")


def _inside(element: XmlElement, tag: str) -> Sequence[XmlElement]:
    found = element.find(tag)
    return [] if found is None else list(found)


def _fault(element: XmlElement) -> Fault:
    prefix, _, code = child_text(element, "faultcode").rpartition(":")
    code_element = child(element, "faultcode")
    prefixes = code_element.nsmap if code_element is not None else {}
    detail = child(element, "detail")
    first = next(iter(detail), None) if detail is not None else None
    said = [
        child_text(element, "faultstring"),
        *(str(text) for text in (detail.itertext() if detail is not None else ())),
    ]
    return Fault(
        code=code,
        code_namespace=prefixes.get(prefix or None),
        detail=local_name(first) if first is not None else None,
        text=" ".join(" ".join(said).split())[:_LONGEST_FAULT_TEXT],
    )
