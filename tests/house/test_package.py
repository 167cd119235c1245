"""What is installed from a wheel is whole."""

import os
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path
from typing import cast

import pytest

from tests.house.repository import ROOT, handed_over

SOURCE = ROOT / "src"


@pytest.mark.slow
def test_the_wheel_carries_every_file_of_the_package(tmp_path: Path) -> None:
    build = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(tmp_path)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True, env={**os.environ, "PYTHONWARNINGS": ""})
    with zipfile.ZipFile(next(tmp_path.glob("*.whl"))) as wheel:
        carried = set(wheel.namelist())
    ours = {path.relative_to(SOURCE).as_posix() for path in handed_over("src/xconnector")}
    assert ours - carried == set()


def test_every_connector_with_a_manifest_is_registered_under_the_name_of_its_folder() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    registered = cast("dict[str, str]", project["entry-points"]["xconnector.connectors"])
    folders = {
        path.parent.name
        for path in handed_over("src/xconnector/connectors/*/__init__.py")
        if "MANIFEST" in path.read_text(encoding="utf-8")
    }
    assert registered == {name: f"xconnector.connectors.{name}:MANIFEST" for name in folders}
