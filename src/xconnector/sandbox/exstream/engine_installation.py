"""An engine as a shop would have it installed: a program to start, and a folder of packages."""

import json
import shlex
import sys
from dataclasses import dataclass
from pathlib import Path

from xconnector.sandbox.exstream.designs import read_designs


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineInstallation:
    """Where it is."""

    program: Path
    packages: Path


def install_engine(folder: Path, project: Path) -> EngineInstallation:
    """Install the engine's stand-in, with a package for each design of the project that names one.

    Raises UnreadableDesignError.
    """
    packages = folder / "packages"
    packages.mkdir(parents=True, exist_ok=True)
    for design in read_designs(project).values():
        if design.settings.package is not None:
            package = json.dumps({"project": str(project.resolve())})
            (packages / design.settings.package).write_text(package, "utf-8")
    program = folder / "Engine"
    program.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m {_MODULE} "$@"\n', "utf-8")
    program.chmod(0o755)
    return EngineInstallation(program=program, packages=packages)


_MODULE = "xconnector.sandbox.exstream.engine"
