"""The package of a workbook, proven before anything opens it: a ZIP file of XML parts, bounded in every direction.

Only parts that were looked at are handed on. They declare no document types and no entities, and no cell that says
something stands far out, so that whoever opens the workbook needs time for its content only.
"""

import re
from collections.abc import Mapping
from io import BytesIO
from xml.parsers.expat import ExpatError, ParserCreate
from zipfile import ZIP_STORED, ZipFile

LAST_ROW = 4_000
"""The last row of a sheet that may say something: as many as a table may have, and empty ones between them."""
LAST_COLUMN = 256

_MOST_PARTS = 500
_MOST_UNPACKED = 20_000_000
_MOST_ELEMENTS = 1_000_000
_MOST_LAYOUT = 50_000
# What cells and their texts are made of; all else is layout.
_OF_CELLS = frozenset({"row", "c", "v", "is", "si", "t"})
_MOST_SHEETS = 30
_MOST_NESTED = 100
_OLD = b"\xd0\xcf\x11\xe0"
_PLACE = re.compile(r"([A-Z]{1,3})([1-9]\d{0,6})")


class WorkbookError(ValueError):
    """The workbook is not opened; the message says why, `remedy` what to do."""

    def __init__(self, message: str, remedy: str = "open it in a spreadsheet and save it as .xlsx") -> None:
        super().__init__(message)
        self.remedy = remedy


def proven_package(content: bytes) -> bytes:
    """Return a package with the XML parts of a workbook, each of them proven.

    Raises WorkbookError.
    """
    if content.startswith(_OLD):
        raise WorkbookError("the workbook is an old one or has a password", "save it as .xlsx, without a password")
    parts = _parts(content)
    if any(b"macroEnabled" in part for part in parts.values()):
        raise WorkbookError("the workbook may hold macros", "save it as .xlsx, without macros")
    bounds = _Bounds()
    for name, part in parts.items():
        _prove(name, part, bounds)
    package = BytesIO()
    with ZipFile(package, "w", ZIP_STORED) as written:
        for name, part in parts.items():
            written.writestr(name, part)
    return package.getvalue()


def _parts(content: bytes) -> Mapping[str, bytes]:
    """Return the XML parts by name; pictures and whatever else there is are left out."""
    try:
        with ZipFile(BytesIO(content)) as package:
            entries = package.infolist()
            names = [one.filename for one in entries]
            if len(entries) > _MOST_PARTS or sum(one.file_size for one in entries) > _MOST_UNPACKED:
                raise WorkbookError(f"the workbook is larger than {_MOST_UNPACKED} bytes when unpacked", "divide it")
            if len({*names}) < len(names):
                raise WorkbookError("a part of the workbook is there twice")
            if any(name.lower().endswith("vbaproject.bin") for name in names):
                raise WorkbookError("the workbook holds macros", "save it as .xlsx, without macros")
            return {name: package.read(name) for name in names if name.lower().endswith((".xml", ".rels"))}
    except WorkbookError:
        raise
    except Exception as wrong:
        # Broken bytes lead a reader of ZIP files anywhere.
        raise WorkbookError("this is no workbook, or a broken one") from wrong


class _Bounds:
    """What all parts together have used up."""

    def __init__(self) -> None:
        self.elements = 0
        self.layout = 0
        self.sheets = 0

    def count(self, name: str) -> None:
        self.elements += 1
        self.layout += name not in _OF_CELLS
        self.sheets += name == "sheet"
        if self.elements > _MOST_ELEMENTS or self.layout > _MOST_LAYOUT or self.sheets > _MOST_SHEETS:
            said = "the workbook has too many sheets, cells or styles"
            raise WorkbookError(said, "copy the table into a new workbook, without its layout")


def _prove(name: str, part: bytes, bounds: _Bounds) -> None:
    parser = ParserCreate(namespace_separator=" ")
    content = _PartContent(name, bounds)
    parser.StartElementHandler = content.begin
    parser.EndElementHandler = content.end
    parser.StartDoctypeDeclHandler = content.refuse_doctype
    try:
        parser.Parse(part, True)  # noqa: FBT003 - named in no other way
    except (ExpatError, ValueError) as wrong:
        if isinstance(wrong, WorkbookError):
            raise
        raise WorkbookError(f"the part {name!r} of the workbook is broken") from wrong


class _PartContent:
    """What stands in a part, element by element; cells in rows have to stand in order, and not far out."""

    def __init__(self, name: str, bounds: _Bounds) -> None:
        self._name = name
        self._bounds = bounds
        self._open: list[str] = []
        self._row = 0
        self._column = 0

    def begin(self, spelled: str, attributes: dict[str, str]) -> None:
        name = spelled.rpartition(" ")[2]
        self._bounds.count(name)
        above = self._open[-1] if self._open else ""
        self._open.append(name)
        if len(self._open) > _MOST_NESTED:
            raise WorkbookError(f"the part {self._name!r} of the workbook is nested too deeply")
        if name == "strike" and above == "rPr" and attributes.get("val", "1") not in {"0", "false"}:
            said = "a part of a cell's text is struck through"
            raise WorkbookError(said, "write the cell anew, without what is struck through")
        if name == "row":
            self._begin_row(attributes.get("r"))
        elif above == "row":
            self._begin_cell(attributes.get("r"))
        elif above and self._open[-3:-2] == ["row"] and (self._row > LAST_ROW or self._column > LAST_COLUMN):
            said = f"a cell in row {self._row}, column {self._column} stands too far out"
            raise WorkbookError(said, f"clear what is below row {LAST_ROW} and right of column {LAST_COLUMN}")

    def end(self, _spelled: str) -> None:
        self._open.pop()

    def refuse_doctype(self, *_declared: object) -> None:
        raise WorkbookError(f"the part {self._name!r} of the workbook declares a document type")

    def _begin_row(self, number: str | None) -> None:
        row = self._row + 1 if number is None else int(number)
        if row <= self._row:
            raise WorkbookError("the rows of a sheet stand out of order")
        self._row, self._column = row, 0

    def _begin_cell(self, place: str | None) -> None:
        if place is None:
            self._column += 1
            return
        found = _PLACE.fullmatch(place)
        column = _number_of(found[1]) if found else 0
        if found is None or int(found[2]) != self._row or column <= self._column:
            raise WorkbookError("the cells of a row stand out of order")
        self._column = column


def _number_of(letters: str) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - ord("A") + 1
    return number
