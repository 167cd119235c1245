"""The job ticket of a bundle: which pieces, in which spool, and how they are laid out on paper."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from pathlib import Path


class Marks(StrEnum):
    """What is printed into the left margin of every sheet, for the machine that fills the envelopes."""

    DATAMATRIX = "datamatrix"
    OMR = "omr"
    NONE = "none"


class SortKey(StrEnum):
    """What the pieces of a bundle can be sorted by."""

    POSTCODE = "postcode"
    """Country first, then postcode."""
    COUNTRY = "country"
    POSTAGE = "postage"
    """The class of postage, lightest first."""
    PAGES = "pages"


class Compression(StrEnum):
    """How hard the parts of a bundle are compressed."""

    FAST = "fast"
    """What is compressed stays as it is."""
    SMALL = "small"
    """Everything is compressed anew: smaller by some per cent, at several times the processor time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EnvelopeClass:
    """An envelope, and how many sheets go into it."""

    name: str
    up_to_sheets: int | None
    """None: as many as there are."""
    grams: float = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class PostageClass:
    """What the post charges alike."""

    name: str
    up_to_grams: int | None
    """None: whatever it weighs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Imb:
    """The Intelligent Mail barcode of envelopes to the United States."""

    barcode_id: str
    service_type: str
    mailer_id: str
    first_serial: int
    serials: int
    """How many serial numbers there are; they begin anew behind the last."""
    left_mm: float
    top_mm: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """A file that is written beside the manifest by a template of the project."""

    name: str
    template: str
    encoding: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """How a bundle is laid out; the same layout of the same pieces gives the same bytes."""

    duplex: bool
    marks: Marks
    marks_left_mm: float
    marks_top_mm: float
    sort: tuple[SortKey, ...]
    envelopes: tuple[EnvelopeClass, ...]
    """By sheets, ascending."""
    pages_per_part: int
    bytes_per_part: int
    """Of the documents that go into a part."""
    compression: Compression
    sheet_grams: float = 0
    postage: tuple[PostageClass, ...] = ()
    """By weight, ascending."""
    shares_envelopes: bool = False
    imb: Imb | None = None
    records: tuple[Record, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """One letter of a bundle: its keys, and where its bytes lie in the spool."""

    position: int
    """Its place among the pieces as they were given, from 0."""
    dispatch_key: str
    communication_id: str
    sha256: str
    offset: int
    length: int
    stated_pages: int | None
    """What its composer says; None where nobody counted."""
    country: str
    postcode: str = field(repr=False)
    proof: str | None = None
    """The proof of mailing that is asked of the post."""
    options: Mapping[str, str] = field(default_factory=dict[str, str])
    """What the print house is told of it, in the project's own words."""
    household: str | None = None
    """The same for letters that may share an envelope: a digest of whom and where they go to. None: it goes alone."""
    reprint_of: str | None = None
    """Dispatch key of the letter that this one is printed for once more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOut:
    """A piece that does not go into the bundle, and why."""

    dispatch_key: str
    reason: str
    """Told to an operator: without customer content."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticket:
    """All that the press needs to know beside the spool."""

    bundle_key: str
    run: str | None
    created_at: datetime
    layout: Layout
    pieces: tuple[Piece, ...]
    left_out: tuple[LeftOut, ...]
    """Pieces that are known to be unfit before the press starts."""
    first_number: int = 0
    """The number of its first piece among all that ever went to this connection; the others follow."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PrintedFile:
    """A finished file of a bundle, in the press's folder."""

    name: str
    sha256: str
    size: int
    """In bytes."""

    @classmethod
    def of(cls, path: Path) -> "PrintedFile":
        return cls(name=path.name, sha256=file_digest(path), size=path.stat().st_size)


@dataclass(frozen=True, slots=True, kw_only=True)
class Printed:
    """What the press made of a ticket. Without parts there is nothing to hand over."""

    parts: tuple[PrintedFile, ...]
    manifest: PrintedFile
    announcement: PrintedFile
    """The control totals, which go ahead of everything else."""
    records: tuple[PrintedFile, ...]
    """Written by templates of the project, such as the inserter's records and a job ticket."""
    left_out: tuple[LeftOut, ...]


def part_name(bundle_key: str, number: int) -> str:
    """Return the name of a bundle's part, numbered from 1."""
    return f"{bundle_key}-p{number:03}.pdf"


def manifest_name(bundle_key: str) -> str:
    """Return the name of a bundle's manifest."""
    return f"{bundle_key}.manifest.jsonl"


def announcement_name(bundle_key: str) -> str:
    """Return the name of the file with a bundle's control totals."""
    return f"{bundle_key}.totals.json"


def trigger_name(bundle_key: str) -> str:
    """Return the name of the file that tells the house: everything is here."""
    return f"{bundle_key}.done"


def file_digest(path: Path) -> str:
    """Return the SHA-256 of a file in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
