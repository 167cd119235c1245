"""What a mapping may say of a customer beside values: what the source vouches for, what it takes back, who is gone."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, cast

from xconnector.domain.path_emptiness import SaysEmpty
from xconnector.domain.record_path import PathError
from xconnector.domain.strict_json import Json
from xconnector.project.lineage import Origins, below
from xconnector.project.mapping_source import Source, ValueProblemError

_FLAGS: Mapping[Json, bool] = {None: False, True: True, False: False, "true": True, "false": False}


class OnMissing(StrEnum):
    """What it means that a record has no value for a field of the customer."""

    KEEP = "keep"
    """It says nothing: what the source said before stays."""
    RETRACT = "retract"
    """Null, blank text or an empty list take back what the source said before; what is not there says nothing."""
    RETRACT_ABSENT = "retract_absent"
    """What is not there takes it back too, as in a full snapshot."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Retraction:
    """When a missing value of a field takes back what its source said before."""

    strictly: Source
    """The field's source, without leave to count as missing what cannot be read: that takes back nothing."""
    says_empty: Sequence[SaysEmpty]
    """Of each path that is asked for the value, whether a record has nothing there."""
    by_absence: bool
    """Whether it is enough that there is no value."""

    def is_meant(self, record: Mapping[str, Any]) -> bool:
        """Say whether a record takes the field back that has no value for it."""
        root = cast("Json", record)
        try:
            if self.strictly.value(root, root) not in (None, []):
                return False
        except (PathError, ValueProblemError):
            return False
        return self.by_absence or any(empty(record) for empty in self.says_empty)


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerWord:
    """What a mapping says of a customer beside values, compiled."""

    verified: Mapping[str, Source]
    """By field, what is true where the source vouches for it."""
    retractions: Mapping[str, Retraction]
    """By field; those that are not here are never taken back."""
    deleted: Source | None
    """What is true where the source has deleted the customer."""

    def said(self, values: Mapping[str, Any], record: Mapping[str, Any]) -> dict[str, Any]:
        """Return what is said of the customer: values as they are, and None where one is taken back."""
        said: dict[str, Any] = {}
        for name, value in values.items():
            if value is not None and value != []:
                said[name] = value
            elif name in self.retractions and self.retractions[name].is_meant(record):
                said[name] = None
        return said

    def vouched(self, said: Mapping[str, Any], record: Mapping[str, Any], problems: list[str]) -> frozenset[str]:
        """Return the fields for which the source vouches, of those that have a value."""
        return frozenset(
            name
            for name, source in self.verified.items()
            if said.get(name) not in (None, []) and is_true(source, f"verified.{name}", record, problems)
        )

    def is_deleted(self, record: Mapping[str, Any], problems: list[str]) -> bool:
        return self.deleted is not None and is_true(self.deleted, "deleted", record, problems)

    def origins(self, record: Mapping[str, Any]) -> list[Origins]:
        """Return where this was read: `customer.verified.<name>` and `customer.deleted`.

        Raises PathError or ValueProblemError.
        """
        root = cast("Json", record)
        named = {f"customer.verified.{name}": source for name, source in self.verified.items()}
        if self.deleted is not None:
            named["customer.deleted"] = self.deleted
        return [below(name, source.origins(root, root, "")) for name, source in named.items()]


def is_true(source: Source, name: str, record: Mapping[str, Any], problems: list[str]) -> bool:
    """Say whether a source is true; a problem is noted where it is neither true, nor false, nor missing."""
    root = cast("Json", record)
    try:
        value = source.value(root, root)
    except (PathError, ValueProblemError) as wrong:
        problems.append(f"{name}: {wrong}")
        return False
    if isinstance(value, bool | str | None) and value in _FLAGS:
        return _FLAGS[value]
    problems.append(f"{name}: {source.told} is neither true nor false: add `then: [{{yes: [its words for true]}}]`")
    return False


NOTHING_SAID = CustomerWord(verified={}, retractions={}, deleted=None)
"""Of a mapping that speaks of customers in values alone."""
