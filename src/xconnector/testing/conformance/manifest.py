"""What every manifest must show, so that a connector can be found, configured and read about."""

import importlib
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from importlib.metadata import entry_points
from pathlib import Path
from types import UnionType
from typing import Any, ClassVar, Union, cast, get_args, get_origin

import pytest
from pydantic import BaseModel
from ruamel.yaml import YAML

from xconnector.contract.registry import GROUP, connector_names, manifest

_YAML_BLOCK = re.compile(r"^```yaml\n(.*?)^```", re.MULTILINE | re.DOTALL)
_FROM_ENVIRONMENT = re.compile(r"\$\{[A-Z0-9_]+(?::-([^}]*))?\}")
_OF_THE_PROJECT = frozenset({"connector", "limits", "further_providers"})
"""Keys of a connection that the project reads and no connector sees."""
_OF_THE_HOUSE = frozenset({"xconnector", "msgspec"})
"""Loaded in a moment, and the driver of nothing outside."""
_SHOW_IMPORTED = "import sys; print(*sorted({name.partition('.')[0] for name in sys.modules}))"


class ManifestConformance:
    """For every connector in the registry."""

    connectors: ClassVar[Sequence[str] | None] = None
    """Names to run for; None runs for all that are installed."""

    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        if "name" in metafunc.fixturenames:
            metafunc.parametrize("name", connector_names() if self.connectors is None else self.connectors)

    def test_name_and_entry_point_are_the_same_word_which_begins_with_the_folder(self, name: str) -> None:
        folder = _module_of(name).rpartition(".")[2]

        assert manifest(name).name == name
        assert name == folder or name.startswith(f"{folder}_")

    def test_the_summary_is_one_sentence(self, name: str) -> None:
        summary = manifest(name).summary

        assert summary.endswith(".")
        assert not re.search(r"[.!?]\s|\n", summary)

    def test_it_has_a_role(self, name: str) -> None:
        found = manifest(name)

        roles = (
            found.channel,
            found.composer,
            found.archive,
            found.run_source,
            found.stream_source,
            found.webhook_source,
            found.report_webhook,
            found.file_drop,
            found.pull_source,
            found.write_back,
        )
        assert any(role is not None for role in roles)

    def test_every_setting_is_described(self, name: str) -> None:
        undescribed = [
            f"{model.__name__}.{field}"
            for model in _models(manifest(name).settings)
            for field, described in model.model_fields.items()
            if not described.description
        ]

        assert not undescribed

    def test_unknown_settings_are_refused(self, name: str) -> None:
        models = _models(manifest(name).settings)
        lenient = [model.__name__ for model in models if model.model_config.get("extra") != "forbid"]

        assert not lenient

    def test_importing_the_manifest_imports_no_driver(self, name: str) -> None:
        before = _imported_by("import xconnector.contract.manifest")
        after = _imported_by(f"import xconnector.contract.manifest, {_module_of(name)}")

        assert after - before - sys.stdlib_module_names - _OF_THE_HOUSE == set()

    def test_the_example_in_its_readme_validates(self, name: str) -> None:
        examples = list(_examples(name))

        assert examples, f"README.md of {name} shows no connection that uses it in a ```yaml block"
        for example in examples:
            manifest(name).settings.model_validate(example)


def _module_of(name: str) -> str:
    (entry,) = entry_points(group=GROUP, name=name)
    return entry.module


def _models(root: type[BaseModel]) -> Iterator[type[BaseModel]]:
    """Yield a model and every model that its fields hold."""
    yield root
    for described in root.model_fields.values():
        for inner in _model_types(described.annotation):
            yield from _models(inner)


def _model_types(annotation: Any) -> Iterator[type[BaseModel]]:  # noqa: ANN401 - any annotation
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    elif get_origin(annotation) is not None or isinstance(annotation, UnionType) or annotation is Union:
        for argument in get_args(annotation):
            yield from _model_types(argument)


def _imported_by(statement: str) -> set[str]:
    """Return the top-level modules that a fresh interpreter has after the statement."""
    shown = subprocess.run(
        [sys.executable, "-c", f"{statement}; {_SHOW_IMPORTED}"], check=True, capture_output=True, text=True
    )
    return set(shown.stdout.split())


def _examples(name: str) -> Iterator[Mapping[str, Any]]:
    """Yield the settings of every connection in the README that uses this connector."""
    file = importlib.import_module(_module_of(name)).__file__
    assert file is not None
    readme = Path(file).with_name("README.md").read_text(encoding="utf-8")
    for block in _YAML_BLOCK.findall(readme):
        # A variable without a default gets some value, as it would from the environment.
        filled = _FROM_ENVIRONMENT.sub(lambda found: found[1] or "from-the-environment", block)
        for connection in _connections(filled):
            if connection.get("connector") == name:
                yield {key: value for key, value in connection.items() if key not in _OF_THE_PROJECT}


def _connections(text: str) -> Iterator[Mapping[str, Any]]:
    reader = YAML(typ="safe", pure=True)
    # ruamel.yaml types its loader loosely.
    shown = cast("Mapping[str, Mapping[str, Mapping[str, Any]]]", reader.load(text))  # pyright: ignore[reportUnknownMemberType]
    yield from shown.get("connections", {}).values()
