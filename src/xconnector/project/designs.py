"""Design files: which design of a composer each template stands for."""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from xconnector.contract.manifest import DesignFile
from xconnector.contract.settings import ConnectorSettings
from xconnector.project.connection_settings import KnownConnection
from xconnector.project.findings import Finding
from xconnector.project.shape import Shaped, shape
from xconnector.project.templates import TEMPLATES, template_names
from xconnector.project.yaml_file import read_yaml

Designs = Mapping[str, Mapping[str, ConnectorSettings]]
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


def _designs(
    folder: Path, file: DesignFile, environment: Mapping[str, str], findings: list[Finding]
) -> Iterator[tuple[str, ConnectorSettings]]:
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
            yield template, design
