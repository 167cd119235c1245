"""The wire of XML files: record elements, streamed, from a parser that trusts nobody.

A document type is refused before anything is parsed, so there are no entities to resolve or expand
and nothing external to fetch. Elements are given back to memory as soon as they are read.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO, cast

from lxml import etree

from xconnector.connectors.xml_file.settings import XmlFileSettings
from xconnector.contract.control import ControlKind
from xconnector.contract.errors import PermanentError
from xconnector.contract.xml_content import (
    NOBODY,
    XmlElement,
    content_of,
    error_name,
    has_document_type,
    local_name,
    told_of,
)
from xconnector.domain.strict_json import Json

_CHUNK = 65_536
_CUT_OFF = frozenset({"ERR_DOCUMENT_EMPTY", "ERR_DOCUMENT_END", "ERR_TAG_NOT_FINISHED"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Element:
    """One record as it stands in the file."""

    number: int
    """Its place among the records, from 1."""
    line: int
    payload: bytes = field(repr=False)
    """The element, serialised in UTF-8."""
    data: dict[str, Any] = field(repr=False)
    is_too_long: bool


def read_elements(path: Path, settings: XmlFileSettings) -> Iterator[Element]:
    """Yield every record element.

    Raises PermanentError naming file, line and remedy when the file as a whole cannot be read, at
    the latest when it turns out to be cut off.
    """
    yield from _Reading(path, settings).records()


def read_trailer(path: Path, settings: XmlFileSettings) -> Json:
    """Return what the trailer element declares, after reading the whole file.

    Raises PermanentError when there is none, or as `read_elements` does.
    """
    reading = _Reading(path, settings)
    for _ in reading.records():
        pass
    if reading.trailer is None:
        raise PermanentError(
            f"{path.name} has no element {settings.control.marker} beside its records: "
            "ask its maker for control totals, or set `control:` of the connection"
        )
    return reading.trailer


class _Reading:
    """One pass over one file."""

    def __init__(self, path: Path, settings: XmlFileSettings) -> None:
        self._path = path
        self._settings = settings
        self._fed = 0
        self._depth = 0
        self._others = 0
        self._number = 0
        self._open: XmlElement | None = None
        self._opened_at = 0
        self.trailer: Json = None

    def records(self) -> Iterator[Element]:
        with self._opened() as file:
            head = file.read(_CHUNK)
            self._refuse_document_type(head)
            parser = etree.XMLPullParser(events=("start", "end"), **NOBODY)
            chunk = head
            while chunk:
                self._feed(parser, chunk)
                yield from self._completed(parser)
                self._refuse_endless_record()
                chunk = file.read(_CHUNK)
            self._close(parser)
            yield from self._completed(parser)
        self._refuse_wrong_element()

    def _opened(self) -> BinaryIO:
        try:
            return self._path.open("rb")
        except OSError as unreadable:
            raise PermanentError(f"{self._path.name} cannot be read: {unreadable.strerror}") from None

    def _refuse_document_type(self, head: bytes) -> None:
        if has_document_type(head):
            raise self._hostile()

    def _hostile(self) -> PermanentError:
        return PermanentError(
            f"{self._path.name} has a document type (<!DOCTYPE …>), which can hide entities and foreign files: "
            "it is refused. Ask its maker to leave it out"
        )

    def _feed(self, parser: "etree.XMLPullParser", chunk: bytes) -> None:
        self._fed += len(chunk)
        try:
            parser.feed(chunk)
        except etree.XMLSyntaxError as wrong:
            raise self._not_well_formed(wrong) from None

    def _close(self, parser: "etree.XMLPullParser") -> None:
        try:
            parser.close()
        except etree.XMLSyntaxError as wrong:
            if self._fed == 0 or error_name(wrong) in _CUT_OFF:
                raise PermanentError(
                    f"{self._path.name} is cut off after {self._number} whole records; ask its maker for a whole file"
                ) from None
            raise self._not_well_formed(wrong) from None

    def _not_well_formed(self, wrong: etree.XMLSyntaxError) -> PermanentError:
        place = f"{self._path.name}, line {wrong.lineno}" if wrong.lineno else self._path.name
        return PermanentError(
            f"{place}: not well-formed XML ({told_of(wrong)}) after {self._number} whole records; "
            "ask its maker for a whole and valid file"
        )

    def _completed(self, parser: "etree.XMLPullParser") -> Iterator[Element]:
        for event, told in parser.read_events():
            element = cast("XmlElement", told)
            if event == "start":
                self._start(element)
            elif (record := self._end(element)) is not None:
                yield record

    def _start(self, element: XmlElement) -> None:
        self._depth += 1
        if self._depth == 1 and cast("Any", element.getroottree()).docinfo.doctype:
            raise self._hostile()
        if self._depth > self._settings.depth:
            raise PermanentError(
                f"{self._path.name}, line {element.sourceline}: elements are nested deeper than "
                f"{self._settings.depth}; raise `depth:` of the connection if the file is right"
            )
        if self._open is None and (self._is_record(element) or self._is_trailer(element)):
            self._open = element
            self._opened_at = self._fed

    def _is_record(self, element: XmlElement) -> bool:
        if self._settings.parent is None:
            return local_name(element.tag) == self._settings.element
        parent = element.getparent()
        return parent is not None and local_name(parent.tag) == self._settings.parent

    def _is_trailer(self, element: XmlElement) -> bool:
        control = self._settings.control
        return control.kind is ControlKind.TRAILER and local_name(element.tag).casefold() == control.marker.casefold()

    def _end(self, element: XmlElement) -> Element | None:
        self._depth -= 1
        record: Element | None = None
        if self._open is None:
            # The elements around the records end after them: only those without one count.
            self._others += self._number == 0
        elif element is not self._open:
            return None
        elif self._is_trailer(element):
            self._keep_trailer(element)
        elif self._settings.parent is None or len(element):
            record = self._record(element)
        self._open = None
        _give_back(element)
        return record

    def _record(self, element: XmlElement) -> Element:
        if self.trailer is not None:
            raise PermanentError(
                f"{self._path.name}, line {element.sourceline}: records follow the trailer; "
                "two files may have been joined"
            )
        self._number += 1
        payload = etree.tostring(element, encoding="utf-8", xml_declaration=False, with_tail=False)
        content = content_of(element)
        data: dict[str, Any] = content if isinstance(content, dict) else {"#text": content}
        if self._settings.parent is not None:
            data["#element"] = local_name(element.tag)
        return Element(
            number=self._number,
            line=element.sourceline or 0,
            payload=payload,
            data=data,
            is_too_long=len(payload) > self._settings.record_limit,
        )

    def _keep_trailer(self, element: XmlElement) -> None:
        sums: dict[str, Json] = {
            child.get("field", ""): child.text for child in element if local_name(child.tag) == "sum"
        }
        self.trailer = {"records": element.get("records"), "sums": sums}

    def _refuse_endless_record(self) -> None:
        if self._open is not None and self._fed - self._opened_at > self._settings.record_limit + _CHUNK:
            raise PermanentError(
                f"{self._path.name}, line {self._open.sourceline}: record {self._number + 1} has more than "
                f"{self._settings.record_limit} bytes; raise `record_limit:` of the connection if the file is right"
            )

    def _refuse_wrong_element(self) -> None:
        if self._number == 0 and self._others > 1 and self.trailer is None:
            raise PermanentError(
                f"{self._path.name} has no element {self._settings.element}: check `element:` of the connection"
            )


def _give_back(element: XmlElement) -> None:
    """Free an element that was read, and what stood before it."""
    element.clear()
    parent = element.getparent()
    # The element itself stays until its successor ends: the parser may still hang text on it.
    while parent is not None and element.getprevious() is not None:
        del parent[0]
