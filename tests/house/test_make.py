"""`make` alone explains itself and does its own set-up."""

import os
import re
import subprocess
from pathlib import Path

import pytest

from tests.house.repository import ROOT

MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
PROMISED = {"help", "demo", "test", "check", "quick", "serve", "docs", "bench", "clean"}


def make(*arguments: str) -> str:
    # A make that started these tests must not hand its own variables on.
    surroundings = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
    done = subprocess.run(["make", *arguments], cwd=ROOT, env=surroundings, check=True, capture_output=True, text=True)
    return done.stdout


def test_help_explains_every_target() -> None:
    explained = set(re.findall(r"^  make (\w+)  ", make("help"), re.MULTILINE))
    assert explained >= PROMISED


def test_nothing_but_help_is_done_without_being_asked() -> None:
    assert make() == make("help")


@pytest.mark.parametrize("target", sorted(PROMISED - {"help", "clean"}))
def test_every_target_makes_its_environment_where_it_is_told(target: str, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    would_do = make("--dry-run", target, f"VENV={elsewhere}")
    assert re.search(rf"^scripts/environment \S+ {re.escape(str(elsewhere))}$", would_do, re.MULTILINE)
    assert "--require-hashes" in would_do
    assert not elsewhere.exists()


def test_ci_runs_exactly_what_a_contributor_runs() -> None:
    assert (ROOT / ".ci" / "run").read_text(encoding="utf-8").splitlines()[-1] == "exec make check"
