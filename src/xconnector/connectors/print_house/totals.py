"""Control totals: how many pieces, pages, and sheets a bundle has, as a whole and of each class.

They are announced before the bundle is laid down, stand in its manifest, and are compared with what the house says.
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from xconnector.connectors.print_house.imposition import Mailpiece, Place

Classes: TypeAlias = Mapping[str, str]
"""What a piece counts under, such as its envelope and its paper."""


@dataclass(slots=True, kw_only=True)
class Count:
    """So many pieces, with so many pages on so many sheets."""

    pieces: int = 0
    pages: int = 0
    """As printed, blank backs among them."""
    sheets: int = 0

    def add(self, *, pages: int, sheets: int) -> None:
        self.pieces += 1
        self.pages += pages
        self.sheets += sheets

    def told(self) -> dict[str, int]:
        """Return it as files tell it."""
        return {"pieces": self.pieces, "pages": self.pages, "sheets": self.sheets}


@dataclass(slots=True)
class Totals:
    """The sums of a bundle while its pieces are placed."""

    whole: Count = field(default_factory=Count)
    envelopes: int = 0
    _by: dict[str, dict[str, Count]] = field(default_factory=lambda: defaultdict(lambda: defaultdict(Count)))

    def told(self) -> dict[str, int]:
        """Return the sums of the whole as files tell them."""
        return {**self.whole.told(), "envelopes": self.envelopes}

    def add(self, place: Place, mailpiece: Mailpiece, *, printed_pages: int) -> None:
        """Count one piece of an envelope."""
        self.whole.add(pages=printed_pages, sheets=place.sheets)
        for name, value in classes_of(place, mailpiece).items():
            self._by[name][value].add(pages=printed_pages, sheets=place.sheets)

    def by(self) -> dict[str, dict[str, dict[str, int]]]:
        """Return the sums of each class, in the order of the alphabet."""
        return {
            name: {value: count.told() for value, count in sorted(values.items())}
            for name, values in sorted(self._by.items())
        }


def classes_of(place: Place, mailpiece: Mailpiece) -> Classes:
    """Return what a piece counts under: envelope, postage, country, proof, and each of its print options."""
    own = {
        "envelope": mailpiece.envelope.name,
        "postage": mailpiece.postage,
        "country": place.piece.country,
        "proof_of_mailing": place.piece.proof or "",
    }
    return {name: value for name, value in own.items() if value} | {
        f"option {name}": value for name, value in place.piece.options.items()
    }
