"""Paper: how many sheets a letter takes, which envelope it goes into, and in which order a bundle is printed."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from xconnector.connectors.print_house.ticket import EnvelopeClass, Layout, Piece, SortKey


def sheets_of(pages: int, *, duplex: bool) -> int:
    """Return how many sheets of paper so many pages take."""
    return -(-pages // 2) if duplex else pages


def envelope_of(sheets: int, envelopes: Sequence[EnvelopeClass]) -> EnvelopeClass | None:
    """Return the first envelope that takes so many sheets, or None where none does."""
    return next((each for each in envelopes if each.up_to_sheets is None or sheets <= each.up_to_sheets), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A piece with its known pages and the envelope it goes into."""

    piece: Piece
    pages: int
    """Of the document, without a blank back."""
    sheets: int
    envelope: EnvelopeClass

    def printed_pages(self, *, duplex: bool) -> int:
        """Return how many pages it takes in a part: with duplex the back of the last sheet counts, blank or not."""
        return self.sheets * 2 if duplex else self.sheets


def in_print_order(places: Iterable[Place], layout: Layout) -> list[Place]:
    """Return the places by envelope, then by the layout's sort keys, then as they were given."""
    sizes = {envelope.name: size for size, envelope in enumerate(layout.envelopes)}
    keys = [_SORT_KEYS[key] for key in layout.sort]

    def rank(place: Place) -> tuple[object, ...]:
        return (sizes[place.envelope.name], *(key(place) for key in keys), place.piece.position)

    return sorted(places, key=rank)


def _by_postcode(place: Place) -> object:
    return (place.piece.country, place.piece.postcode)


def _by_pages(place: Place) -> object:
    return place.pages


_SORT_KEYS: dict[SortKey, Callable[[Place], object]] = {SortKey.POSTCODE: _by_postcode, SortKey.PAGES: _by_pages}
