"""Neither secrets nor what customers' records hold appear in anything that a program logs or complains of."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.office import write_office_project
from xconnector.testing.small_project import row, write_run

NAME, MAILBOX, STREET = "Krautwurst-Zwiebelfisch", "zwiebelfisch", "Heimlichgasse"
SECRET = "a-secret-of-the-tests"
FORBIDDEN = (NAME, MAILBOX, STREET, SECRET, "topsecret", "777.77")


@pytest.mark.slow
def test_nothing_of_customers_or_secrets_is_logged(tmp_path: Path, database: str) -> None:
    folder = write_office_project(tmp_path / "small")
    rows = [
        row("1", email=f"{MAILBOX}@x.test", amount="12.50"),
        row("2", amount="777.77"),
        row("3", amount="lots of 777.77").replace("2026-12-01", "tomorrow"),
        row(""),
        row("1", email=f"{MAILBOX}2@x.test"),
        row("4"),
    ]
    rows = [line.replace("Meyer", NAME).replace("Hauptstr.", STREET) for line in rows]
    file = write_run(folder / "run.csv", [line for line in rows if "lots" not in line])
    environment = {
        **os.environ,
        "SMTP_PORT": "1",
        "XCONNECTOR_DATABASE_URL": database,
        "XCONNECTOR_PROJECT": str(folder),
        "PYTHONWARNINGS": "default",
    }
    told: list[str] = []

    def verb(*words: str, patience: float = 60) -> str:
        done = subprocess.run(
            [sys.executable, "-m", "xconnector", *words],
            check=False, env=environment, capture_output=True, text=True, timeout=patience,
        )  # fmt: skip
        told.append(done.stderr)
        assert "Traceback" not in done.stderr, done.stderr
        return done.stdout

    taken = json.loads(verb("run", str(file), "--feed", "notice_runs", "--json"))
    events = folder / "events.json"
    data = {"number": "e", "customer": "K", "name": NAME, "email": [MAILBOX], "amount": {"x": "777.77"}}
    events.write_text(
        json.dumps({"specversion": "1.0", "id": "e", "source": "crm", "type": "com.small.notice", "data": data})
    )
    verb("send", str(events))
    with (tmp_path / "worker.log").open("w") as log:
        worker = subprocess.Popen(
            [sys.executable, "-m", "xconnector", "worker"], env=environment, stderr=log, stdout=log
        )
        try:
            _until_stopped(verb, taken["name"])
        finally:
            worker.terminate()
            worker.wait(40)
    told.append((tmp_path / "worker.log").read_text())
    # What operators look at names records by line and key, and fields by name.
    told += [verb("failures"), verb("status"), verb("reconcile", taken["name"])]
    for group in json.loads(verb("failures", "--json")):
        told.append(verb("failures", "--group", group["fingerprint"]))
    verb("explain", "nothing-of-the-kind")

    assert len(told) > 8
    for words in told:
        assert not [word for word in FORBIDDEN if word in words], words


def _until_stopped(verb: Callable[..., str], run: str) -> None:
    """Wait until only what is put off for the relay, which is down, is still in progress."""
    deadline = time.monotonic() + 60
    while True:
        found = json.loads(verb("reconcile", run, "--json"))
        if found["in_progress"] <= 1 and found["failed"] >= 2:
            return
        assert time.monotonic() < deadline, found
        time.sleep(0.5)
