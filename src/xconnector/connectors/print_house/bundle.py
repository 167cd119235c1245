"""Making a bundle: letters out of the spool, into parts, with a manifest. One part is held at a time."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

import pikepdf

from xconnector.connectors.print_house.imb import COUNTRY, routing_digits, tracking_digits
from xconnector.connectors.print_house.imposition import (
    Mailpiece,
    Place,
    envelope_of,
    in_print_order,
    mailpiece_of,
    mailpieces_of,
    sheets_of,
)
from xconnector.connectors.print_house.letter import UnfitLetterError, count_pages, opened_pages
from xconnector.connectors.print_house.manifest import PieceLines, PlacedPart, PlacedPiece
from xconnector.connectors.print_house.marks import bundle_number
from xconnector.connectors.print_house.part import Numbers, Part
from xconnector.connectors.print_house.records import write_records
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
        for mailpiece in in_print_order(mailpieces_of(self._places(starts), self.ticket.layout), self.ticket.layout):
            self._put(mailpiece, starts)
        starts(None)
        if self.open_part is not None:
            self._save(self.open_part)

    def _put(self, mailpiece: Mailpiece, starts: Starts) -> None:
        """Put an envelope into the part, or leave out what cannot be printed of it."""
        if self.open_part is not None and not self._fits(mailpiece, self.open_part):
            starts(None)
            self._save(self.open_part)
        try:
            self._put_whole(mailpiece, starts)
        except UnfitLetterError as error:
            if len(mailpiece.places) == 1:
                self._leave_out(mailpiece.first.piece, error)
                return
            # One of them is unfit: each goes alone, so that it shows which, and the others leave.
            for place in mailpiece.places:
                alone = mailpiece_of([place], self.ticket.layout)
                assert alone is not None, "an envelope that takes more sheets takes these"
                self._put(alone, starts)

    def finish(self) -> Printed:
        """Write the manifest around the pieces' lines, and the totals."""
        left_out = (*self.ticket.left_out, *self.left_out)
        manifest = self.folder / manifest_name(self.ticket.bundle_key)
        self.lines.write_manifest(manifest, self.ticket, self.parts, left_out)
        announcement = self.folder / announcement_name(self.ticket.bundle_key)
        self.lines.write_announcement(announcement, self.ticket, self.parts)
        records = write_records(self.ticket.layout.records, manifest, self.folder, self.ticket.bundle_key)
        return Printed(
            parts=tuple(part.file for part in self.parts),
            manifest=PrintedFile.of(manifest),
            announcement=PrintedFile.of(announcement),
            records=tuple(PrintedFile.of(path) for path in records),
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

    def _fits(self, mailpiece: Mailpiece, part: _OpenPart) -> bool:
        layout = self.ticket.layout
        length = sum(place.piece.length for place in mailpiece.places)
        return part.pdf.pages == 0 or (
            mailpiece.envelope == part.envelope
            and part.pdf.pages + mailpiece.printed_pages(duplex=layout.duplex) <= layout.pages_per_part
            and part.source_bytes + length <= layout.bytes_per_part
        )

    def _put_whole(self, mailpiece: Mailpiece, starts: Starts) -> None:
        part = self._part_for(mailpiece)
        before = part.pdf.pages
        numbers = self._numbers(mailpiece)
        with ExitStack() as open_letters:
            pages = part.pdf.add((self._opened(place, open_letters, starts) for place in mailpiece.places), numbers)
        placed: list[PlacedPiece] = []
        for place, count in zip(mailpiece.places, pages, strict=True):
            placed.append(PlacedPiece(place=place, part=part.name, first_page=before + 1, pages=count))
            before += count
            part.source_bytes += place.piece.length
        part.pieces += len(placed)
        part.sheets += mailpiece.sheets
        imb = None if numbers.tracking is None else numbers.tracking + numbers.routing
        self.lines.add(mailpiece, imb, placed)

    def _opened(self, place: Place, open_letters: ExitStack, starts: Starts) -> Sequence[pikepdf.Object]:
        """Open a letter until its envelope is in the part, as the last that the press touched."""
        starts(place.piece.position)
        content = self._read(place.piece)
        return open_letters.enter_context(opened_pages(content, stated_pages=place.pages))

    def _numbers(self, mailpiece: Mailpiece) -> Numbers:
        piece, imb = mailpiece.first.piece, self.ticket.layout.imb
        is_marked = imb is not None and piece.country == COUNTRY
        return Numbers(
            bundle_number=bundle_number(self.ticket.bundle_key),
            sequence=self.lines.envelopes + 1,
            sheets=mailpiece.sheets,
            tracking=tracking_digits(imb, self.ticket.first_number + piece.position) if imb and is_marked else None,
            routing=routing_digits(piece.postcode) if is_marked else "",
        )

    def _part_for(self, mailpiece: Mailpiece) -> _OpenPart:
        # A part whose first piece turned out to be unfit is still empty, and takes any envelope.
        if self.open_part is None or self.open_part.pdf.pages == 0:
            name = part_name(self.ticket.bundle_key, len(self.parts) + 1)
            self.open_part = _OpenPart(name=name, envelope=mailpiece.envelope, pdf=Part(self.ticket.layout))
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
