"""The marks in the left margin by which the inserting machine keeps a letter's sheets together.

**OMR.** Ten positions below one another, 1/6 inch apart, each a bar of 8 mm by 0.5 mm or blank:

1. gate: always
2. begin of set: on a letter's first sheet
3. end of set: on its last sheet
4. to 5. the sheet's number within the letter, modulo 4, lowest bit first
6. to 8. the letter's number within the bundle, modulo 8, lowest bit first
9. parity: makes the number of bars even
10. stop: always

A sheet that is lost, doubled, or belongs to the next letter breaks a count; a bar misread breaks the parity.

**DataMatrix.** 18 digits in a symbol of 16 by 16 modules of 0.5 mm, Extended Channel off: bundle (6, see
`bundle_number`), the letter's number within the bundle (6), sheet (3), sheets of the letter (3).
"""

import hashlib
import re
from dataclasses import dataclass
from typing import NamedTuple

import zint

from xconnector.connectors.print_house.ticket import Marks

POINTS_PER_MM = 72 / 25.4
# Marks are drawn in hundredths of a millimetre: whole numbers are short and quick to write.
_UNITS_PER_MM = 100
_POINTS_PER_UNIT = POINTS_PER_MM / _UNITS_PER_MM
_OMR_PITCH = 25.4 / 6 * _UNITS_PER_MM
_OMR_LENGTH = 8 * _UNITS_PER_MM
_OMR_THICKNESS = _UNITS_PER_MM // 2
_MODULE = _UNITS_PER_MM // 2
_BYTES_PER_ROW = 144
"""zint keeps a row of modules as bits, lowest first, with room for 1152."""
_DARK_RUN = re.compile("1+")
_BUNDLE_NUMBERS = 1_000_000
_MOST_SHEETS_IN_A_CODE = 999


class Bar(NamedTuple):
    """A black rectangle, in hundredths of a millimetre from the top left corner of the marks downwards."""

    left: int
    top: int
    width: int
    height: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """One sheet of one letter, numbers from 1."""

    bundle_number: int
    sequence: int
    """The letter's number within the bundle."""
    number: int
    """The sheet's number within the letter."""
    of: int
    """How many sheets the letter has."""


def bundle_number(bundle_key: str) -> int:
    """Return the six digits that stand for a bundle in a DataMatrix: SHA-256 of its key, modulo a million."""
    return int.from_bytes(hashlib.sha256(bundle_key.encode()).digest()) % _BUNDLE_NUMBERS


def bars_of(sheet: Sheet, marks: Marks) -> list[Bar]:
    """Return what is to be drawn on the front of a sheet."""
    match marks:
        case Marks.DATAMATRIX:
            return _datamatrix(datamatrix_text(sheet))
        case Marks.OMR:
            return [
                Bar(0, round(position * _OMR_PITCH), _OMR_LENGTH, _OMR_THICKNESS)
                for position, is_set in enumerate(omr_positions(sheet))
                if is_set
            ]
        case Marks.NONE:
            return []


def omr_positions(sheet: Sheet) -> tuple[bool, ...]:
    """Return for each of the ten positions whether it carries a bar."""
    counted = (
        sheet.number == 1,
        sheet.number == sheet.of,
        *(bool(sheet.number >> bit & 1) for bit in range(2)),
        *(bool(sheet.sequence >> bit & 1) for bit in range(3)),
    )
    return (True, *counted, sum(counted) % 2 == 1, True)


def datamatrix_text(sheet: Sheet) -> str:
    """Return the 18 digits of a sheet's DataMatrix; sheets above 999 all say 999."""
    number, of = min(sheet.number, _MOST_SHEETS_IN_A_CODE), min(sheet.of, _MOST_SHEETS_IN_A_CODE)
    return f"{sheet.bundle_number:06}{sheet.sequence % _BUNDLE_NUMBERS:06}{number:03}{of:03}"


def _datamatrix(text: str) -> list[Bar]:
    symbol = zint.Symbol()
    symbol.symbology = zint.Symbology.DATAMATRIX
    symbol.option_3 = zint.DataMatrixOptions.SQUARE
    symbol.encode(text)
    bits = symbol.encoded_data.tobytes()
    rows = (bits[row * _BYTES_PER_ROW :][: -(-symbol.width // 8)] for row in range(symbol.rows))
    return [
        Bar(run.start() * _MODULE, top * _MODULE, len(run[0]) * _MODULE, _MODULE)
        for top, row in enumerate(rows)
        for run in _DARK_RUN.finditer(f"{int.from_bytes(row, 'little'):b}"[::-1])
    ]


class Page(NamedTuple):
    """A page's place in its own coordinates, in points, and how it is turned to be looked at."""

    left: float
    bottom: float
    right: float
    top: float
    turned: int
    """Clockwise, in degrees: 0, 90, 180, or 270."""


def drawing(bars: list[Bar], page: Page, *, left_mm: float, top_mm: float) -> bytes:
    """Return the operators that draw the bars in black at this place of the page as one looks at it."""
    height = page.right - page.left if page.turned in {90, 270} else page.top - page.bottom
    left, top = left_mm * POINTS_PER_MM, height - top_mm * POINTS_PER_MM
    # Downwards, from the top left corner of the marks.
    marks = f"{_POINTS_PER_UNIT:.6f} 0 0 -{_POINTS_PER_UNIT:.6f} {left:.3f} {top:.3f}"
    rectangles = "".join(["%d %d %d %d re\n" % bar for bar in bars])  # noqa: UP031 - twice as fast, 60 times a sheet
    return f"q {_as_looked_at(page)} cm {marks} cm 0 g\n{rectangles}f Q\n".encode("ascii")


def _as_looked_at(page: Page) -> str:
    """Return the matrix from coordinates with their origin in the visible lower left corner to the page's own."""
    match page.turned:
        case 90:
            return f"0 1 -1 0 {page.right:.3f} {page.bottom:.3f}"
        case 180:
            return f"-1 0 0 -1 {page.right:.3f} {page.top:.3f}"
        case 270:
            return f"0 -1 1 0 {page.left:.3f} {page.top:.3f}"
        case _:
            return f"1 0 0 1 {page.left:.3f} {page.bottom:.3f}"
