"""Settings of CSV files."""

from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from xconnector.contract.control import ControlSettings
from xconnector.contract.settings import ConnectorSettings

Column = Annotated[str, StringConstraints(min_length=1, max_length=200)]
OneSign = Annotated[str, StringConstraints(pattern=r"^[\t -~]$")]


class GroupSettings(BaseModel):
    """How consecutive rows of one key become one record."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    name: Column
    """Name under which the record holds its rows, such as `transactions`."""
    columns: Annotated[tuple[Column, ...], Field(min_length=1)]
    """Columns that differ from row to row; all others must agree within the record."""


class CsvFileSettings(ConnectorSettings):
    """A CSV file (RFC 4180) with a header row."""

    key: Annotated[tuple[Column, ...], Field(min_length=1)]
    """Columns that together name a record."""
    delimiter: OneSign = ","
    """Sign between cells."""
    quote: OneSign = '"'
    """Sign around cells that hold a delimiter, a quote (doubled) or a line break."""
    encoding: Literal["utf-8", "iso-8859-1", "iso-8859-15", "windows-1252"] = "utf-8"
    """Encoding; bytes that do not fit stop the file before anything is made."""
    columns: tuple[Column, ...] = ()
    """Columns that the header must have besides key and sums; others may stand there too."""
    group: GroupSettings | None = None
    """Makes one record of consecutive rows with the same key."""
    control: ControlSettings = ControlSettings()
    """Control totals. A trailer is a last row `<marker>, <records>, <sum>, …` with the sums in their order here."""
    line_limit: Annotated[int, Field(ge=80, le=131_072)] = 65_536
    """Most bytes of a row; a longer one is set aside."""
    record_limit: Annotated[int, Field(ge=80, le=16_777_216)] = 4_194_304
    """Most bytes of a record made of several rows; a longer one is set aside."""

    @model_validator(mode="after")
    def _fit_together(self) -> Self:
        if self.delimiter == self.quote:
            raise ValueError("delimiter and quote must differ")
        grouped = self.group.columns if self.group else ()
        if both := sorted({*grouped} & {*self.key}):
            raise ValueError(f"{', '.join(both)} cannot be in `key` and in `group.columns`")
        return self
