"""Versions of a mapping: which one counts on which day, and the form in which the ones that counted are kept."""

import hashlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from xconnector.domain.strict_json import read_json
from xconnector.project.findings import Finding
from xconnector.project.mapping import MappingError, RecordMapping
from xconnector.project.mapping_text import parse_mapping
from xconnector.project.yaml_file import YamlFile
from xconnector.store.mappings import KeptMapping

_VERSION = re.compile(r"(?P<name>[^@]+)@(?P<day>\d{4}-\d{2}-\d{2})", re.ASCII)


class VersionNameError(ValueError):
    """The name of a file says no day after its @."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MappingVersions:
    """All versions of one mapping: `policy.yaml`, and from its day on `policy@2026-12-01.yaml`."""

    name: str
    versions: Sequence[tuple[date, RecordMapping]]
    """The first day of each, in order; of the one without a day it is the first day there is."""

    def on(self, day: date) -> RecordMapping:
        """Return the mapping that counts on a day.

        Raises MappingError when none does yet.
        """
        for begins_on, mapping in reversed(self.versions):
            if begins_on <= day:
                return mapping
        raise MappingError(
            f"no version of mapping {self.name} counts on {day}: the first begins on {self.versions[0][0]}; "
            f"add mappings/{self.name}.yaml for the days before"
        )


def versions_of(mappings: Mapping[str, RecordMapping]) -> Mapping[str, MappingVersions]:
    """Return the versions of mappings by the mapping's name, given them by the names of their files.

    Raises VersionNameError.
    """
    found: dict[str, list[tuple[date, RecordMapping]]] = {}
    for file_name, mapping in mappings.items():
        name, begins_on = read_version_name(file_name)
        found.setdefault(name, []).append((begins_on, mapping))
    return {
        name: MappingVersions(name=name, versions=sorted(versions, key=lambda one: one[0]))
        for name, versions in found.items()
    }


def read_version_name(file_name: str) -> tuple[str, date]:
    """Return what mapping a file is of, and from which day on it counts.

    Raises VersionNameError.
    """
    if "@" not in file_name:
        return file_name, date.min
    found = _VERSION.fullmatch(file_name)
    try:
        if found is not None:
            return found["name"], date.fromisoformat(found["day"])
    except ValueError:
        pass
    raise VersionNameError(f"{file_name!r} names no day")


def misnamed(file_names: Sequence[str]) -> Iterator[Finding]:
    """Yield what is wrong with the names of mapping files."""
    for file_name in file_names:
        try:
            read_version_name(file_name)
        except VersionNameError:
            yield Finding(
                file=f"mappings/{file_name}.yaml",
                line=1,
                message="the name of this version says no day",
                remedy="name it after the day from which it counts, such as policy@2026-12-01.yaml",
            )


# ---------------------------------------------------------------- as it is kept


def kept_form(mapping: RecordMapping) -> KeptMapping:
    content = json.dumps(mapping.content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return KeptMapping(sha256=mapping.sha256, name=mapping.name, content=content)


def read_kept_mapping(kept: KeptMapping) -> RecordMapping:
    """Return a mapping that was kept.

    Raises MappingError when it is not what was kept, or this version of xConnector understands it no more.
    """
    content = kept.content.encode()
    if hashlib.sha256(content).hexdigest() != kept.sha256:
        raise MappingError(f"the mapping {kept.name} that is kept under {kept.sha256} was changed")
    file = YamlFile(file=f"{kept.name} (as kept)", content=read_json(content), lines={})
    mapping, wrong = parse_mapping(kept.name, file)
    if mapping is None:
        raise MappingError(f"the mapping {kept.name} is not understood any more: {wrong[0].message}")
    return mapping
