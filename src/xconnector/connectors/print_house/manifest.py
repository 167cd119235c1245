"""The manifest of a bundle: JSON Lines that say what lies on which page, with control totals.

The first line describes the bundle and its parts, one line follows for each piece in print order, and
the last holds the totals and what was left out. `README.md` lists the fields.
"""

import shutil
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import msgspec

from xconnector.connectors.print_house.imposition import Mailpiece, Place
from xconnector.connectors.print_house.marks import bundle_number
from xconnector.connectors.print_house.ticket import LeftOut, PrintedFile, Ticket
from xconnector.connectors.print_house.totals import Count, Totals

FORMAT = 1
TRACKING_DIGITS = 20
"""With which an Intelligent Mail barcode names a piece; the rest is where to."""
_LONGEST_LINE = 1 << 26
"""In bytes: the closing line names every piece that was left out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlacedPart:
    """A part as the manifest tells of it."""

    file: PrintedFile
    envelope: str
    pieces: int
    pages: int
    """As in the PDF's own count, blank backs among them."""
    sheets: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PlacedPiece:
    """A letter, and where it lies in a part."""

    place: Place
    part: str
    first_page: int
    """From 1."""
    pages: int
    """With blank backs."""


class PieceLines:
    """Collects the lines of the pieces while they are placed, in a file, and sums them up."""

    def __init__(self, lines: BinaryIO) -> None:
        self._lines = lines
        self._encode = msgspec.json.Encoder().encode
        self._totals = Totals()

        self._imbs: list[str] = []
        """The lowest and the highest barcode."""

    @property
    def envelopes(self) -> int:
        """Return how many envelopes there are so far."""
        return self._totals.envelopes

    def add(self, mailpiece: Mailpiece, imb: str | None, placed: Sequence[PlacedPiece]) -> None:
        """Write the letters of one envelope."""
        self._totals.envelopes += 1
        if imb is not None:
            tracking = imb[:TRACKING_DIGITS]
            self._imbs = [min([tracking, *self._imbs]), max([tracking, *self._imbs])]
        for each in placed:
            self._add(mailpiece, imb, each)

    def _add(self, mailpiece: Mailpiece, imb: str | None, placed: PlacedPiece) -> None:
        place = placed.place
        self._totals.add(place, mailpiece, printed_pages=placed.pages)
        line = {
            "kind": "piece",
            "sequence": self._totals.whole.pieces,
            "envelope_number": self._totals.envelopes,
            "dispatch_key": place.piece.dispatch_key,
            "communication_id": place.piece.communication_id,
            "sha256": place.piece.sha256,
            "part": placed.part,
            "first_page": placed.first_page,
            "pages": placed.pages,
            "document_pages": place.pages,
            "sheets": place.sheets,
            "envelope": mailpiece.envelope.name,
            "envelope_sheets": mailpiece.sheets,
            "grams": mailpiece.grams,
            "postage": mailpiece.postage,
            "imb": imb,
            "country": place.piece.country,
            "proof_of_mailing": place.piece.proof,
            "options": place.piece.options,
            "reprint_of": place.piece.reprint_of,
        }
        self._lines.write(self._encode(line) + b"\n")

    def write_manifest(
        self, path: Path, ticket: Ticket, parts: Sequence[PlacedPart], left_out: Sequence[LeftOut]
    ) -> None:
        """Write the whole manifest around the lines. The same bundle gives the same bytes."""
        totals = self._totals.told()
        self._lines.seek(0)
        with path.open("wb") as manifest:
            manifest.write(self._encode(_opening(ticket, parts, totals) | self._barcodes()) + b"\n")
            shutil.copyfileobj(self._lines, manifest)
            manifest.write(self._encode(_closing(parts, left_out, totals)) + b"\n")

    def _barcodes(self) -> dict[str, Any]:
        return {"imbs": self._imbs} if self._imbs else {}

    def write_announcement(self, path: Path, ticket: Ticket, parts: Sequence[PlacedPart]) -> None:
        """Write the control totals as a file of their own. The same bundle gives the same bytes."""
        told = {
            "format": FORMAT,
            "bundle": ticket.bundle_key,
            "run": ticket.run,
            "created_at": ticket.created_at,
            **self._totals.told(),
            "parts": len(parts),
            "bytes": sum(part.file.size for part in parts),
            "by": self._totals.by(),
        }
        path.write_bytes(self._encode(told) + b"\n")


def _opening(ticket: Ticket, parts: Sequence[PlacedPart], totals: dict[str, int]) -> dict[str, Any]:
    return {
        "kind": "bundle",
        "format": FORMAT,
        "bundle": ticket.bundle_key,
        "bundle_number": bundle_number(ticket.bundle_key),
        "run": ticket.run,
        "created_at": ticket.created_at,
        **totals,
        "duplex": ticket.layout.duplex,
        "marks": ticket.layout.marks,
        "parts": [
            {
                "name": part.file.name,
                "sha256": part.file.sha256,
                "bytes": part.file.size,
                "pages": part.pages,
                "sheets": part.sheets,
                "pieces": part.pieces,
                "envelope": part.envelope,
            }
            for part in parts
        ],
    }


def _closing(parts: Sequence[PlacedPart], left_out: Sequence[LeftOut], totals: dict[str, int]) -> dict[str, Any]:
    return {
        "kind": "totals",
        **totals,
        "parts": len(parts),
        "bytes": sum(part.file.size for part in parts),
        "left_out": [{"dispatch_key": each.dispatch_key, "reason": each.reason} for each in left_out],
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class Contents:
    """What a manifest says that we need to know again later."""

    dispatch_keys: tuple[str, ...]
    """In print order."""
    left_out: tuple[LeftOut, ...]
    totals: Count


class UnreadableManifestError(ValueError):
    """This is no whole manifest of that bundle."""


class _Line(msgspec.Struct):
    kind: str
    bundle: str = ""
    dispatch_key: str = ""
    pieces: int = 0
    pages: int = 0
    sheets: int = 0
    left_out: tuple[LeftOut, ...] = ()


def read_contents(lines: Iterable[bytes], bundle_key: str) -> Contents:
    """Return what the manifest of a bundle says.

    Raises UnreadableManifestError for another bundle's, a damaged, or a truncated one.
    """
    decode = msgspec.json.Decoder(_Line).decode
    try:
        told = [decode(line) for line in lines if len(line) <= _LONGEST_LINE]
    except msgspec.DecodeError as error:
        raise UnreadableManifestError(f"the manifest of {bundle_key} is damaged") from error
    opening, *pieces, closing = told if len(told) > 1 else [_Line(kind=""), _Line(kind="")]
    keys = tuple(line.dispatch_key for line in pieces if line.kind == "piece")
    is_whole = opening.kind == "bundle" and closing.kind == "totals" and closing.pieces == len(keys) == len(pieces)
    if not is_whole or opening.bundle != bundle_key:
        raise UnreadableManifestError(f"the manifest of {bundle_key} is damaged or belongs to another bundle")
    totals = Count(pieces=closing.pieces, pages=closing.pages, sheets=closing.sheets)
    return Contents(dispatch_keys=keys, left_out=closing.left_out, totals=totals)
