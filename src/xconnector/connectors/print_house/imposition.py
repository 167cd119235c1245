"""Paper: how many sheets a letter takes, which envelope it goes into, and in which order a bundle is printed."""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Mailpiece:
    """What the post carries: one envelope with the letters in it."""

    places: tuple[Place, ...]
    envelope: EnvelopeClass
    sheets: int
    grams: int
    """Paper and envelope, rounded up; 0 where nobody says what they weigh."""
    postage: str
    """The class of postage that its weight falls into; empty where there are none."""

    @property
    def first(self) -> Place:
        """Return the letter on top, whose address shows in the window."""
        return self.places[0]

    def printed_pages(self, *, duplex: bool) -> int:
        """Return how many pages it takes in a part."""
        return sum(place.printed_pages(duplex=duplex) for place in self.places)


def mailpiece_of(places: Sequence[Place], layout: Layout) -> Mailpiece | None:
    """Return the letters in one envelope, or None where no envelope takes them together."""
    sheets = sum(place.sheets for place in places)
    envelope = envelope_of(sheets, layout.envelopes)
    if envelope is None:
        return None
    grams = math.ceil(sheets * layout.sheet_grams + envelope.grams) if layout.sheet_grams else 0
    postage = next((each.name for each in layout.postage if grams <= (each.up_to_grams or grams)), "")
    return Mailpiece(places=tuple(places), envelope=envelope, sheets=sheets, grams=grams, postage=postage)


def mailpieces_of(places: Iterable[Place], layout: Layout) -> list[Mailpiece]:
    """Put letters that may share an envelope into one, as many as go in; every other has one of its own."""
    together: dict[str, list[list[Place]]] = {}
    for place in places:
        household = place.piece.household or place.piece.dispatch_key
        groups = together.setdefault(household, [])
        if groups and mailpiece_of([*groups[-1], place], layout) is not None:
            groups[-1].append(place)
        else:
            groups.append([place])
    found = (mailpiece_of(group, layout) for groups in together.values() for group in groups)
    return [mailpiece for mailpiece in found if mailpiece is not None]


def in_print_order(mailpieces: Iterable[Mailpiece], layout: Layout) -> list[Mailpiece]:
    """Return the envelopes by their size, then by the layout's sort keys, then as their letters were given."""
    sizes = {envelope.name: size for size, envelope in enumerate(layout.envelopes)}
    classes = {postage.name: size for size, postage in enumerate(layout.postage)}
    keys = [_SORT_KEYS[key] for key in layout.sort]

    def rank(mailpiece: Mailpiece) -> tuple[object, ...]:
        sorted_by = (key(mailpiece, classes) for key in keys)
        return (sizes[mailpiece.envelope.name], *sorted_by, mailpiece.first.piece.position)

    return sorted(mailpieces, key=rank)


_SORT_KEYS: dict[SortKey, Callable[[Mailpiece, Mapping[str, int]], object]] = {
    SortKey.COUNTRY: lambda mailpiece, _: mailpiece.first.piece.country,
    SortKey.POSTAGE: lambda mailpiece, classes: classes.get(mailpiece.postage, len(classes)),
    SortKey.POSTCODE: lambda mailpiece, _: (mailpiece.first.piece.country, mailpiece.first.piece.postcode),
    SortKey.PAGES: lambda mailpiece, _: sum(place.pages for place in mailpiece.places),
}
