"""Tests that speak to a real peer of the outside say so: `@pytest.mark.peer("sshd")`.

Without that program they are skipped with a reason; where `XCONNECTOR_REQUIRE_PEERS` is set, as in CI, they fail.
"""

import os
import shutil

import pytest
from hypothesis import settings

# How long one example takes says more about what else the machine does than about the code.
settings.register_profile("unhurried", deadline=None)
settings.load_profile("unhurried")

SEARCHED = os.pathsep.join([os.environ.get("PATH", os.defpath), "/usr/sbin", "/sbin", "/usr/lib/openssh"])


def pytest_runtest_setup(item: pytest.Item) -> None:
    missing = [program for mark in item.iter_markers("peer") for program in mark.args if not is_installed(program)]
    if not missing:
        return
    reason = f"needs {' and '.join(missing)}; as root on Debian scripts/peers installs it"
    if os.environ.get("XCONNECTOR_REQUIRE_PEERS"):
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)


def is_installed(program: str) -> bool:
    return shutil.which(program, path=SEARCHED) is not None
