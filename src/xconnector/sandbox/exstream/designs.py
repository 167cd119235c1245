"""The designs that the stand-in has: one for each template with an `exstream.yaml`."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast
from uuid import UUID, uuid5

from xconnector.connectors.exstream.design import FILE, ExstreamDesign
from xconnector.domain.document import RenditionKind
from xconnector.project.yaml_file import read_yaml

_NAMESPACE = UUID("9c2a3f0e-6a7b-5d0c-8f1e-2b4d6f8a0c1e")
_MAIN_FILES = {
    RenditionKind.LETTER: "letter.typ",
    RenditionKind.EMAIL: "e-mail.mjml",
    RenditionKind.SMS: "sms.txt",
}


class UnreadableDesignError(Exception):
    """A design file cannot be read; the message says which and why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HouseDesign:
    """One design, with what Exstream would know of it by itself."""

    template: str
    settings: ExstreamDesign
    kinds: frozenset[RenditionKind]
    """Which of its outputs can be made: those for which the template has a file."""
    contract: Mapping[str, Any] = field(repr=False)
    """Fields of the communication's own data, as the project spells them: null where a driver leaves them out."""
    sender: Mapping[str, Any] = field(repr=False)
    """Who sends it, which designs know by themselves."""

    @property
    def communication(self) -> str:
        """Its id in the Design service; made of the template's name where the project says none."""
        return str(self.settings.communication or made_id("communication", self.template))

    @property
    def data_source(self) -> str:
        """Productive name of its data source; made up where the project leaves it to be asked for."""
        return self.settings.data_source or f"{self.template}_driver"


def made_id(kind: str, name: str) -> UUID:
    """Return an id of something that only the stand-in has: the same at every start."""
    return uuid5(_NAMESPACE, f"{kind} {name}")


def read_designs(project: Path) -> Mapping[str, HouseDesign]:
    """Return the designs of a project by template. Raises UnreadableDesignError."""
    contracts = _contracts_by_template(project)
    sender = _sender(project)
    return {
        path.parent.name: HouseDesign(
            template=path.parent.name,
            settings=_settings(path),
            kinds=_kinds(path.parent),
            contract=contracts.get(path.parent.name, {}),
            sender=sender,
        )
        for path in sorted((project / "templates").glob(f"*/{FILE}"))
    }


def _settings(path: Path) -> ExstreamDesign:
    content, findings = _read(path)
    if findings:
        raise UnreadableDesignError("; ".join(findings))
    try:
        return ExstreamDesign.model_validate(content)
    except ValueError as wrong:
        raise UnreadableDesignError(f"{path}: {wrong}") from None


def _kinds(template: Path) -> frozenset[RenditionKind]:
    return frozenset(kind for kind, file in _MAIN_FILES.items() if (template / file).is_file())


def _contracts_by_template(project: Path) -> Mapping[str, Mapping[str, Any]]:
    """Return what the project's communications promise to each template."""
    found: dict[str, dict[str, Any]] = {}
    for path in sorted((project / "communications").glob("*.yaml")):
        match _content(path):
            case {"template": {"name": str(template)}, "data": fields}:
                found.setdefault(template, {}).update(cast("Mapping[str, Any]", fields))
            case _:
                continue
    return found


def _sender(project: Path) -> Mapping[str, Any]:
    path = project / "xconnector.yaml"
    content = _content(path) if path.is_file() else None
    told = cast("Mapping[str, Any]", content).get("sender") if isinstance(content, dict) else None
    return cast("Mapping[str, Any]", told) if isinstance(told, dict) else {}


def _content(path: Path) -> Any:  # noqa: ANN401 - whatever YAML holds
    """Return what a file says, whatever is missing in the environment: not all of it is for this program."""
    content, findings = _read(path)
    if content is None and findings:
        raise UnreadableDesignError("; ".join(findings))
    return content


def _read(path: Path) -> tuple[Any, Sequence[str]]:
    file, findings = read_yaml(path, str(path), os.environ)
    return file.content if file is not None else None, [f"{one.file}:{one.line}: {one.message}" for one in findings]
