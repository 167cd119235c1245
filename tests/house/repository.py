"""The repository as it would be handed over: what is tracked, and what lies there waiting to be."""

import ast
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def handed_over(*patterns: str) -> list[Path]:
    """Return the files that git tracks or would track, limited to patterns of git; skips where there is no git."""
    if not (ROOT / ".git").exists() or shutil.which("git") is None:
        pytest.skip("needs git and a clone: nobody else knows what is handed over", allow_module_level=True)
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z", "--", *patterns],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    # A file may be listed and just gone.
    return sorted({path for name in listed.stdout.split("\0") if name and (path := ROOT / name).is_file()})


def shown(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@cache
def connector_folders() -> Mapping[Path, tuple[str, ...]]:
    """Return the folders that make connectors, each with the names of its manifests in their sequence."""
    files = handed_over(":(glob)src/xconnector/connectors/*/__init__.py")
    found = {file.parent: tuple(_manifests(ast.parse(file.read_text(encoding="utf-8")))) for file in files}
    return {folder: manifests for folder, manifests in found.items() if manifests}


def called(folder: Path, manifest: str) -> str:
    """Return the name of the connector of a manifest: its folder's, with the manifest's behind it unless it is the one.

    Connectors to one product may share a folder: `MANIFEST` and `ENGINE` in `exstream` are `exstream` and
    `exstream_engine`.
    """
    return folder.name if manifest == "MANIFEST" else f"{folder.name}_{manifest.lower()}"


def _manifests(module: ast.Module) -> Iterator[str]:
    for statement in module.body:
        match statement:
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.Call(func=ast.Name(id="Manifest"))):
                yield name
            case _:
                pass
