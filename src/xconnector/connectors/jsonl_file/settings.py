"""Settings of JSON Lines files."""

from typing import Annotated, Literal

from pydantic import Field, field_validator

from xconnector.contract.control import ControlSettings
from xconnector.contract.settings import ConnectorSettings
from xconnector.domain.record_path import parse_path


class JsonlFileSettings(ConnectorSettings):
    """A file of JSON objects in UTF-8."""

    key: Annotated[tuple[str, ...], Field(min_length=1)]
    """Paths of the fields that together name a record, such as `account.number`."""
    layout: Literal["lines", "document", "list"] = "lines"
    """`lines`: one object a line. `document`: the whole file is one object, however it is broken into lines. `list`:
    the objects of a list in one document."""
    list_name: Annotated[str, Field(alias="list", max_length=200)] = ""
    """With `layout: list`: the name of the list at the top of the document, such as `entry`; none where the document is
    the list itself."""
    inside: Annotated[str, Field(max_length=200)] = ""
    """The field of each object that holds the record, such as `resource` or `data`; what is beside it is left out."""
    change_events: bool = False
    """Whether the objects are change events in the shape of Debezium; the record is then
    `{op, row, before, after, source, ts_ms, key}`, tombstones included."""
    control: ControlSettings = ControlSettings()
    """Control totals. A trailer is a last line `{"trailer": {"records": 3, "sums": {"amount": "123.45"}}}`."""
    record_limit: Annotated[int, Field(ge=80, le=67_108_864)] = 4_194_304
    """Most bytes of a record; a longer one is set aside."""
    depth: Annotated[int, Field(ge=1, le=200)] = 64
    """Most levels of nesting in a record; a deeper one is set aside."""

    @field_validator("key")
    @classmethod
    def _paths(cls, key: tuple[str, ...]) -> tuple[str, ...]:
        for path in key:
            parse_path(path)
        return key
