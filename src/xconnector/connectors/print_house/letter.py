"""A letter's PDF, opened for printing: its pages, each complete in itself."""

import io
from collections.abc import Generator
from contextlib import contextmanager

import pikepdf
from pikepdf import Name

# What a printed page needs. Tags, links, and thumbnails stay in the archive's copy.
_PRINTED_KEYS = frozenset({
    "/Type", "/MediaBox", "/CropBox", "/BleedBox", "/TrimBox", "/ArtBox", "/Rotate", "/UserUnit",
    "/Resources", "/Contents", "/Group",
})  # fmt: skip
_INHERITED_KEYS = ("/Resources", "/MediaBox", "/CropBox", "/Rotate")
_DEEPEST_PAGE_TREE = 64


class UnfitLetterError(Exception):
    """This letter cannot be printed as it stands; the message says why, without its content."""


@contextmanager
def opened_pages(content: bytes, *, stated_pages: int | None) -> Generator[list[pikepdf.Object]]:
    """Give the pages of a letter, ready to be copied into another PDF while the block runs.

    Raises UnfitLetterError for a file that is damaged, locked, or would print otherwise than it shows.
    """
    try:
        with pikepdf.open(
            io.BytesIO(content), attempt_recovery=False, inherit_page_attributes=False, suppress_warnings=True
        ) as letter:
            pages = _pages(letter, stated_pages)
            if letter.get_warnings():  # pyright: ignore[reportUnknownMemberType] - a list of what, is not typed
                raise UnfitLetterError("its PDF is damaged; compose it again")
            yield pages
    except pikepdf.PasswordError as error:
        raise UnfitLetterError("its PDF is locked with a password; compose it without one") from error
    except (pikepdf.PdfError, ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        # What the library raises for a damaged file depends on where the damage lies; its words may quote content.
        raise UnfitLetterError("its PDF is damaged; compose it again") from error


def count_pages(content: bytes) -> int:
    """Return the number of pages of a letter. Raises UnfitLetterError as `opened_pages` does."""
    with opened_pages(content, stated_pages=None) as pages:
        return len(pages)


def _pages(letter: pikepdf.Pdf, stated_pages: int | None) -> list[pikepdf.Object]:
    _refuse_hidden_layers(letter)
    pages: list[pikepdf.Object] = [page.obj for page in letter.pages]
    if not pages:
        raise UnfitLetterError("its PDF has no pages; compose it again")
    if stated_pages is not None and stated_pages != len(pages):
        raise UnfitLetterError(
            f"its composer counted {stated_pages} pages and its PDF has {len(pages)}; compose it again"
        )
    if any(_shows_annotations(page) for page in pages):
        letter.generate_appearance_streams()
        letter.flatten_annotations("print")
    for page in pages:
        _complete(page)
        _prove_readable(page)
    return pages


def _refuse_hidden_layers(letter: pikepdf.Pdf) -> None:
    """A bundle has no layers: what is hidden in the letter would be printed."""
    layers = letter.Root.get("/OCProperties")
    if layers is None:
        return
    shown = layers.get("/D", pikepdf.Dictionary())
    hides = len(shown.get("/OFF", pikepdf.Array())) or len(shown.get("/AS", pikepdf.Array()))
    if hides or shown.get("/BaseState", Name.ON) != Name.ON:
        raise UnfitLetterError("its PDF has hidden layers, which would be printed; compose it without layers")


def _shows_annotations(page: pikepdf.Object) -> bool:
    """Say whether stamps or filled fields lie on the page, which belong to what the customer is to see."""
    return any(each.get("/Subtype") != Name.Link for each in _items(page.get("/Annots")))


def _items(array: pikepdf.Object | None) -> list[pikepdf.Object]:
    return [] if array is None else list(array.as_list())


def _complete(page: pikepdf.Object) -> None:
    """Bring down what the page inherits, and take off what only its own document needs."""
    inherited = {key: value for key in _INHERITED_KEYS if (value := _inherited(page, key)) is not None}
    if "/MediaBox" not in inherited:
        raise UnfitLetterError("its PDF has a page without a size; compose it again")
    for key in list(page.keys()):
        if key not in _PRINTED_KEYS:
            del page[key]
    for key, value in inherited.items():
        page[key] = value


def _prove_readable(page: pikepdf.Object) -> None:
    """Unpack the page's drawing once: a house would notice a spoilt one only on paper."""
    for stream in contents_of(page):
        stream.read_bytes()


def contents_of(page: pikepdf.Object) -> list[pikepdf.Object]:
    """Return the streams that draw a page, in their sequence."""
    contents = page.get("/Contents")
    if contents is None:
        return []
    return _items(contents) if isinstance(contents, pikepdf.Array) else [contents]


def _inherited(page: pikepdf.Object, key: str) -> pikepdf.Object | None:
    node: pikepdf.Object | None = page
    for _ in range(_DEEPEST_PAGE_TREE):
        if node is None or key in node:
            break
        node = node.get("/Parent")
    return None if node is None else node.get(key)
