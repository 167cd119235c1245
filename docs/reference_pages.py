"""The reference: connectors, project files, and commands, made anew with every build from what reads and runs them.

A page that comes out of the same model as the parser cannot be out of date.
"""

import inspect
import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast, get_args, get_type_hints

import typer
from settings_tables import settings_table
from typer.models import ArgumentInfo, OptionInfo

from xconnector.contract.registry import manifest
from xconnector.entrypoints.cli import app
from xconnector.project.contract_shape import ContractShape
from xconnector.project.expectation_file import TestShape
from xconnector.project.files import CommunicationShape, MappingShape, ProjectShape, SourceShape
from xconnector.project.tables.json_form import TableShape
from xconnector.store.reporting_views import VIEWS

DOCS = Path(__file__).resolve().parent
PROJECT_FILES = {
    "xconnector.yaml": ProjectShape,
    "communications/*.yaml": CommunicationShape,
    "mappings/*.yaml": MappingShape,
    "contracts/*.yaml": ContractShape,
    "tests/*.yaml": TestShape,
    "tables/*.json": TableShape,
}
SOURCE = (
    "A source is a path, or these keys, exactly one of them from `path` to `each`. A path is names separated by dots, "
    "with `[0]`, `[*]`, or `[name=value]` behind a list; it begins with `/` where it starts at the record again."
)


def write_reference_pages() -> None:
    """Write everything below `docs/reference/` but the index; unchanged pages keep their time."""
    folder = DOCS / "reference"
    pages = {
        "project-files.md": _project_files(),
        "commands.md": _commands(),
        "reporting-views.md": _reporting_views(),
        **{f"connector-{folder}.md": _connectors(folder, names) for folder, names in _connector_names().items()},
    }
    for name, text in pages.items():
        page = folder / name
        if not page.exists() or page.read_text(encoding="utf-8") != text:
            page.write_text(text, encoding="utf-8")
    for page in folder.glob("*.md"):
        if page.name != "index.md" and page.name not in pages:
            page.unlink()


def _connector_names() -> Mapping[str, list[str]]:
    """Return the names of the connectors by the folders in which they are made."""
    project = tomllib.loads((DOCS.parent / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    entries = cast("Mapping[str, str]", project["entry-points"]["xconnector.connectors"])
    found: dict[str, list[str]] = {}
    for name, place in sorted(entries.items()):
        found.setdefault(place.partition(":")[0].rpartition(".")[2], []).append(name)
    return found


def _connectors(folder: str, names: list[str]) -> str:
    # Its links lead to the pages from where it lies.
    readme = (
        f"```{{include}} ../../src/xconnector/connectors/{folder}/README.md\n:relative-docs: ../../../../docs/\n```\n"
    )
    tables = [_settings(name, "Settings" if len(names) == 1 else f"Settings of `{name}`") for name in names]
    designs = {found.name: found.shape for name in names if (found := manifest(name).design_file) is not None}
    tables += [
        f"## `templates/<name>/{name}`\n\n{inspect.getdoc(shape)}\n\n{settings_table(shape)}"
        for name, shape in designs.items()
    ]
    return "\n".join([readme, *tables])


def _settings(name: str, title: str) -> str:
    return f"## {title}\n\n{settings_table(manifest(name).settings)}"


def _project_files() -> str:
    intro = "# Project files\n\nEvery key of every file. `xconnector check` finds what is wrong, with file and line.\n"
    sections = [
        f"\n## `{name}`\n\n{settings_table(model, apart={'SourceShape': 'source'})}"
        for name, model in PROJECT_FILES.items()
    ]
    designs = {
        file.name: folder
        for folder, names in _connector_names().items()
        for name in names
        if (file := manifest(name).design_file) is not None
    }
    beside = [
        f"\n## `templates/*/{file}`\n\nFor composers with designs of their own, beside a template's other files. Its "
        f"keys stand with {{doc}}`the connectors that read it <connector-{folder}>`.\n"
        for file, folder in designs.items()
    ]
    source = f"\n## Sources in mappings\n\n{SOURCE}\n\n{settings_table(SourceShape, apart={'SourceShape': 'source'})}"
    return intro + "".join([*sections, *beside, source])


def _reporting_views() -> str:
    intro = "# Reporting views\n\nWhat the schema `reporting` shows. {doc}`/guide/reporting` says who may read it.\n"
    return intro + "".join(
        f"\n## `reporting.{view}`\n\n| Column | What it is |\n|---|---|\n"
        + "".join(f"| `{column}` | {says} |\n" for column, says in columns.items())
        for view, columns in VIEWS.items()
    )


def _commands() -> str:
    intro = (
        "# Commands\n\n`-p`, `--project` (or `XCONNECTOR_PROJECT`) names the project's folder; it is the present one "
        "otherwise. Exit codes: 0 done, 1 done with failures, 2 wrong use or configuration.\n"
    )
    return intro + "".join(_section(name, callback) for name, callback in _verbs(app, "xconnector"))


def _verbs(of: typer.Typer, name: str) -> Iterator[tuple[str, Callable[..., Any]]]:
    """Yield what is typed for each verb, and the function that does it."""
    for command in of.registered_commands:
        if command.callback is not None and not command.hidden:
            yield f"{name} {command.name or command.callback.__name__.replace('_', '-')}", command.callback
    for group in of.registered_groups:
        if group.typer_instance is not None:
            yield from _verbs(group.typer_instance, f"{name} {group.name or group.typer_instance.info.name}")


def _section(name: str, callback: Callable[..., Any]) -> str:
    parameters = [one for one in _parameters(callback) if "`--project`" not in one.spelled]
    arguments = [one.spelled.strip("`") for one in parameters if one.is_argument]
    usage = " ".join([name, *arguments, *(["[options]"] if len(arguments) < len(parameters) else [])])
    in_order = sorted(parameters, key=lambda one: not one.is_argument)
    rows = [f"| {one.spelled} | {one.says} | {one.default} |" for one in in_order]
    table = "\n".join(["| | | Default |", "|---|---|---|", *rows]) + "\n" if rows else ""
    says = inspect.getdoc(callback) or ""
    return f"\n## `{name}`\n\n{says}\n\n```text\n{usage}\n```\n\n{table}"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Parameter:
    spelled: str
    says: str
    default: str
    is_argument: bool


def _parameters(callback: Callable[..., Any]) -> Iterator[_Parameter]:
    hints = get_type_hints(callback, include_extras=True)
    for name, parameter in inspect.signature(callback).parameters.items():
        for told in get_args(hints[name])[1:]:
            if isinstance(told, ArgumentInfo | OptionInfo):
                yield _parameter(name, told, parameter.default)


def _parameter(name: str, told: ArgumentInfo | OptionInfo, default: object) -> _Parameter:
    is_required = default is inspect.Parameter.empty
    if isinstance(told, ArgumentInfo):
        spelled = f"`{name.upper()}`" if is_required else f"`[{name.upper()}]`"
    else:
        # Inside `Annotated` the first spelling stands where a default would stand elsewhere.
        said = [told.default, *(told.param_decls or ())]
        spellings = [one for one in said if isinstance(one, str)] or [f"--{name.replace('_', '-')}"]
        spelled = ", ".join(f"`{one}`" for one in spellings)
    shown = "required" if is_required else "" if default in (None, "", False) else f"`{default}`"
    return _Parameter(
        spelled=spelled,
        says=" ".join((told.help or "").split()).replace("|", "\\|"),
        default=shown,
        is_argument=isinstance(told, ArgumentInfo),
    )
