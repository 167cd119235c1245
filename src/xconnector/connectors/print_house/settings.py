"""Settings of a connection to a print house."""

from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from typing import Annotated

from pydantic import Field, SecretStr, field_validator

from xconnector.connectors.print_house.destinations import FolderDestination, SftpDestination
from xconnector.connectors.print_house.ticket import Compression, Marks, SortKey
from xconnector.connectors.print_house.tracking import StatusFiles
from xconnector.contract.settings import ConnectorSettings, Duration


class Envelope(ConnectorSettings):
    """An envelope that the house fills, and how many sheets go into it."""

    name: str = Field(min_length=1)
    """What the house calls it."""
    up_to_sheets: int | None = Field(default=None, ge=1)
    """The most sheets that go into it; without it, as many as there are."""


class Acknowledgement(ConnectorSettings):
    """How the house says what became of a bundle."""

    folder: str = "acks"
    """Where it lays down `<bundle>.ack.jsonl`, from the destination's folder on."""
    within: Duration = timedelta(hours=24)
    """After this time a missing acknowledgement is reported as a delay."""


class Pgp(ConnectorSettings):
    """OpenPGP: what is laid down is encrypted for the house and signed by us. Needs the extra `pgp`."""

    house_key: Path
    """File with the house's public key, from the project's folder on; compare its fingerprint by telephone."""
    our_key: SecretStr
    """Our secret key, the text of its export: by it files are signed, and answers decrypted."""
    passphrase: SecretStr | None = None
    """What our secret key is locked with."""
    newer_encryption: bool = False
    """Use the newer packets (SEIPDv2, AEAD) where the house's key asks for them; older programs cannot read them."""
    signed_answers_only: bool = False
    """Set aside what comes back without a signature of the house; sealed answers are proven in any case."""

    @field_validator("passphrase", mode="before")
    @classmethod
    def _empty_is_none(cls, value: object) -> object:
        return None if value == "" else value


class MarksPosition(ConnectorSettings):
    """Where the marks stand on a sheet as one looks at it."""

    left_mm: float = Field(default=5.0, ge=0, le=100)
    """Distance of the marks from the left edge, in millimetres."""
    top_mm: float = Field(default=155.0, ge=0, le=400)
    """Distance of the marks from the top edge, in millimetres: as it is, between hole mark and lower fold mark of DIN
    5008."""


class PrintHouseSettings(ConnectorSettings):
    """How bundles are made and where they go."""

    destination: Annotated[FolderDestination | SftpDestination, Field(discriminator="kind")]
    """Where bundles are laid down."""
    pieces_per_bundle: int = Field(default=5000, ge=1, le=100_000)
    """The most letters that go into one bundle."""
    pages_per_part: int = Field(default=2500, ge=2, le=10_000)
    """The most pages in one PDF of a bundle; a single longer letter has its own."""
    megabytes_per_part: int = Field(default=40, ge=1, le=1024)
    """The most megabytes of letters that go into one PDF of a bundle. Memory grows with it."""
    sort: tuple[SortKey, ...] = ()
    """What the pieces are sorted by within their envelope, most important first; without it they stay as given."""
    duplex: bool = True
    """Print on both sides: a letter that ends on a front gets a blank back."""
    marks: Marks = Marks.DATAMATRIX
    """What stands in the left margin of every sheet for the machine that fills the envelopes."""
    marks_position: MarksPosition = MarksPosition()
    """Where the marks stand."""
    envelopes: tuple[Envelope, ...] = (Envelope(name="C6/5", up_to_sheets=3), Envelope(name="C4"))
    """Envelopes, smallest first; letters for different ones never share a PDF."""
    compression: Compression = Compression.FAST
    """How hard the PDFs are compressed."""
    processed_folder: str = "processed"
    """Where the house moves what it has taken, from the destination's folder on."""
    acknowledgement: Acknowledgement | None = None
    """Set it where the house acknowledges bundles: letters then count as completed only when it did."""
    tracking: tuple[StatusFiles, ...] = ()
    """Files in which the post, the house, or the mail room says what became of letters."""
    pgp: Pgp | None = None
    """Set it to encrypt and sign what is laid down."""
    remember: Duration = timedelta(days=90)
    """How long the manifests of bundles are kept here, to know the pieces of a late acknowledgement again."""

    @field_validator("envelopes")
    @classmethod
    def _ascending(cls, envelopes: tuple[Envelope, ...]) -> tuple[Envelope, ...]:
        if not envelopes:
            raise ValueError("name at least one envelope")
        limits = [float("inf") if envelope.up_to_sheets is None else envelope.up_to_sheets for envelope in envelopes]
        if any(smaller >= larger for smaller, larger in pairwise(limits)):
            raise ValueError("envelopes stand in the order of `up_to_sheets`; only the last may go without it")
        return envelopes
