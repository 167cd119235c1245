"""`xconnector sandbox`: the outside world of a project, started and ended as one."""

import re
import signal
import socket
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from xconnector.testing.small_project import write_small_project

pytestmark = pytest.mark.slow
_FREE_PORTS = ("--smtp-port", "0", "--print-port", "0", "--exstream-port", "0")


@contextmanager
def sandbox(project: Path) -> Generator[list[str]]:
    """Run the command until the block ends; gives what it said until it was ready."""
    command = [sys.executable, "-m", "xconnector", "sandbox", "--project", str(project), *_FREE_PORTS]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        said: list[str] = []
        try:
            for line in process.stdout:
                said.append(line)
                if line.startswith("Ctrl-C"):
                    break
            yield said
        finally:
            process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0


def test_exstream_starts_where_a_template_has_a_design(tmp_path: Path) -> None:
    project = write_small_project(tmp_path)
    (project / "templates" / "notice" / "exstream.yaml").write_text("on_demand_channel: Notice\n")

    with sandbox(project) as said:
        (line,) = [line for line in said if line.startswith("Exstream")]
        port = re.search(r"127\.0\.0\.1:(\d+)", line)
        assert port is not None
        answer = httpx.get(f"http://127.0.0.1:{port[1]}/sandbox/seen", trust_env=False)

    assert answer.json()["submissions"] == []


def test_exstream_stays_away_where_there_is_no_design(tmp_path: Path) -> None:
    with sandbox(write_small_project(tmp_path)) as said:
        assert [line.split()[0] for line in said] == ["mail", "print", "PRINT_HOST_KEY='ssh-ed25519", "Ctrl-C"]


def test_a_port_that_is_taken_is_told_with_the_way_out(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        ports = ("--smtp-port", str(taken.getsockname()[1]), "--print-port", "0")
        command = [sys.executable, "-m", "xconnector", "sandbox", "--project", str(tmp_path), *ports]
        ended = subprocess.run(command, capture_output=True, text=True, check=False)

    assert ended.returncode == 2
    assert "smtp did not start" in ended.stderr
    assert "--smtp-port" in ended.stderr
    assert "Traceback" not in ended.stderr
