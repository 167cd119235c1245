"""Making a bundle: letters out of the spool, into parts, with a manifest. One part is held at a time."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from xconnector.connectors.print_house.imposition import Place, envelope_of, in_print_order, sheets_of
from xconnector.connectors.print_house.letter import UnfitLetterError, count_pages, opened_pages
from xconnector.connectors.print_house.manifest import PieceLines, PlacedPart
from xconnector.connectors.print_house.marks import bundle_number
from xconnector.connectors.print_house.part import Part, Set
from xconnector.connectors.print_house.ticket import (
    EnvelopeClass,
    LeftOut,
    Piece,
    Printed,
    PrintedFile,
    Ticket,
    announcement_name,
    manifest_name,
    part_name,
)
from xconnector.domain.document import content_digest

Starts = Callable[[int | None], None]
"""Told the position of each piece before it is touched, and None before what belongs to no single piece."""


def make_bundle(ticket: Ticket, spool: Path, folder: Path, starts: Starts) -> Printed:
    """Make parts and manifest of a ticket in the folder, leaving out what cannot be printed.

    The same ticket gives the same bytes.
    """
    with spool.open("rb") as letters, (folder / "lines").open("w+b") as lines:
        press = _Press(ticket, folder, letters, PieceLines(lines))
        press.place_all(starts)
        starts(None)
        return press.finish()


@dataclass(slots=True, kw_only=True)
class _OpenPart:
    """The part that is being filled."""

    name: str
    envelope: EnvelopeClass
    pdf: Part
    pieces: int = 0
    sheets: int = 0
    source_bytes: int = 0


@dataclass(slots=True)
class _Press:
    """One run over one ticket."""

    ticket: Ticket
    folder: Path
    letters: BinaryIO
    lines: PieceLines
    open_part: _OpenPart | None = None
    parts: list[PlacedPart] = field(default_factory=list[PlacedPart])
    left_out: list[LeftOut] = field(default_factory=list[LeftOut])

    def place_all(self, starts: Starts) -> None:
        for place in in_print_order(self._places(starts), self.ticket.layout):
            if self.open_part is not None and not self._fits(place, self.open_part):
                starts(None)
                self._save(self.open_part)
            starts(place.piece.position)
            try:
                self._put(place)
            except UnfitLetterError as error:
                self._leave_out(place.piece, error)
        starts(None)
        if self.open_part is not None:
            self._save(self.open_part)

    def finish(self) -> Printed:
        """Write the manifest around the pieces' lines, and the totals."""
        left_out = (*self.ticket.left_out, *self.left_out)
        manifest = self.folder / manifest_name(self.ticket.bundle_key)
        self.lines.write_manifest(manifest, self.ticket, self.parts, left_out)
        announcement = self.folder / announcement_name(self.ticket.bundle_key)
        self.lines.write_announcement(announcement, self.ticket, self.parts)
        return Printed(
            parts=tuple(part.file for part in self.parts),
            manifest=PrintedFile.of(manifest),
            announcement=PrintedFile.of(announcement),
            left_out=left_out,
        )

    def _places(self, starts: Starts) -> Iterator[Place]:
        """Yield the pieces with their envelopes, for which their pages must be known."""
        layout = self.ticket.layout
        for piece in self.ticket.pieces:
            starts(piece.position)
            try:
                pages = piece.stated_pages or count_pages(self._read(piece))
                sheets = sheets_of(pages, duplex=layout.duplex)
                envelope = envelope_of(sheets, layout.envelopes)
                if envelope is None:
                    raise UnfitLetterError(f"no envelope takes its {sheets} sheets; name a larger one in `envelopes`")
            except UnfitLetterError as error:
                self._leave_out(piece, error)
            else:
                yield Place(piece=piece, pages=pages, sheets=sheets, envelope=envelope)

    def _fits(self, place: Place, part: _OpenPart) -> bool:
        layout = self.ticket.layout
        return part.pdf.pages == 0 or (
            place.envelope == part.envelope
            and part.pdf.pages + place.printed_pages(duplex=layout.duplex) <= layout.pages_per_part
            and part.source_bytes + place.piece.length <= layout.bytes_per_part
        )

    def _put(self, place: Place) -> None:
        content = self._read(place.piece)
        with opened_pages(content, stated_pages=place.pages) as pages:
            part = self._part_for(place)
            before = part.pdf.pages
            numbers = Set(bundle_number=bundle_number(self.ticket.bundle_key), sequence=self.lines.pieces + 1)
            part.pdf.add(pages, numbers)
        part.pieces += 1
        part.sheets += place.sheets
        part.source_bytes += len(content)
        self.lines.add(place, part=part.name, first_page=before + 1, printed_pages=part.pdf.pages - before)

    def _part_for(self, place: Place) -> _OpenPart:
        # A part whose first piece turned out to be unfit is still empty, and takes any envelope.
        if self.open_part is None or self.open_part.pdf.pages == 0:
            name = part_name(self.ticket.bundle_key, len(self.parts) + 1)
            self.open_part = _OpenPart(name=name, envelope=place.envelope, pdf=Part(self.ticket.layout))
        return self.open_part

    def _save(self, part: _OpenPart) -> None:
        self.open_part = None
        if part.pdf.pages == 0:
            return
        saved = part.pdf.save(self.folder / part.name)
        self.parts.append(
            PlacedPart(
                file=saved,
                envelope=part.envelope.name,
                pieces=part.pieces,
                pages=part.pdf.pages,
                sheets=part.sheets,
            )
        )

    def _leave_out(self, piece: Piece, error: UnfitLetterError) -> None:
        self.left_out.append(LeftOut(dispatch_key=piece.dispatch_key, reason=str(error)))

    def _read(self, piece: Piece) -> bytes:
        """Read a letter back, and prove that it is what was approved."""
        self.letters.seek(piece.offset)
        content = self.letters.read(piece.length)
        if content_digest(content) != piece.sha256:
            raise UnfitLetterError("its bytes do not match their SHA-256; compose it again")
        return content
