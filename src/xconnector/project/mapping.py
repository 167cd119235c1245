"""Mappings: how a source record becomes the fields of our communications and of the golden record.

The language is closed: paths, a handful of sources and transforms, nothing that can loop or call.
It is compiled once into Python functions. `docs/guide/mappings.md` explains it to those who write it.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

from xconnector.domain.matching.nothing import names_nobody
from xconnector.domain.record_path import PathError, RecordPath, items_of, text_of
from xconnector.domain.strict_json import Json
from xconnector.project.lineage import below, united
from xconnector.project.mapping_customer import NOTHING_SAID, CustomerWord
from xconnector.project.mapping_source import Source, ValueProblemError

_LONGEST_KEY = 500


class MappingError(Exception):
    """A record does not fit its mapping; the message names fields and paths, never values."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mapped:
    """What a mapping makes of one record."""

    customer_key: str = field(repr=False)
    data: Mapping[str, Any] = field(repr=False)
    """Our fields; JSON types only."""
    customer_fields: Mapping[str, Any] = field(repr=False)
    """What the record says of the customer; None takes back what its source said before."""
    source_key: str | None = field(repr=False)
    """The record's own key, where the mapping names one."""
    verified: frozenset[str] = frozenset()
    """The fields of the customer that the source vouches for."""
    is_deleted: bool = False
    """Whether the source has deleted the customer: it takes back all that it said."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MappingUse:
    """Which records a mapping is made for."""

    format: str
    """What `xconnector map --list` calls their format."""
    where: Sequence[tuple[RecordPath, frozenset[str]]] = ()
    """What must stand at these paths; no value asks only that there is something."""
    about: str = ""
    """One sentence."""

    def takes(self, record: Mapping[str, Any]) -> bool:
        """Say whether a record of this format is one for the mapping."""
        return all(_stands_at(path, wanted, record) for path, wanted in self.where)


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordMapping:
    """One mapping, compiled."""

    name: str
    key: Sequence[Source]
    customer: Source
    fields: Mapping[str, Source]
    customer_fields: Mapping[str, Source]
    content: Json = field(repr=False)
    """Its file as it was read."""
    use: MappingUse | None = None
    """None where the mapping does not say which records it is made for."""
    word: CustomerWord = NOTHING_SAID
    """What is vouched for, taken back, or gone."""
    sha256: str = field(init=False)
    """Of its content, whatever the order of keys and the comments."""

    def __post_init__(self) -> None:
        content = json.dumps(self.content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        object.__setattr__(self, "sha256", hashlib.sha256(content.encode()).hexdigest())

    def apply(self, record: Mapping[str, Any]) -> Mapped:
        """Return what the record says in our words.

        Of a customer who is deleted the keys are enough: fields that cannot be had are then left out.

        Raises MappingError naming every field that cannot be had.
        """
        root = cast("Json", record)
        problems: list[str] = []
        is_deleted = self.word is not NOTHING_SAID and self.word.is_deleted(record, problems)
        if is_deleted:
            return self._of_deleted(record)
        data = _values(self.fields, root, "", problems)
        said = _values(self.customer_fields, root, "customer.", problems)
        customer_key = self._customer_key(root, problems)
        source_key = _key(self.key, root, "key", problems) if self.key else None
        verified = self.word.vouched(said, record, problems) if self.word.verified else frozenset[str]()
        if problems:
            raise MappingError(f"mapping {self.name}: {'; '.join(problems)}")
        if self.word.retractions:
            customer_fields = self.word.said(said, record)
        else:
            customer_fields = {name: value for name, value in said.items() if value is not None and value != []}
        return Mapped(
            customer_key=customer_key,
            data=data,
            customer_fields=customer_fields,
            source_key=source_key,
            verified=verified,
        )

    def _of_deleted(self, record: Mapping[str, Any]) -> Mapped:
        root = cast("Json", record)
        unread: list[str] = []
        data = _values(self.fields, root, "", unread)
        problems: list[str] = []
        customer_key = _key([self.customer], root, "customer", problems)
        source_key = _key(self.key, root, "key", problems) if self.key else None
        if problems:
            raise MappingError(f"mapping {self.name}: {'; '.join(problems)}")
        return Mapped(
            customer_key=customer_key,
            data={} if unread else data,
            customer_fields={},
            source_key=source_key,
            is_deleted=True,
        )

    def customer_of(self, record: Mapping[str, Any]) -> str:
        """Return whose record it is. Raises MappingError where it does not say so."""
        problems: list[str] = []
        customer_key = self._customer_key(cast("Json", record), problems)
        if problems:
            raise MappingError(f"mapping {self.name}: {'; '.join(problems)}")
        return customer_key

    def _customer_key(self, root: Json, problems: list[str]) -> str:
        key = _key([self.customer], root, "customer", problems)
        if key and names_nobody(key):
            problems.append(f"customer: {self.customer.told} names nobody, as NaN or null do")
        return key

    def lineage(self, record: Mapping[str, Any]) -> Mapping[str, Sequence[str]]:
        """Return the paths of the record that gave each value, by the name of the field.

        The golden record's fields stand as `customer.<name>`, what is vouched for as `customer.verified.<name>`, fields
        of lists of records as `<list>[*].<name>`, and the keys as `customer` and `key`. A field that is null has every
        path that was asked for it.

        Raises MappingError where `apply` does.
        """
        root = cast("Json", record)
        named = {f"customer.{name}": source for name, source in self.customer_fields.items()}
        try:
            found = [below(name, source.origins(root, root, "")) for name, source in {**self.fields, **named}.items()]
            found += self.word.origins(record)
            found.append(below("customer", self.customer.origins(root, root, "")))
            found.append(united(below("key", source.origins(root, root, "")) for source in self.key))
        except (PathError, ValueProblemError) as wrong:
            raise MappingError(f"mapping {self.name}: {wrong}") from None
        return united(found)


def _values(fields: Mapping[str, Source], root: Json, owner: str, problems: list[str]) -> dict[str, Json]:
    values: dict[str, Json] = {}
    for name, source in fields.items():
        try:
            values[name] = source.value(root, root)
        except (PathError, ValueProblemError) as wrong:
            problems.append(f"{owner}{name}: {wrong}")
    return values


def _key(sources: Sequence[Source], root: Json, name: str, problems: list[str]) -> str:
    parts: list[str] = []
    for source in sources:
        try:
            part = (text_of(source.value(root, root)) or "").strip()
        except (PathError, ValueProblemError) as wrong:
            problems.append(f"{name}: {wrong}")
            continue
        if not part or len(part) > _LONGEST_KEY:
            problems.append(f"{name}: {source.told} is {'missing' if not part else 'too long for a key'}")
        parts.append(part)
    return "/".join(parts)


def _stands_at(path: RecordPath, wanted: frozenset[str], record: Mapping[str, Any]) -> bool:
    try:
        found = items_of(path.of(record))
    except PathError:
        return False
    if not wanted:
        return any(one not in (None, "") for one in found)
    return any(text_of(one) in wanted for one in found)
