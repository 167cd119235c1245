"""Settings of X12 files."""

from typing import Annotated, Literal, Self

from pydantic import Field, field_validator, model_validator

from xconnector.contract.control import ControlKind, ControlSettings
from xconnector.contract.settings import ConnectorSettings
from xconnector.domain.record_path import parse_path


class X12FileSettings(ConnectorSettings):
    """A file of X12 interchanges that hold 835, 277 or 834 transaction sets."""

    key: Annotated[tuple[str, ...], Field(min_length=1)] = (
        "interchange.sender",
        "interchange.control",
        "group.control",
        "transaction.control",
        "number",
    )
    """Paths of what together names a record. Unless said otherwise: the sender, the control numbers of interchange,
    group and transaction set, and the record's place in that."""
    encoding: Literal["utf-8", "iso-8859-1", "windows-1252"] = "utf-8"
    """Encoding; a record with bytes that do not fit is set aside."""
    control: ControlSettings = ControlSettings()
    """Control totals, `none` or `sidecar`: X12 declares its own counts of segments, transaction sets and groups, and
    these are always compared."""
    record_limit: Annotated[int, Field(ge=80, le=16_777_216)] = 1_048_576
    """Most bytes of a record; a longer one is set aside. Also the most that may stand before the records of a set."""

    @field_validator("key")
    @classmethod
    def _paths(cls, key: tuple[str, ...]) -> tuple[str, ...]:
        for path in key:
            parse_path(path)
        return key

    @model_validator(mode="after")
    def _fit_together(self) -> Self:
        if self.control.kind is ControlKind.TRAILER:
            raise ValueError("X12 has no trailer for control totals: use a sidecar, or leave `control` out")
        return self
