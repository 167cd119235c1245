"""Settings of status files: what the post, the house, or the mail room says of letters, in columns of its own."""

from typing import Annotated, Literal, Self
from zoneinfo import ZoneInfo, available_timezones

from pydantic import Field, field_validator, model_validator

from xconnector.connectors.print_house.destinations import FolderDestination, SftpDestination
from xconnector.connectors.print_house.words import REASONS, STATUSES
from xconnector.contract.settings import ConnectorSettings

_WORDS = ", ".join(sorted(STATUSES))


class FixedColumn(ConnectorSettings):
    """A column of fixed width."""

    start: int = Field(ge=1)
    """Its first character, from 1."""
    length: int = Field(ge=1, le=10_000)
    """How many characters it has; spaces around what it says do not count."""


class KeyColumn(ConnectorSettings):
    """By what a row names its letter."""

    column: str
    """Name of the column."""
    says: Literal["dispatch_key", "datamatrix", "imb"] = "dispatch_key"
    """What stands there: our dispatch key, the 18 digits of a sheet's DataMatrix, or the digits of the Intelligent Mail
    barcode."""


class StatusColumn(ConnectorSettings):
    """What a row says of its letter."""

    column: str | None = None
    """Name of the column; without it every row says `always`."""
    words: Annotated[dict[str, str], Field(default_factory=dict)]
    """Our word for each of its codes, such as `"918": out_for_delivery`. A code that is missing becomes unknown, and is
    kept and shown."""
    always: str | None = None
    """What every row says, such as `returned` in a file of returned letters."""

    @model_validator(mode="after")
    def _our_words(self) -> Self:
        wrong = sorted({*self.words.values(), *([self.always] if self.always else [])} - STATUSES.keys())
        if wrong:
            raise ValueError(f"{', '.join(wrong)}: not one of {_WORDS}")
        if (self.column is None) == (self.always is None):
            raise ValueError("give either `column` or `always`")
        return self


class ReasonColumn(ConnectorSettings):
    """Why a letter came back."""

    column: str
    """Name of the column."""
    words: Annotated[dict[str, str], Field(default_factory=dict)]
    """Our reason for each of its codes, such as `NSN: unknown_address`. The rest is as the status alone says."""

    @field_validator("words")
    @classmethod
    def _our_reasons(cls, words: dict[str, str]) -> dict[str, str]:
        wrong = sorted({*words.values()} - REASONS.keys())
        if wrong:
            raise ValueError(f"{', '.join(wrong)}: not one of {', '.join(sorted(REASONS))}")
        return words


class MomentColumn(ConnectorSettings):
    """When it happened."""

    column: str | None = None
    """Name of the column; without it, when the file was written."""
    format: str | None = None
    """How it is written, such as `%m/%d/%Y %H:%M`; without it, ISO 8601."""
    time_zone: str = "UTC"
    """Of times that do not tell their own, such as `America/New_York`."""

    @field_validator("time_zone")
    @classmethod
    def _known(cls, name: str) -> str:
        if name not in available_timezones():
            raise ValueError("no time zone has this name; write it such as Europe/Berlin")
        return name

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone)


class StatusFiles(ConnectorSettings):
    """Files of one kind: where they lie, and what their columns mean."""

    name: Annotated[str, Field(pattern=r"^[a-z0-9_-]{1,40}$")]
    """What operators call them."""
    destination: Annotated[FolderDestination | SftpDestination, Field(discriminator="kind")] | None = None
    """Where they lie, when it is not the house's destination: the post's own server, say."""
    folder: str = "tracking"
    """Their folder, from the destination's on. What was read moves to `done` in it."""
    files: str = "*.csv"
    """Which names are meant. Rename a file into place when it is whole."""
    encoding: Literal["utf-8", "utf-16", "iso-8859-1", "windows-1252", "cp037", "cp500"] = "utf-8"
    """How characters are written; the last two are EBCDIC."""
    delimiter: Annotated[str, Field(min_length=1, max_length=1)] = ","
    """What stands between columns; `"\\t"` for a tab."""
    header: list[str] | None = None
    """Names of the columns, where the first line does not tell them."""
    fixed: dict[str, FixedColumn] | None = None
    """Columns of fixed width, in place of delimited ones."""
    key: KeyColumn
    """By what a row names its letter."""
    status: StatusColumn
    """What it says."""
    reason: ReasonColumn | None = None
    """Why a letter came back."""
    at: MomentColumn = MomentColumn()
    """When it happened."""
    new_address: Annotated[dict[str, str], Field(default_factory=dict)]
    """Columns of the address to which a letter was forwarded, such as `{line: street, postcode: zip, city: town}`: kept
    with the report as a proposal. Nothing is changed by it."""
