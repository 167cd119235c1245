"""Settings of XML files."""

from typing import Annotated

from pydantic import Field, StringConstraints, field_validator

from xconnector.contract.control import ControlSettings
from xconnector.contract.settings import ConnectorSettings
from xconnector.domain.record_path import parse_path


class XmlFileSettings(ConnectorSettings):
    """An XML file whose records are elements of one name."""

    element: Annotated[str, StringConstraints(pattern=r"^[^\s:<>/@#\[\].\"*]+(?:/\*)?$")]
    """Local name of the element that is a record, without namespace prefix; it may be the document element. With `/*`
    behind it, the records are the elements directly inside it that hold elements of their own."""
    key: Annotated[tuple[str, ...], Field(min_length=1)]
    """Paths, from the record's element, of the fields that together name a record, such as `Account.Number`."""
    control: ControlSettings = ControlSettings()
    """Control totals. A trailer is an element beside the records:
    `<Trailer records="3"><sum field="amount">123.45</sum></Trailer>`; `marker` renames it."""
    record_limit: Annotated[int, Field(ge=80, le=67_108_864)] = 4_194_304
    """Most bytes of a record; a longer one is set aside, one far longer stops the file."""
    depth: Annotated[int, Field(ge=2, le=200)] = 64
    """Most levels of elements in the file."""

    @property
    def parent(self) -> str | None:
        """Name of the element whose children are the records, where that is so."""
        return self.element.removesuffix("/*") if self.element.endswith("/*") else None

    @field_validator("key")
    @classmethod
    def _paths(cls, key: tuple[str, ...]) -> tuple[str, ...]:
        for path in key:
            parse_path(path)
        return key
