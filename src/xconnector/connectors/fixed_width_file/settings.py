"""Settings of files of fixed width."""

import re
from collections.abc import Mapping
from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from xconnector.contract.control import ControlSettings
from xconnector.contract.settings import ConnectorSettings

_LONGEST = 32_768
_SPAN = re.compile(r"(\d{1,5})(?:-(\d{1,5}))?", re.ASCII)

Column = Annotated[str, StringConstraints(pattern=r'^[^"]{1,200}$')]
Span = Annotated[str, StringConstraints(pattern=r"^\d{1,5}(-\d{1,5})?$")]
Encoding = Literal[
    "utf-8", "iso-8859-1", "iso-8859-15", "windows-1252", "cp037", "cp273", "cp500", "cp1140", "cp1141", "cp1148"
]


class FixedWidthFileSettings(ConnectorSettings):
    """A file whose lines are cut at fixed columns."""

    key: Annotated[tuple[Column, ...], Field(min_length=1)]
    """Columns that together name a record."""
    columns: Annotated[Mapping[Column, Span], Field(min_length=1, max_length=2_000)]
    """Where each column stands in a line, counted in characters from 1, both ends included: `{account: 1-10}`. Columns
    may overlap; what no column takes is left out. White space around a cell is dropped."""
    encoding: Encoding = "utf-8"
    """Encoding; the names with cp and three or four digits below 1200 are EBCDIC."""
    record_length: Annotated[int, Field(ge=1, le=_LONGEST)] | None = None
    """Bytes of a record in a file without line breaks; none where each record is a line."""
    may_be_short: bool = False
    """Whether lines may end before their last columns, as where their maker drops blanks; else such a line is set
    aside."""
    header_lines: Annotated[int, Field(ge=0, le=1_000)] = 0
    """How many lines stand before the first record."""
    control: ControlSettings = ControlSettings()
    """Control totals. A trailer is a last line that begins with `marker`, behind it the number of records and the sums
    in their order here, with blanks between them."""
    line_limit: Annotated[int, Field(ge=80, le=131_072)] = 65_536
    """Most bytes of a line; a longer one is set aside."""

    @model_validator(mode="after")
    def _fit_together(self) -> Self:
        for name, (start, end) in self.spans().items():
            if not 1 <= start <= end <= _LONGEST:
                raise ValueError(f"column {name} must begin at 1 or behind, and end where it begins or behind")
        if missing := [name for name in self.key if name not in self.columns]:
            raise ValueError(f"{', '.join(missing)} of `key` is no column")
        return self

    def spans(self) -> Mapping[str, tuple[int, int]]:
        """Return first and last character of each column, from 1."""
        found = {name: _SPAN.fullmatch(span) for name, span in self.columns.items()}
        return {name: (int(span[1]), int(span[2] or span[1])) for name, span in found.items() if span}
