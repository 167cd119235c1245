"""The locks say exactly what is installed, and nothing about where from."""

import re
import tomllib
from pathlib import Path
from typing import cast

import pytest

from tests.house.repository import ROOT

LOCKS = sorted((ROOT / "requirements").glob("*.txt"))
PINNED = re.compile(r"^(?P<name>[a-z0-9][a-z0-9._-]*)==(?P<version>\S+)", re.MULTILINE)
ENTRY = re.compile(r"^[a-z0-9].*?(?=^[a-z0-9#]|\Z)", re.DOTALL | re.MULTILINE)


def names(requirements: list[str]) -> set[str]:
    found = (re.match(r"[A-Za-z0-9._-]+", requirement) for requirement in requirements)
    return {re.sub(r"[-_.]+", "-", name[0]).lower() for name in found if name}


def asked() -> dict[str, list[str]]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    groups = cast("dict[str, list[str]]", project["dependency-groups"])
    return {"run": cast("list[str]", project["project"]["dependencies"]), **groups}


@pytest.mark.parametrize("lock", LOCKS, ids=lambda path: path.name)
def test_a_lock_names_no_registry_and_no_machine(lock: Path) -> None:
    text = lock.read_text(encoding="utf-8")
    assert "://" not in text
    assert not re.search(r"^\s*(?:-i|-f|--(?:extra-)?index-url|--find-links|--trusted-host)\b", text, re.MULTILINE)
    assert not re.search(r"(?:^|[\s=])/\w", text)


@pytest.mark.parametrize("lock", LOCKS, ids=lambda path: path.name)
def test_every_locked_package_carries_hashes(lock: Path) -> None:
    entries = [found[0] for found in ENTRY.finditer(lock.read_text(encoding="utf-8"))]
    assert entries
    assert [entry.splitlines()[0] for entry in entries if "--hash=sha256:" not in entry] == []


def test_what_pyproject_asks_for_is_locked() -> None:
    for group, wanted in asked().items():
        lock = (ROOT / "requirements" / f"{group}.txt").read_text(encoding="utf-8")
        locked = {found["name"] for found in PINNED.finditer(lock)}
        assert names(wanted) - locked == set(), f"run `make lock`: {group}"


def test_no_two_locks_disagree() -> None:
    versions: dict[str, set[str]] = {}
    for lock in LOCKS:
        for found in PINNED.finditer(lock.read_text(encoding="utf-8")):
            versions.setdefault(found["name"], set()).add(found["version"])
    assert {name: found for name, found in versions.items() if len(found) > 1} == {}
