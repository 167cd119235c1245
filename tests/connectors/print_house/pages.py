"""Printed pages, looked at: their texts, their pictures, and the codes in them."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pypdfium2
import zxingcpp
from PIL.Image import Image


def texts_of(path: Path) -> list[str]:
    """Return the text of every page."""
    return [page.get_textpage().get_text_bounded().strip() for page in _pages(path)]


def pictures_of(path: Path, *, dots_per_inch: int) -> Iterator[Image]:
    """Yield the pages as one looks at them, in grey."""
    for page in _pages(path):
        yield page.render(scale=dots_per_inch / 72, grayscale=True).to_pil()


def read_code(picture: Image) -> str | None:
    """Return what the DataMatrix on a page says, None where there is none."""
    formats = cast("Any", zxingcpp.BarcodeFormat.DataMatrix)
    code = zxingcpp.read_barcode(picture, formats=formats)
    return None if code is None else code.text


def _pages(path: Path) -> Iterator[Any]:
    # The library's own types leave out most of what its calls take and give.
    with pypdfium2.PdfDocument(path) as pdf:
        yield from cast("Any", pdf)
