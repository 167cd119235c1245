"""One PDF of a bundle: pages of many letters below a balanced page tree of its own.

Every page is copied once and the tree is built at the end, so that the work grows with the pages and
not with their square.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pikepdf
from pikepdf import Array, Dictionary, Name

from xconnector.connectors.print_house.imb import bars_of_imb
from xconnector.connectors.print_house.letter import contents_of
from xconnector.connectors.print_house.marks import Page, Sheet, bars_of, drawing
from xconnector.connectors.print_house.ticket import Compression, Layout, Marks, PrintedFile

_KIDS_PER_NODE = 64
_BOX = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Numbers:
    """An envelope's own numbers, which stand in its marks."""

    bundle_number: int
    sequence: int
    sheets: int
    tracking: str | None = None
    """The first 20 digits of its Intelligent Mail barcode, where it has one."""
    routing: str = ""


class Part:
    """A PDF that grows letter by letter and is saved once."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self._pdf = pikepdf.new()
        self._pages: list[pikepdf.Object] = []
        self._before = self._stream(b"q\n")

    @property
    def pages(self) -> int:
        """Return how many pages it has, blank backs among them."""
        return len(self._pages)

    def add(self, letters: Iterable[Sequence[pikepdf.Object]], numbers: Numbers) -> list[int]:
        """Add the letters of an envelope, marked and with blank backs where they need them.

        Returns how many pages each takes. When it raises, none of their pages is in the part.
        """
        added: list[list[pikepdf.Object]] = []
        sheet = 0
        for letter in letters:
            copied = [self._pdf.copy_foreign(page) for page in letter]
            for front in copied[:: 2 if self._layout.duplex else 1]:
                sheet += 1
                self._mark(front, sheet, numbers)
            if self._layout.duplex and len(copied) % 2:
                copied.append(self._blank_back(copied[-1]))
            added.append(copied)
        for copied in added:
            self._pages += copied
        return [len(copied) for copied in added]

    def save(self, path: Path) -> PrintedFile:
        """Write the PDF, prove that it says how many pages were added, and return what it is.

        Nothing can be added afterwards. Raises ValueError when the file says otherwise.
        """
        self._pdf.Root.Pages = self._tree()
        self._pdf.save(
            path,
            min_version="1.7",
            object_stream_mode=pikepdf.ObjectStreamMode.generate,
            recompress_flate=self._layout.compression is Compression.SMALL,
            deterministic_id=True,
        )
        _prove_count(path, self.pages)
        return PrintedFile.of(path)

    def _mark(self, front: pikepdf.Object, number: int, numbers: Numbers) -> None:
        drawn = b"".join(self._drawn(front, number, numbers))
        if drawn:
            # The letter's own drawing is fenced in, so that its coordinates and colours end with it.
            front.Contents = Array([self._before, *contents_of(front), self._stream(b"\nQ " + drawn)])

    def _drawn(self, front: pikepdf.Object, number: int, numbers: Numbers) -> Iterator[bytes]:
        layout, page = self._layout, _page(front)
        if layout.marks is not Marks.NONE:
            sheet = Sheet(
                bundle_number=numbers.bundle_number, sequence=numbers.sequence, number=number, of=numbers.sheets
            )
            bars = bars_of(sheet, layout.marks)
            yield drawing(bars, page, left_mm=layout.marks_left_mm, top_mm=layout.marks_top_mm)
        if layout.imb is not None and numbers.tracking is not None and number == 1:
            bars = bars_of_imb(numbers.tracking, numbers.routing)
            yield drawing(bars, page, left_mm=layout.imb.left_mm, top_mm=layout.imb.top_mm)

    def _stream(self, operators: bytes) -> pikepdf.Object:
        return self._pdf.make_stream(operators)  # pyright: ignore[reportUnknownMemberType] - of its keywords

    def _blank_back(self, front: pikepdf.Object) -> pikepdf.Object:
        back = Dictionary(Type=Name.Page, MediaBox=front.MediaBox, Resources=Dictionary())
        if "/Rotate" in front:
            back.Rotate = front.Rotate
        return self._pdf.make_indirect(back)

    def _tree(self) -> pikepdf.Object:
        nodes, counts = self._pages, [1] * self.pages
        while True:
            nodes, counts = self._level(nodes, counts)
            if len(nodes) == 1:
                return nodes[0]

    def _level(self, kids: list[pikepdf.Object], counts: list[int]) -> tuple[list[pikepdf.Object], list[int]]:
        """Put one level of nodes above the kids."""
        nodes: list[pikepdf.Object] = []
        sums: list[int] = []
        for start in range(0, len(kids), _KIDS_PER_NODE):
            below = kids[start : start + _KIDS_PER_NODE]
            count = sum(counts[start : start + _KIDS_PER_NODE])
            node = self._pdf.make_indirect(Dictionary(Type=Name.Pages, Kids=Array(below), Count=count))
            for kid in below:
                kid.Parent = node
            nodes.append(node)
            sums.append(count)
        return nodes, sums


def _page(page: pikepdf.Object) -> Page:
    # The crop box is what the printer shows; without one the whole sheet is.
    box = [float(edge) for edge in page.get("/CropBox", page.MediaBox).as_list()]
    if len(box) != _BOX:
        raise ValueError("a page's box has four edges")
    left, right = sorted((box[0], box[2]))
    bottom, top = sorted((box[1], box[3]))
    return Page(left, bottom, right, top, int(page.get("/Rotate", 0)) % 360)


def _prove_count(path: Path, expected: int) -> None:
    # Going through all pages, or bringing down what they inherit, would load every object of the file.
    with pikepdf.open(path, inherit_page_attributes=False) as saved:
        stated = int(saved.Root.Pages.Count)
    if stated != expected:
        raise ValueError(f"{path.name} says that it has {stated} pages and should have {expected}")
