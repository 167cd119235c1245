"""The pages of one customer out of a PDF that holds several."""

from collections import OrderedDict
from collections.abc import Callable
from io import BytesIO
from typing import BinaryIO

import pikepdf

from xconnector.contract.errors import PermanentError

_OPEN_AT_ONCE = 8


class PageCutter:
    """Cuts pages out of PDFs, of which it keeps the last few open. Close it."""

    def __init__(self) -> None:
        self._open: OrderedDict[object, _OpenPdf] = OrderedDict()

    def close(self) -> None:
        """Close what is open; closing again changes nothing."""
        while self._open:
            self._open.popitem()[1].close()

    def cut(self, name: object, opened: Callable[[], BinaryIO], *, first: int, count: int) -> bytes:
        """Return these pages as a PDF of their own; the same pages of the same file give the same bytes.

        Nothing of the other pages is in it.

        Args:
            name: what the file is known by here.
            opened: opens it, where it is not open.
            first: number of the first page, counted from 1.
            count: how many pages.

        Raises PermanentError where the file is no PDF, or has no such pages.
        """
        try:
            return _cut(self._pdf(name, opened), first, count)
        except (pikepdf.PdfError, ValueError, TypeError, KeyError):
            raise PermanentError("a PDF that holds several customers cannot be read") from None

    def _pdf(self, name: object, opened: Callable[[], BinaryIO]) -> pikepdf.Pdf:
        if name not in self._open:
            self._open[name] = _OpenPdf(opened())
            if len(self._open) > _OPEN_AT_ONCE:
                self._open.popitem(last=False)[1].close()
        self._open.move_to_end(name)
        return self._open[name].pdf


class _OpenPdf:
    """A PDF and the file that it is read from as it is needed."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        try:
            self.pdf = pikepdf.open(file)
        except BaseException:
            file.close()
            raise

    def close(self) -> None:
        self.pdf.close()
        self._file.close()


def _cut(whole: pikepdf.Pdf, first: int, count: int) -> bytes:
    if first < 1 or count < 1 or first - 1 + count > len(whole.pages):
        raise PermanentError(
            f"a PDF of {len(whole.pages)} pages is said to hold pages {first} to {first + count - 1} of a customer"
        )
    with pikepdf.new() as own:
        for page in whole.pages[first - 1 : first - 1 + count]:
            own.pages.append(page)
        # Pages often share one list of what they show: what these do not show is the others'.
        own.remove_unreferenced_resources()
        content = BytesIO()
        own.save(content, min_version=whole.pdf_version, deterministic_id=True)
        return content.getvalue()
