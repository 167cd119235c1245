"""What a page shows can be typed: samples of files are what the parsers take, commands and their options exist."""

import re
import shlex
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
import typer
from pydantic import BaseModel
from typer.core import TyperGroup

from tests.house.repository import ROOT, handed_over, shown
from xconnector.contract.registry import connector_names, manifest
from xconnector.domain.strict_json import Json
from xconnector.entrypoints.cli import app
from xconnector.project.connection_settings import read_connections
from xconnector.project.contract_shape import ContractShape
from xconnector.project.expectation_file import TestShape
from xconnector.project.files import CommunicationShape, MappingShape, ProjectShape
from xconnector.project.findings import Finding
from xconnector.project.matching_file import MatchingShape
from xconnector.project.shape import Shaped, shape
from xconnector.project.yaml_file import YamlFile, read_yaml

PAGES = handed_over("README.md", "docs/*.md", "src/xconnector/connectors/*.md")
SAMPLE = re.compile(r"^```yaml\n(?P<text>.*?)^```$", re.DOTALL | re.MULTILINE)
TYPED = re.compile(r"^(?:\.venv/bin/)?xconnector (?P<rest>[^#\n]*)", re.MULTILINE)
IN_PROSE = re.compile(r"`xconnector (?P<rest>[^`]+)`")
# What every project has, so that a sample may be a part of its file.
REST_OF_A_PROJECT: dict[str, Json] = {
    "project": "acme",
    "locale": {"language": "de", "currency": "EUR", "timezone": "Europe/Berlin"},
    "sender": {"name": "Acme", "address_lines": ["Hauptstr. 1"]},
    "connections": {"composer": {"connector": "embedded"}},
}
# What every communication has.
REST_OF_A_COMMUNICATION: dict[str, Json] = {
    "title": {"de": "Ihre Police"},
    "on": {"event": "com.acme.policy.issued"},
    "template": {"composer": "composer", "name": "policy_issued"},
    "category": "contract",
    "data": {"number": "text"},
    "route": "routing",
    "archive": {"connection": "archive", "class": "contract"},
}


def samples() -> Iterator[tuple[str, str]]:
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        for found in SAMPLE.finditer(text):
            yield f"{shown(page)}:{text.count(chr(10), 0, found.start()) + 1}", found["text"]


@pytest.mark.parametrize("sample", [pytest.param(text, id=place) for place, text in samples()])
def test_a_sample_is_what_a_parser_takes(sample: str, tmp_path: Path) -> None:
    (tmp_path / "sample.yaml").write_text(sample, encoding="utf-8")
    variables = dict.fromkeys(re.findall(r"\$\{(\w+)\}", sample), "only-for-samples")
    file, wrong = read_yaml(tmp_path / "sample.yaml", "sample", variables)
    assert file is not None, wrong
    assert [str(finding) for finding in mistakes(file, tmp_path)] == []


def mistakes(file: YamlFile, folder: Path) -> Sequence[Finding]:
    """Return what is wrong with a sample, as the file whose keys it has."""
    if isinstance(file.content, list):
        tests = [shape(TestShape, one, Shaped(file=file, place=(at,))) for at, one in enumerate(file.content)]
        return [finding for _, wrong in tests for finding in wrong]
    assert isinstance(file.content, dict)
    if {*file.content} <= {*ProjectShape.model_fields}:
        _, of_file = shape(ProjectShape, {**REST_OF_A_PROJECT, **file.content}, Shaped(file=file))
        _, of_connections = read_connections(file, folder)
        return [*of_file, *of_connections]
    model = next((one for one in file_shapes() if {*file.content} <= keys_of(one)), None)
    assert model is not None, f"no file has all of these keys: {', '.join(file.content)}"
    rest = REST_OF_A_COMMUNICATION if model is CommunicationShape else {}
    return shape(model, {**rest, **file.content}, Shaped(file=file))[1]


def keys_of(model: type[BaseModel]) -> set[str]:
    return {field.alias or name for name, field in model.model_fields.items()}


def file_shapes() -> Iterator[type[BaseModel]]:
    yield from (CommunicationShape, ContractShape, MappingShape, MatchingShape)
    yield from (known.shape for name in connector_names() if (known := manifest(name).design_file) is not None)


def commands() -> Iterator[tuple[str, str]]:
    for page in [*PAGES, *handed_over("ARCHITECTURE.md", "news/*.md")]:
        text = page.read_text(encoding="utf-8").replace("\\\n", " ")
        for found in [*TYPED.finditer(text), *IN_PROSE.finditer(text)]:
            yield shown(page), " ".join(found["rest"].split())


@pytest.mark.parametrize("command", [pytest.param(typed, id=f"{place}: {typed}") for place, typed in commands()])
def test_a_command_that_a_page_names_exists(command: str) -> None:
    found = typer.main.get_command(app)
    words = [word for word in shlex.split(command) if word not in {"&", "&&"}]
    while isinstance(found, TyperGroup) and words:
        known = found.commands
        assert words[0] in known, f"{words[0]} is none of {', '.join(known)}"
        found = known[words.pop(0)]
    spelled = {name for one in found.params for name in [*one.opts, *one.secondary_opts]} | {"--help", "-h"}
    assert [word for word in words if word.startswith("-") and word.split("=")[0] not in spelled] == []


def test_there_is_something_to_look_at() -> None:
    assert len([*samples()]) > 10
    assert len([*commands()]) > 10
    assert (ROOT / "docs" / "guide") in {page.parent for page in PAGES}
