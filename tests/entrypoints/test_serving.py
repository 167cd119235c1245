"""`serve` and its companions as a user runs them: as programs."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import psycopg
import pytest

from xconnector.testing.small_project import write_small_project

pytestmark = pytest.mark.slow

PATIENCE_SECONDS = 40.0
EVENT = {"specversion": "1.0", "id": "1", "source": "/crm", "type": "com.small.notice", "data": {"number": "1"}}


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """Where a user sits: a project, and an environment."""

    folder: Path
    database: str
    environment: Mapping[str, str]

    def run(self, *arguments: str, **environment: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            self._command(*arguments),
            capture_output=True,
            text=True,
            timeout=PATIENCE_SECONDS,
            env={**self.environment, **environment},
            check=False,
        )

    @contextmanager
    def serving(self, *arguments: str) -> Generator[tuple["subprocess.Popen[str]", str]]:
        """Run `serve` on a free port; gives the program and its address."""
        with (self.folder / "serve.log").open("w") as log:
            program = subprocess.Popen(
                self._command("serve", "--port", "0", *arguments),
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                env=self.environment,
            )
        assert program.stdout is not None
        with program, program.stdout as said:
            try:
                first = said.readline()
                assert "Serving small on " in first, (self.folder / "serve.log").read_text()
                yield program, first.split(" on ")[1].split(",")[0]
            finally:
                if program.poll() is None:
                    program.terminate()
                    program.wait(PATIENCE_SECONDS)

    def _command(self, *arguments: str) -> list[str]:
        project = ["--project", str(self.folder)]
        return [sys.executable, "-m", "xconnector", *arguments, *project]

    def workers(self) -> int:
        """How many workers have this database open."""
        with psycopg.connect(self.database) as connection:
            row = connection.execute(
                "SELECT count(*) FROM pg_stat_activity "
                "WHERE datname = current_database() AND application_name = 'xconnector worker locks'"
            ).fetchone()
        return int(row[0]) if row else 0


@pytest.fixture
def desk(tmp_path: Path, database: str) -> Desk:
    environment = {
        **os.environ,
        "XCONNECTOR_DATABASE_URL": database,
        "SMTP_PORT": "2525",
        "PRINT_PORT": "2222",
        "PRINT_HOST_KEY": "ssh-ed25519 AAAA",
    }
    return Desk(folder=write_small_project(tmp_path / "small"), database=database, environment=environment)


def test_a_new_key_opens_the_running_intake_and_a_revoked_one_does_not(desk: Desk) -> None:
    with desk.serving("--no-worker") as (_, address):
        key = desk.run("keys", "new", "crm", "--purpose", "events").stdout.strip()
        headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/cloudevents+json"}
        answer = httpx.post(f"{address}/events", content=json.dumps(EVENT), headers=headers)
        assert answer.status_code == 202
        assert desk.run("keys", "revoke", "crm").returncode == 0
        assert httpx.post(f"{address}/events", content=json.dumps(EVENT), headers=headers).status_code == 401
    assert key not in (desk.folder / "serve.log").read_text()


def test_keys_are_made_before_the_project_has_all_its_secrets(desk: Desk) -> None:
    made = desk.run("keys", "new", "portal", "--purpose", "portal", SMTP_PORT="")
    assert made.returncode == 0
    assert made.stdout.startswith("xc_portal_")
    again = desk.run("keys", "new", "portal", "--purpose", "portal")
    assert (again.returncode, again.stdout) == (2, "")
    assert "keys revoke portal" in again.stderr
    listed = json.loads(desk.run("keys", "list", "--json").stdout)
    assert [(row["name"], row["purpose"], row["revoked_at"]) for row in listed] == [("portal", "portal", None)]


def test_a_printed_link_opens_the_customers_page(desk: Desk) -> None:
    with desk.serving("--no-worker") as (_, address):
        printed = desk.run("portal", "link", "K 1/ü", "--base", address, "--days", "1")
        assert "no document" in printed.stderr
        page = httpx.get(printed.stdout.strip())
    assert page.status_code == 200
    assert "Small Insurer" in page.text


def test_a_worker_runs_beside_the_web_and_ends_with_it(desk: Desk) -> None:
    with desk.serving() as (program, _):
        until(lambda: desk.workers() == 1)
        program.terminate()
        assert program.wait(PATIENCE_SECONDS) == 0
        assert desk.workers() == 0


def test_ctrl_c_ends_it_in_good_order(desk: Desk) -> None:
    with desk.serving("--no-worker") as (program, _):
        program.send_signal(signal.SIGINT)
        assert program.wait(PATIENCE_SECONDS) == 0
    assert "Traceback" not in (desk.folder / "serve.log").read_text()


def test_the_worker_does_not_outlive_a_web_that_was_killed(desk: Desk) -> None:
    with desk.serving() as (program, _):
        until(lambda: desk.workers() == 1)
        program.kill()
        program.wait(PATIENCE_SECONDS)
        until(lambda: desk.workers() == 0)


def test_an_address_that_is_taken_is_said_with_a_remedy(desk: Desk) -> None:
    with desk.serving("--no-worker") as (_, address):
        second = desk.run("serve", "--no-worker", "--port", address.rpartition(":")[2])
    assert second.returncode == 2
    assert "--port" in second.stderr
    assert "Traceback" not in second.stderr


def until(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not is_so():
        assert time.monotonic() < deadline, "it never came to that"
        time.sleep(0.2)
