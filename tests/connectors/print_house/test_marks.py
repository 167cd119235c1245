"""Marks: what the inserting machine counts by, read back from the printed page."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL.Image import Image

from tests.connectors.print_house.letters import letter, piece, printed, turned
from tests.connectors.print_house.pages import pictures_of, read_code
from xconnector.connectors.print_house.marks import (
    Sheet,
    bundle_number,
    datamatrix_text,
    omr_positions,
)

DOTS_PER_INCH = 300
DOTS_PER_MM = DOTS_PER_INCH / 25.4
LEFT_MM, TOP_MM = 5, 155


@st.composite
def sheets(draw: st.DrawFn) -> Sheet:
    of = draw(st.integers(1, 40))
    return Sheet(
        bundle_number=draw(st.integers(0, 999_999)),
        sequence=draw(st.integers(1, 100_000)),
        number=draw(st.integers(1, of)),
        of=of,
    )


@given(sheets())
def test_a_bar_misread_breaks_the_parity(sheet: Sheet) -> None:
    positions = omr_positions(sheet)

    assert positions[0]
    assert positions[-1]
    assert sum(positions) % 2 == 0


@given(sheets())
def test_begin_and_end_of_a_set_are_marked(sheet: Sheet) -> None:
    _, begin, end, *_ = omr_positions(sheet)

    assert begin is (sheet.number == 1)
    assert end is (sheet.number == sheet.of)


@given(sheets())
def test_a_lost_sheet_breaks_the_count(sheet: Sheet) -> None:
    following = Sheet(
        bundle_number=sheet.bundle_number, sequence=sheet.sequence, number=sheet.number + 1, of=sheet.of + 1
    )

    assert omr_positions(following)[3:5] != omr_positions(sheet)[3:5]


@given(sheets())
def test_a_datamatrix_says_bundle_letter_and_sheet(sheet: Sheet) -> None:
    text = datamatrix_text(sheet)

    assert len(text) == 18
    assert [int(text[:6]), int(text[6:12]), int(text[12:15]), int(text[15:])] == [
        sheet.bundle_number,
        sheet.sequence,
        sheet.number,
        sheet.of,
    ]


def bars_at_the_left(page: Image) -> list[bool]:
    """Return for each of the ten OMR positions whether the page is black there."""
    x = round((LEFT_MM + 4) * DOTS_PER_MM)
    heights = (TOP_MM + 0.25 + position * 25.4 / 6 for position in range(10))
    return [page.getpixel((x, round(height * DOTS_PER_MM))) == 0 for height in heights]


def test_every_front_carries_a_code_and_no_back_does(tmp_path: Path) -> None:
    made = printed([piece(1, letter(3), pages=3), piece(2)], tmp_path, marks="datamatrix")

    number = f"{bundle_number('run-7-1'):06}"
    assert [read_code(page) for page in pictures_of(tmp_path / made.parts[0].name, dots_per_inch=DOTS_PER_INCH)] == [
        f"{number}000001001002",
        None,
        f"{number}000001002002",
        None,
        f"{number}000002001001",
        None,
    ]


def test_printed_on_one_side_every_page_carries_a_code(tmp_path: Path) -> None:
    made = printed([piece(1, letter(2), pages=2)], tmp_path, marks="datamatrix", duplex=False)

    number = f"{bundle_number('run-7-1'):06}"
    assert [read_code(page) for page in pictures_of(tmp_path / made.parts[0].name, dots_per_inch=DOTS_PER_INCH)] == [
        f"{number}000001001002",
        f"{number}000001002002",
    ]


def test_bars_stand_where_the_scheme_says(tmp_path: Path) -> None:
    made = printed([piece(1, letter(3), pages=3), piece(2)], tmp_path, marks="omr")

    first, _, second, _, other, _ = (
        bars_at_the_left(page) for page in pictures_of(tmp_path / made.parts[0].name, dots_per_inch=DOTS_PER_INCH)
    )
    expected = [Sheet(bundle_number=0, sequence=1, number=number, of=2) for number in (1, 2)]
    assert [first, second] == [list(omr_positions(sheet)) for sheet in expected]
    assert other == list(omr_positions(Sheet(bundle_number=0, sequence=2, number=1, of=1)))


@pytest.mark.parametrize("degrees", [0, 90, 180, 270])
def test_marks_stand_at_the_left_of_the_page_as_one_looks_at_it(tmp_path: Path, degrees: int) -> None:
    made = printed([piece(1, turned(degrees))], tmp_path, marks="omr")

    front, _ = pictures_of(tmp_path / made.parts[0].name, dots_per_inch=DOTS_PER_INCH)
    assert bars_at_the_left(front) == list(omr_positions(Sheet(bundle_number=0, sequence=1, number=1, of=1)))


def test_without_marks_nothing_is_drawn(tmp_path: Path) -> None:
    made = printed([piece(1)], tmp_path, marks="none")

    front, _ = pictures_of(tmp_path / made.parts[0].name, dots_per_inch=DOTS_PER_INCH)
    assert front.crop((0, 0, round(20 * DOTS_PER_MM), front.height)).getextrema() == (255, 255)
