"""What is installed from a wheel is whole."""

import os
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path
from typing import cast

import pytest

from tests.house.repository import ROOT, called, connector_folders, handed_over
from xconnector.contract.registry import manifest

SOURCE = ROOT / "src"


@pytest.mark.slow
def test_the_wheel_carries_every_file_of_the_package(tmp_path: Path) -> None:
    build = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(tmp_path)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True, env={**os.environ, "PYTHONWARNINGS": ""})
    with zipfile.ZipFile(next(tmp_path.glob("*.whl"))) as wheel:
        carried = set(wheel.namelist())
    ours = {path.relative_to(SOURCE).as_posix() for path in handed_over("src/xconnector")}
    assert ours - carried == set()


def test_every_manifest_is_registered_under_a_name_that_begins_with_its_folder() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    registered = cast("dict[str, str]", project["entry-points"]["xconnector.connectors"])
    made = {
        called(folder, variable): f"xconnector.connectors.{folder.name}:{variable}"
        for folder, variables in connector_folders().items()
        for variable in variables
    }
    assert registered == made
    assert {name: manifest(name).name for name in made} == {name: name for name in made}
