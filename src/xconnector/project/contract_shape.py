"""The shape of `contracts/<name>.yaml`: what a source promises beside the shape of its records."""

import re
from decimal import Decimal
from typing import Annotated

from pydantic import BeforeValidator, Field, StringConstraints

from xconnector.project.file_words import Shape

_PERCENT = re.compile(r"(\d{1,4}(?:\.\d{1,4})?) ?%")


def _share(written: object) -> object:
    """Read a percentage as a share."""
    found = _PERCENT.fullmatch(written.strip()) if isinstance(written, str) else None
    if found is None:
        raise ValueError("write a percentage such as 5%")
    return Decimal(found[1]) / 100


Share = Annotated[Decimal, BeforeValidator(_share, json_schema_input_type=str)]


class VolumeShape(Shape):
    """How many records a run has when all is well."""

    least: Annotated[int, Field(ge=0)] | None = None
    """At least so many records."""
    most: Annotated[int, Field(ge=0)] | None = None
    """At most so many records."""
    within: Annotated[Share, Field(gt=0)] | None = None
    """How far from the median of the last five runs, such as 30%."""


class ContractShape(Shape):
    """`contracts/<name>.yaml`."""

    owner: Annotated[str, StringConstraints(min_length=1, max_length=200)] | None = None
    """Who answers for the source, such as a team and its address; shown where the contract is broken."""
    bad_at_most: Annotated[Share, Field(ge=0, le=1)] = Decimal("0.05")
    """Share of records that may break the schema: more of a run, or of the last 100 records, stops the feed; 5%
    where it is left out."""
    volume: VolumeShape | None = None
    """How many records a run has."""
    unique: Annotated[tuple[str, ...], Field(max_length=10)] = ()
    """Paths whose value no two records of a run share, such as policy.number."""
