"""The repository as it would be handed over: what is tracked, and what lies there waiting to be."""

import shutil
import subprocess
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
