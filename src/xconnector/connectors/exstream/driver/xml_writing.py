"""Writes elements of data: those that a project names, or the data as it is."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from xconnector.connectors.exstream.driver.fields import DriverField
from xconnector.connectors.exstream.driver.leaves import leaves_of
from xconnector.connectors.exstream.driver.refusal import RefusedError
from xconnector.connectors.exstream.driver.value import full_path, look_of, plain_text, text_of
from xconnector.connectors.exstream.driver.xml_text import attribute_text, element_text, is_notable, safe_name
from xconnector.domain.record_path import items_of, parse_path
from xconnector.domain.strict_json import Json

_Write: TypeAlias = Callable[[Json, Json], str]
"""Writes part of an element, from an item and the top of the data."""
TEXT = "#text"
"""Names the text of an element beside its attributes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class XmlStyle:
    """What all elements of a driver have in common."""

    leaves_out: bool
    """Whether nothing is written where there is nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    """Where an element is written."""

    style: XmlStyle
    within: str = ""
    """Path of the items around it, as a refusal calls them."""


def element_of(
    name: str, fields: Mapping[str, DriverField] | None, style: XmlStyle, *, declarations: str = ""
) -> Callable[[Json], str]:
    """Return what writes a customer's element from its data.

    What it returns raises RefusedError or PathError naming the path and no value.
    """
    if fields is None:
        return lambda data: _subtree(name, data, "", style, declarations)
    write = _group(name, fields, _Place(style=style), declarations)
    return lambda data: write(data, data)


def _group(name: str, fields: Mapping[str, DriverField], place: _Place, declarations: str = "") -> _Write:
    attributes = [_attribute(key[1:], field, place) for key, field in fields.items() if key.startswith("@")]
    inside = [_content(key, field, place) for key, field in fields.items() if not key.startswith("@")]
    begin, end = f"<{name}{declarations}", f"</{name}>"

    if not attributes:

        def write_plain(item: Json, root: Json) -> str:
            content = "".join([write(item, root) for write in inside])
            return f"{begin}>{content}{end}"

        return write_plain

    def write(item: Json, root: Json) -> str:
        inner = "".join([write(item, root) for write in inside])
        outer = "".join([write(item, root) for write in attributes])
        return f"{begin}{outer}>{inner}{end}"

    return write


def _attribute(name: str, field: DriverField, place: _Place) -> _Write:
    look, path, leaves_out = text_of(field, place.within), field.name_in(place.within), place.style.leaves_out

    def write(item: Json, root: Json) -> str:
        text = look(item, root)
        if not text and leaves_out:
            return ""
        return f' {name}="{attribute_text(text, path)}"'

    return write


def _content(name: str, field: DriverField, place: _Place) -> _Write:
    if name == TEXT:
        look, path = text_of(field, place.within), field.name_in(place.within)
        return lambda item, root: element_text(look(item, root), path)
    if field.each is not None:
        return _repeated(name, field.each, field.fields, place)
    if field.fields is not None:
        return _group(name, field.fields, place)
    return _leaf(name, field, place)


def _repeated(name: str, path: str, fields: Mapping[str, DriverField] | None, place: _Place) -> _Write:
    walk, full = parse_path(path).walk, full_path(path, place.within)
    if fields is None:
        style = place.style
        return lambda item, root: _subtree(name, list(items_of(walk(item, root))), full, style)
    write = _group(name, fields, _Place(style=place.style, within=f"{full}[*]"))
    return lambda item, root: "".join([write(one, root) for one in items_of(walk(item, root))])


def _leaf(name: str, field: DriverField, place: _Place) -> _Write:
    look, path, style = look_of(field, place.within), field.name_in(place.within), place.style
    begin, end, empty = f"<{name}>", f"</{name}>", "" if style.leaves_out else f"<{name}/>"

    def write(item: Json, root: Json) -> str:
        found = look(item, root)
        if type(found) is str:
            return f"{begin}{element_text(found, path)}{end}" if found else empty
        return _subtree(name, found, path, style)

    return write


def _subtree(name: str, value: Json, path: str, style: XmlStyle, declarations: str = "") -> str:
    """Write whatever stands in the data, a list as elements of one name."""
    try:
        return _element(name, value, style, declarations)
    except RefusedError:
        raise _refusal(value, path) from None


def _element(name: str, value: Json, style: XmlStyle, declarations: str = "") -> str:
    if isinstance(value, str):
        inner = element_text(value, name)
    elif isinstance(value, dict):
        inner = _children(value, style)
    elif isinstance(value, list):
        return "".join([_element(name, one, style) for one in value])
    else:
        inner = plain_text(value, name)
    if inner:
        return f"<{name}{declarations}>{inner}</{name}>"
    return "" if style.leaves_out else f"<{name}{declarations}/>"


def _children(group: Mapping[str, Json], style: XmlStyle) -> str:
    """Write what a group holds. Nearly all of it is plain text, which is written here without a further call."""
    written: list[str] = []
    for key, held in group.items():
        name = safe_name(key)
        if type(held) is str and held and is_notable(held) is None:
            written.append(f"<{name}>{held}</{name}>")
        else:
            written.append(_element(name, held, style))
    return "".join(written)


def _refusal(value: Json, path: str) -> RefusedError:
    """Return why a value was refused, with the path where it stands."""
    for place, leaf in leaves_of(value, path):
        try:
            element_text(plain_text(leaf, place), place)
        except RefusedError as refused:
            return refused
    raise AssertionError("what is refused in an element is refused alone")
