"""XML drivers, read as a stream: one element for each customer."""

from collections.abc import Iterator, Mapping
from typing import Any, BinaryIO, TypeAlias, cast

from lxml import etree

from xconnector.connectors.exstream.driver.xml_driver import XmlDriver
from xconnector.sandbox.exstream.driver_values import put_fields
from xconnector.sandbox.exstream.unreadable import UnreadableDriverError

Element: TypeAlias = etree._Element  # noqa: SLF001  # pyright: ignore[reportPrivateUsage] - lxml has no public name for it


def xml_customers(layout: XmlDriver, driver: BinaryIO) -> Iterator[dict[str, Any]]:
    """Yield the data of each customer. Raises UnreadableDriverError."""
    prefixes = {uri: f"{prefix}:" for prefix, uri in layout.namespaces.items()}
    try:
        for element in _elements(layout, driver, prefixes):
            content = _content(element, prefixes)
            data = cast("dict[str, Any]", content if isinstance(content, dict) else {})
            if layout.fields is None:
                yield data
            else:
                found: dict[str, Any] = {}
                put_fields(layout.fields, data, found, found)
                yield found
    except etree.XMLSyntaxError:
        raise UnreadableDriverError("the driver is no XML") from None


def _elements(layout: XmlDriver, driver: BinaryIO, prefixes: Mapping[str, str]) -> Iterator[Element]:
    """Yield each customer's element: below the root, or the root itself where one customer stands alone."""
    depth, wanted = 0, 0
    for event, element in etree.iterparse(
        driver, events=("start", "end"), resolve_entities=False, load_dtd=False, no_network=True, huge_tree=False
    ):
        if event == "start":
            depth += 1
            if depth == 1:
                # The name alone does not tell: a customer may hold an element called as customers are.
                wanted = 1 if _name(element.tag, prefixes) == layout.customer != layout.root else 2
            continue
        depth -= 1
        if depth == wanted - 1:
            yield element
            element.clear()
            parent = element.getparent()
            while parent is not None and element.getprevious() is not None:
                del parent[0]


def _content(element: Element, prefixes: Mapping[str, str]) -> Any:  # noqa: ANN401 - as JSON has it
    """Return an element as JSON types: attributes as `@name`, elements of one name as a list, nothing as None."""
    found: dict[str, Any] = {f"@{_name(name, prefixes)}": text for name, text in element.attrib.items()}
    # By the star come elements alone, and no comments or entities.
    for child in element.iterchildren("*"):
        name, content = _name(child.tag, prefixes), _content(child, prefixes)
        if name not in found:
            found[name] = content
        elif isinstance(found[name], list):
            found[name].append(content)
        else:
            found[name] = [found[name], content]
    text = element.text or ""
    if not found:
        return text or None
    if text.strip():
        found["#text"] = text
    return found


def _name(tag: object, prefixes: Mapping[str, str]) -> str:
    uri, _, local = str(tag).rpartition("}")
    return prefixes.get(uri.removeprefix("{"), "") + local
