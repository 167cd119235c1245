"""Where the suites find stand-ins: `<stand-ins>/<connector>/stand_in.py`, loaded by its path."""

import importlib.util
from pathlib import Path
from types import ModuleType
from typing import NoReturn

import pytest

_FILE = "stand_in.py"


def stand_in_module(stand_ins: Path, connector: str, *, role: str, file: str = _FILE) -> ModuleType | None:
    """Return the module with a connector's stand-in, loaded for the suite of a role; None where nobody wrote one."""
    path = stand_ins / connector / file
    spec = importlib.util.spec_from_file_location(f"xconnector_{role}_stand_in_of_{connector}", path)
    if not path.is_file() or spec is None or spec.loader is None:
        return None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def fail_without_stand_in(connector: str, role: str, *, file: str = _FILE) -> NoReturn:
    """Fail the test of a connector that is registered in a role and has no stand-in, and say what to do."""
    article = "an" if role[0] in "aeiou" else "a"
    pytest.fail(
        f"connector {connector!r} is registered as {article} {role} and has no stand-in: "
        f"write {connector}/{file} beside the test that runs the conformance suite",
        pytrace=False,
    )
