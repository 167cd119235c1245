"""Design files: which design of a composer each template stands for."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from xconnector.contract.manifest import DesignFile, DesignUse
from xconnector.contract.settings import ConnectorSettings
from xconnector.domain.record_path import NoSuchNameError, PathError, prove_path
from xconnector.project.connection_settings import KnownConnection
from xconnector.project.findings import Finding, named_like
from xconnector.project.shape import Shaped, shape
from xconnector.project.templates import TEMPLATES, template_names
from xconnector.project.yaml_file import YamlFile, read_yaml


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownDesign:
    """A design file that is well formed."""

    file: YamlFile
    settings: ConnectorSettings = field(repr=False)


Designs = Mapping[str, Mapping[str, KnownDesign]]
"""By the name of the design file, then by template."""


def read_designs(
    folder: Path, connections: Iterable[KnownConnection], environment: Mapping[str, str]
) -> tuple[Designs, list[Finding]]:
    """Return what the design files of the project's templates say, and what is wrong with them."""
    findings: list[Finding] = []
    wanted = {file.name: file for one in connections if (file := design_file_of(one)) is not None}
    designs = {name: dict(_designs(folder, file, environment, findings)) for name, file in wanted.items()}
    return designs, findings


def design_file_of(connection: KnownConnection) -> DesignFile | None:
    """Return the file by which a connection's composer is told its designs; None where it fills our templates."""
    return connection.manifest.design_file if connection.manifest is not None else None


def missing_design(folder: Path, template: str, file: DesignFile) -> Iterator[tuple[str, str]]:
    """Yield message and remedy where a template does not say which design it stands for."""
    if not (folder / TEMPLATES / template / file.name).is_file():
        yield (
            f"template {template!r} has no {file.name}, which says what design it stands for",
            f"add {TEMPLATES}/{template}/{file.name}, or choose another composer",
        )


def design_misfits(
    known: KnownDesign, file: DesignFile, connection: KnownConnection, use: DesignUse
) -> Iterator[Finding]:
    """Yield what keeps a connection from composing by a design."""
    if connection.settings is not None:
        for one in file.misfits(connection.settings, known.settings, use):
            message = f"{one.message} (connection {connection.name!r})"
            yield known.file.finding(one.place, message, one.remedy)


def paths_to_nowhere(
    known: KnownDesign, file: DesignFile, sample: Mapping[str, Any], *, communication: str
) -> Iterator[Finding]:
    """Yield the paths of a design that lead nowhere in the data of a communication, which a sample shows."""
    for place, path in file.paths(known.settings):
        try:
            prove_path(path, sample)
        except PathError as wrong:
            remedy = named_like(wrong.name, wrong.known) if isinstance(wrong, NoSuchNameError) else "correct the path"
            message = f"path {path} leads nowhere in communication {communication!r}: {wrong}"
            yield known.file.finding(place, message, remedy)


def _designs(
    folder: Path, file: DesignFile, environment: Mapping[str, str], findings: list[Finding]
) -> Iterator[tuple[str, KnownDesign]]:
    for template in template_names(folder):
        name = f"{TEMPLATES}/{template}/{file.name}"
        if not (folder / name).is_file():
            continue
        content, wrong = read_yaml(folder / name, name, environment)
        findings += wrong
        if content is None:
            continue
        design, wrong = shape(file.shape, content.content, Shaped(file=content))
        findings += wrong
        if design is not None:
            yield template, KnownDesign(file=content, settings=design)
