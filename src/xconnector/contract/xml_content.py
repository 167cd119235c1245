"""XML as JSON types, from a parser that trusts nobody: no document type, no entities, nothing fetched.

A document type is refused before anything is parsed, so there are no entities to resolve or expand.
"""

import re
from collections.abc import Mapping
from typing import Any, Final, TypeAlias, TypedDict, cast

from lxml import etree

from xconnector.domain.strict_json import Json

XmlElement: TypeAlias = etree._Element  # noqa: SLF001  # pyright: ignore[reportPrivateUsage] - lxml has no other name for it

SCHEMA_INSTANCE = "{http://www.w3.org/2001/XMLSchema-instance}"
# What may stand before a document type or the first element (XML 1.0, section 2.8).
_PROLOG = re.compile(rb"(?:\xef\xbb\xbf|\xff\xfe|\xfe\xff)?(?:\s+|<\?.*?\?>|<!--.*?-->)*", re.DOTALL)
_ERRORS = {
    number: name
    for name, number in cast("Mapping[str, int]", vars(cast("Any", etree).ErrorTypes)).items()
    if name.startswith("ERR_")
}


class XmlContentError(ValueError):
    """The text is no XML that we take; the message says why and shows none of it."""


class _Trusting(TypedDict):
    resolve_entities: bool
    no_network: bool
    load_dtd: bool
    dtd_validation: bool
    huge_tree: bool
    remove_comments: bool
    remove_pis: bool


NOBODY: Final = _Trusting(
    resolve_entities=False,
    no_network=True,
    load_dtd=False,
    dtd_validation=False,
    huge_tree=False,
    remove_comments=True,
    remove_pis=True,
)
"""With which every parser of ours is made: whom it trusts."""


def read_xml(content: bytes, *, depth: int) -> XmlElement:
    """Return the document element.

    Raises XmlContentError.
    """
    if has_document_type(content):
        raise XmlContentError("a document type (<!DOCTYPE …>) can hide entities and foreign files: it is not taken")
    try:
        root = etree.fromstring(content, etree.XMLParser(**NOBODY))
    except etree.XMLSyntaxError as wrong:
        raise XmlContentError(f"not well-formed XML ({told_of(wrong)}) in line {wrong.lineno or 1}") from None
    except ValueError:
        raise XmlContentError("not well-formed XML") from None
    if cast("Any", root.getroottree()).docinfo.doctype:
        raise XmlContentError("a document type (<!DOCTYPE …>) can hide entities and foreign files: it is not taken")
    if _is_deeper(root, depth):
        raise XmlContentError(f"elements are nested deeper than {depth}")
    return root


def has_document_type(head: bytes) -> bool:
    """Say whether a document type is the first thing that means something."""
    # UTF-16 spells the same signs with a zero byte beside each.
    prolog = head.replace(b"\0", b"")
    found = _PROLOG.match(prolog)
    rest = prolog[found.end() :] if found else prolog
    return rest.startswith(b"<!")


def error_name(wrong: etree.XMLSyntaxError) -> str:
    """Return libxml2's name of an error: its sentence may quote the file, the name does not."""
    return _ERRORS.get(cast("Any", wrong).code, "")


def told_of(wrong: etree.XMLSyntaxError) -> str:
    """Return what an error is in a few words, without what stands in the file."""
    kind = error_name(wrong).removeprefix("ERR_").replace("_", " ").lower()
    # lxml's own error says nothing but that libxml2 gave up, as it does at an entity nobody declared.
    return "an undeclared entity or broken markup" if kind in {"", "internal error"} else kind


def local_name(tag: Any) -> str:  # noqa: ANN401 - lxml gives functions as tags of what is no element
    """Return a name without its namespace."""
    return tag.rpartition("}")[2] if isinstance(tag, str) else ""


def content_of(element: XmlElement) -> Json:
    """Return text for an element that is only text, else a mapping of its children, `@attributes` and `#text`."""
    if element.get(f"{SCHEMA_INSTANCE}nil") in {"true", "1"}:
        return None
    found: dict[str, Json] = {
        f"@{local_name(name)}": value
        for name, value in cast("Mapping[str, str]", element.attrib).items()
        if not name.startswith(SCHEMA_INSTANCE)
    }
    text = element.text or ""
    for child in element:
        _add(found, local_name(child.tag), content_of(child))
        text += child.tail or ""
    text = text.strip()
    if not found:
        return text
    if text or not len(element):
        found["#text"] = text
    return found


def _add(found: dict[str, Json], name: str, value: Json) -> None:
    """Keep a child; one that comes again makes a list."""
    if name not in found:
        found[name] = value
    elif isinstance(earlier := found[name], list):
        earlier.append(value)
    else:
        found[name] = [earlier, value]


def _is_deeper(root: XmlElement, depth: int) -> bool:
    level = [root]
    for _ in range(depth):
        level = [child for element in level for child in element]
        if not level:
            return False
    return True
