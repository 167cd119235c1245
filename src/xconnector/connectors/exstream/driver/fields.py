"""What a project names for drivers that nest: values, groups and repeating groups, as Exstream's designers expect."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Annotated, Self

from pydantic import BeforeValidator, Field, StringConstraints, model_validator

from xconnector.connectors.exstream.driver.value import DataPath, Value, from_path

FieldName = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]+$")]


class DriverField(Value):
    """A value, a group of fields, or one that repeats."""

    each: DataPath | None = None
    """The list whose items are written one by one; with `fields`, which then start from the item. One thing counts
    as a list of one, and nothing as none."""
    fields: Annotated[Mapping[FieldName, "NamedField"], Field(min_length=1)] | None = None
    """A group of fields."""

    @model_validator(mode="after")
    def _one_kind(self) -> Self:
        is_group = self.each is not None or self.fields is not None
        if sum((self.path is not None, self.constant is not None, is_group)) != 1:
            raise ValueError("write one of `path`, `constant`, and `fields` or `each`")
        if is_group and self.model_fields_set - {"each", "fields"}:
            raise ValueError("a group has no format of its own: write it on its fields")
        return self


NamedField = Annotated[DriverField, BeforeValidator(from_path, json_schema_input_type=str | DriverField)]
Fields = Annotated[Mapping[FieldName, NamedField], Field(min_length=1)]
"""By the name that Exstream's designers expect: a path, or a field in full."""


def paths_of(fields: Mapping[str, DriverField]) -> Iterator[str]:
    """Yield every path from the top of the data whose value is kept whole, without a leading `/`."""
    for field in fields.values():
        if field.path is not None and field.is_kept_whole:
            yield field.path.removeprefix("/")
        elif field.fields is not None:
            inner = paths_of(field.fields) if field.each is None else paths_from_top(field.fields.values())
            yield from inner


def paths_from_top(fields: Iterable[DriverField]) -> Iterator[str]:
    """Yield the paths with a leading `/` of fields that start from an item."""
    for field in fields:
        if field.path is not None and field.path.startswith("/") and field.is_kept_whole:
            yield field.path[1:]
        elif field.fields is not None:
            yield from paths_from_top(field.fields.values())


def has_path(fields: Mapping[str, DriverField] | None, path: str) -> bool:
    """Say whether what stands at a path is written whole, alone or in a group; without fields, everything is."""
    wanted = path.removeprefix("/")
    return fields is None or any(wanted == one or wanted.startswith(f"{one}.") for one in paths_of(fields))
