"""XML from anywhere: without document types, entities, the network, and endless depth."""

from collections.abc import Iterator
from typing import Any, TypeAlias, cast

from lxml import etree

MOST_NESTED = 64

XmlElement: TypeAlias = etree._Element  # noqa: SLF001  # pyright: ignore[reportPrivateUsage] - lxml has no other name for it


class XmlRefusedError(ValueError):
    """The text is no XML that we take."""

    def __init__(self, line: int, message: str) -> None:
        super().__init__(message)
        self.line = line


def read_xml(content: bytes) -> XmlElement:
    """Return the root of a document, without comments and processing instructions.

    Raises XmlRefusedError.
    """
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, remove_comments=True, remove_pis=True
    )
    try:
        root = etree.fromstring(content, parser)
    except etree.XMLSyntaxError as wrong:
        raise XmlRefusedError(wrong.lineno or 1, "this is no well-formed XML") from None
    if cast("Any", root.getroottree()).docinfo.doctype:
        raise XmlRefusedError(1, "the file has a document type (<!DOCTYPE …>), which can hide foreign files")
    _refuse_depth(root)
    return root


def children(element: XmlElement, name: str) -> Iterator[XmlElement]:
    """Yield the children of this name in the element's own namespace."""
    yield from element.iterchildren(f"{{{namespace_of(element)}}}{name}")


def child(element: XmlElement, name: str) -> XmlElement | None:
    return next(children(element, name), None)


def text_of(element: XmlElement | None, name: str = "text") -> str:
    """Return the text of a child, without spaces around it; empty where there is no such child."""
    found = None if element is None else child(element, name)
    return "" if found is None else "".join(str(text) for text in found.itertext()).strip()


def line_of(element: XmlElement) -> int:
    return element.sourceline or 1


def namespace_of(element: XmlElement) -> str:
    return etree.QName(element).namespace or ""


def name_of(element: XmlElement) -> str:
    """Return the element's name without its namespace."""
    return etree.QName(element).localname


def _refuse_depth(root: XmlElement) -> None:
    depth = 0
    for event, element in etree.iterwalk(root, events=("start", "end")):
        depth += 1 if event == "start" else -1
        if depth > MOST_NESTED:
            raise XmlRefusedError(line_of(element), f"elements are nested deeper than {MOST_NESTED}")
