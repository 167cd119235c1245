"""Reads a letter as it lies on the table: where its words stand, and what a machine reads off it."""

from dataclasses import dataclass
from typing import Any, cast

import pypdfium2
import zxingcpp

MM = 72 / 25.4
SHEET_HEIGHT = 297
DATAMATRIX = zxingcpp.barcode_formats_from_str("DataMatrix")
# DIN 5008, form B: the window of the envelope, in millimetres from the sheet's upper left corner.
WINDOW = (20.0, 45.0, 105.0, 90.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A rectangle on a sheet, in millimetres from its upper left corner."""

    left: float
    top: float
    right: float
    bottom: float

    def within(self, area: tuple[float, float, float, float]) -> bool:
        left, top, right, bottom = area
        return left <= self.left and top <= self.top and self.right <= right and self.bottom <= bottom

    def meets(self, area: tuple[float, float, float, float]) -> bool:
        left, top, right, bottom = area
        return self.left < right and left < self.right and self.top < bottom and top < self.bottom


class Letter:
    """A letter, opened."""

    def __init__(self, content: bytes) -> None:
        # pypdfium2 is typed in part only: what we take from it is typed where it leaves this class.
        self._pdf = cast("Any", pypdfium2.PdfDocument(content))

    @property
    def pages(self) -> list[str]:
        """The words of each page, blanks of every width made plain."""
        return [plain(page.get_textpage().get_text_range()) for page in self._pdf]

    @property
    def text(self) -> str:
        return "\n".join(self.pages)

    def places_of(self, words: str) -> list[Place]:
        """Where these words stand on the first sheet."""
        textpage = self._pdf[0].get_textpage()
        searcher = textpage.search(words, match_case=True)
        places: list[Place] = []
        while (found := searcher.get_next()) is not None:
            first, count = found
            boxes: list[tuple[float, float, float, float]] = [
                textpage.get_charbox(index) for index in range(first, first + count)
            ]
            places.append(
                Place(
                    left=min(box[0] for box in boxes) / MM,
                    top=SHEET_HEIGHT - max(box[3] for box in boxes) / MM,
                    right=max(box[2] for box in boxes) / MM,
                    bottom=SHEET_HEIGHT - min(box[1] for box in boxes) / MM,
                )
            )
        return places

    def in_window(self) -> str:
        """Every word in the window of the envelope, line by line."""
        left, top, right, bottom = WINDOW
        textpage = self._pdf[0].get_textpage()
        area = (left * MM, (SHEET_HEIGHT - bottom) * MM, right * MM, (SHEET_HEIGHT - top) * MM)
        return plain(textpage.get_text_bounded(*area))

    def codes(self) -> list[tuple[str, Place]]:
        """Every DataMatrix that a scanner reads on the first sheet at 300 dpi, and where it stands."""
        picture = self._pdf[0].render(scale=300 / 72, grayscale=True).to_pil()
        dot = 25.4 / 300
        found: list[tuple[str, Place]] = []
        for code in zxingcpp.read_barcodes(picture, formats=DATAMATRIX):
            corners = (
                code.position.top_left,
                code.position.top_right,
                code.position.bottom_left,
                code.position.bottom_right,
            )
            across, down = [corner.x * dot for corner in corners], [corner.y * dot for corner in corners]
            place = Place(left=min(across), top=min(down), right=max(across), bottom=max(down))
            found.append((code.text, place))
        return found


def plain(words: str) -> str:
    """Words with blanks of every width made plain ones, and a minus made a hyphen."""
    table = {ord(blank): " " for blank in "\u00a0\u202f\u2007\u2009"}
    table[0x2212] = "-"
    return words.translate(table).replace("\r\n", "\n")
