"""The mappings that travel with the package: over published shapes, to be used as they are or copied into a project."""

from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

from xconnector.project.findings import ProjectError
from xconnector.project.mapping import RecordMapping
from xconnector.project.mapping_text import parse_mapping
from xconnector.project.yaml_file import read_yaml

_ENDING = ".yaml"


@dataclass(frozen=True, slots=True, kw_only=True)
class ShippedMapping:
    """A mapping that travels with the package."""

    name: str
    format: str
    """Of the files whose records it takes."""
    about: str
    """One sentence."""


def shipped_mappings() -> tuple[ShippedMapping, ...]:
    """Return the mappings that travel with the package, by name."""
    return tuple(
        ShippedMapping(name=mapping.name, format=mapping.use.format, about=mapping.use.about)
        for name in shipped_names()
        if (mapping := shipped_mapping(name)) is not None and mapping.use is not None
    )


@cache
def shipped_names() -> tuple[str, ...]:
    """Return the names of the shipped mappings, sorted."""
    with _folder() as folder:
        return tuple(sorted(file.stem for file in folder.glob(f"*{_ENDING}")))


@cache
def shipped_mapping(name: str) -> RecordMapping | None:
    """Return a shipped mapping, or None where there is none of this name."""
    if name not in shipped_names():
        return None
    with _folder() as folder:
        return read_mapping(folder / f"{name}{_ENDING}")


def read_mapping(path: Path) -> RecordMapping:
    """Return the mapping that a file holds, under the file's name.

    Raises ProjectError with everything that is wrong with it.
    """
    file, wrong = read_yaml(path, path.name)
    mapping, more = parse_mapping(path.stem, file) if file is not None else (None, [])
    if mapping is None:
        raise ProjectError([*wrong, *more])
    return mapping


def fitting(form: str, record: Mapping[str, Any]) -> RecordMapping | None:
    """Return the shipped mapping that takes a record of a format, or None where none does."""
    return next((one for one in _of_format(form) if one.use is not None and one.use.takes(record)), None)


@cache
def _of_format(form: str) -> tuple[RecordMapping, ...]:
    return tuple(_made_for(form))


def _made_for(form: str) -> Iterator[RecordMapping]:
    # A name begins with its format, so that no other file needs to be read.
    for name in shipped_names():
        if name.startswith(f"{form}_"):
            mapping = shipped_mapping(name)
            if mapping is not None and mapping.use is not None and mapping.use.format == form:
                yield mapping


@contextmanager
def _folder() -> Generator[Path]:
    """The folder of the mappings as real files, wherever the package was installed from."""
    with resources.as_file(resources.files("xconnector") / "mappings") as folder:
        yield folder
