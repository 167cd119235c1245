"""The suites that connectors must pass: nobody can forget one."""

import subprocess
import sys
from pathlib import Path

TESTS = """
from pathlib import Path
from xconnector.testing.conformance import ChannelConformance

class TestChannels(ChannelConformance):
    stand_ins = Path(__file__).parent
    connectors = ("portal",)
"""


def conformance_of_the_portal(folder: Path) -> "subprocess.CompletedProcess[str]":
    (folder / "test_channels.py").write_text(TESTS)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--rootdir", str(folder), str(folder)]
    return subprocess.run(command, check=False, capture_output=True, text=True, cwd=folder)


def test_a_channel_without_a_stand_in_fails_every_test(tmp_path: Path) -> None:
    found = conformance_of_the_portal(tmp_path)

    assert found.returncode == 1
    assert "write portal/stand_in.py beside the test" in found.stdout
    assert "passed" not in found.stdout.splitlines()[-1]


def test_a_third_partys_folder_needs_nothing_but_the_stand_in(tmp_path: Path) -> None:
    ours = Path(__file__).parents[1] / "connectors" / "portal" / "stand_in.py"
    (tmp_path / "portal").mkdir()
    (tmp_path / "portal" / "stand_in.py").write_text(ours.read_text())

    found = conformance_of_the_portal(tmp_path)

    assert found.returncode == 0, found.stdout
