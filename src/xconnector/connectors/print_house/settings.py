"""Settings of a connection to a print house."""

from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, SecretStr, field_validator, model_validator

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
    grams: float = Field(default=0, ge=0, le=1000)
    """What it weighs empty."""


class Postage(ConnectorSettings):
    """A class of postage: what the post charges alike."""

    name: str = Field(min_length=1)
    """What the house calls it."""
    up_to_grams: int | None = Field(default=None, ge=1)
    """The most that an envelope of it weighs; the last class goes without it."""


class IntelligentMail(ConnectorSettings):
    """The Intelligent Mail barcode that envelopes to the United States carry, on the first sheet, for the window."""

    barcode_id: str = Field(default="00", pattern=r"^[0-9][0-4]$")
    """Two digits for the endorsement; the second is 0 to 4."""
    service_type: str = Field(pattern=r"^[0-9]{3}$")
    """The three digits of the service (STID): they decide whether scans and returns are told at all."""
    mailer_id: str = Field(pattern=r"^([0-8][0-9]{5}|9[0-9]{8})$")
    """The mailer id: six digits, or nine that begin with 9."""
    first_serial: int = Field(default=0, ge=0)
    """The first serial number that is ours; give each connection with the same mailer id a range of its own."""
    last_serial: int | None = Field(default=None, ge=0)
    """The last one; without it, as many as the mailer id leaves room for."""
    left_mm: float = Field(default=25.0, ge=0, le=200)
    """Distance of the barcode from the left edge, in millimetres."""
    top_mm: float = Field(default=48.0, ge=0, le=400)
    """Distance of the barcode from the top edge, in millimetres."""

    @property
    def room(self) -> int:
        """Return how many serial numbers the mailer id leaves room for."""
        return 10 ** (15 - len(self.mailer_id))

    @property
    def serials(self) -> int:
        """Return how many serial numbers are ours."""
        return (self.room - 1 if self.last_serial is None else self.last_serial) - self.first_serial + 1

    @model_validator(mode="after")
    def _range(self) -> Self:
        if self.serials < 1 or self.first_serial + self.serials > self.room:
            raise ValueError(f"serial numbers lie between 0 and {self.room - 1}, the last not before the first")
        return self


class RecordFile(ConnectorSettings):
    """A file beside the manifest, by a template of the project: the inserter's records, a job ticket."""

    template: Path
    """The template, from the project's folder on."""
    name: str = Field(pattern=r"^\{bundle\}[A-Za-z0-9._-]{1,60}$")
    """What the file is called, such as `{bundle}.mrdf`."""
    encoding: Literal["utf-8", "iso-8859-1", "windows-1252", "cp037", "cp500"] = "utf-8"
    """How its characters are written; the last two are EBCDIC."""

    @field_validator("name")
    @classmethod
    def _free(cls, name: str) -> str:
        if name.endswith((".done", ".manifest.jsonl", ".totals.json", ".part", ".pgp")):
            raise ValueError("this name has another meaning; choose an ending of its own")
        return name


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
    sheet_grams: float = Field(default=0, ge=0, le=100)
    """What a sheet of paper weighs, such as 4.99 for A4 of 80 g/m²; without it, nothing is weighed."""
    postage: tuple[Postage, ...] = ()
    """Classes of postage by weight, lightest first. They are counted, and `sort: [postage]` keeps them together."""
    share_envelopes: bool = False
    """Put letters into one envelope where their communications allow it (`share_envelope`)."""
    intelligent_mail: IntelligentMail | None = None
    """Set it to print the barcode of the United States' post."""
    records: tuple[RecordFile, ...] = ()
    """Files by templates that are laid down beside the manifest."""
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

    @model_validator(mode="after")
    def _classes(self) -> Self:
        limits = [float("inf") if each.up_to_grams is None else each.up_to_grams for each in self.postage]
        if any(lighter >= heavier for lighter, heavier in pairwise(limits)) or (limits and limits[-1] != float("inf")):
            raise ValueError("classes of postage stand in the order of `up_to_grams`, and the last goes without it")
        if self.postage and not self.sheet_grams:
            raise ValueError("say with `sheet_grams` what a sheet weighs, so that the class of postage is known")
        return self

    @field_validator("envelopes")
    @classmethod
    def _ascending(cls, envelopes: tuple[Envelope, ...]) -> tuple[Envelope, ...]:
        if not envelopes:
            raise ValueError("name at least one envelope")
        limits = [float("inf") if envelope.up_to_sheets is None else envelope.up_to_sheets for envelope in envelopes]
        if any(smaller >= larger for smaller, larger in pairwise(limits)):
            raise ValueError("envelopes stand in the order of `up_to_sheets`; only the last may go without it")
        return envelopes
