"""A load of customers that is killed, and given again: nothing is lost, nothing is doubled."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from tests.conftest import own_database
from tests.entrypoints.small_office import Desk
from tests.office import write_office_project
from xconnector.operations.customers import AT_ONCE

pytestmark = pytest.mark.slow

PAGES = 3
PATIENCE_SECONDS = 60
STATE = (
    b"SELECT customer_key, source, statements::text, is_said FROM customer_record ORDER BY 1, 2",
    b"SELECT customer_key, source, statements::text FROM customer_record_past ORDER BY 1, 2, past_id",
    b"SELECT file_name, records, kept, unchanged, set_aside, ended_at IS NOT NULL FROM customer_load",
    b"SELECT position, line, reason, payload FROM customer_load_reject ORDER BY 1",
)


@contextmanager
def _desk(postgres: str, template: str, folder: Path) -> Generator[Desk]:
    with own_database(postgres, template=template) as name:
        yield Desk(folder=folder, database=make_conninfo(postgres, dbname=name), run="")


def _write(file: Path) -> Path:
    """Write a file in which every customer speaks twice, in one page or in two, and some lines say nothing."""
    number = PAGES * AT_ONCE
    lines: list[Any] = [
        {"customer": f"K-{at % (number // 2)}", "as_of": f"2026-11-{1 + at % 20:02}T00:00:00Z", "email": f"{at}@x.test"}
        for at in range(number)
    ]
    lines[7] = lines[AT_ONCE + 7] = {"city": "Bern"}
    file.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return file


def _state(desk: Desk) -> list[list[tuple[Any, ...]]]:
    with psycopg.connect(desk.database) as connection:
        return [connection.execute(query).fetchall() for query in STATE]


def _wait_for_the_first_page(desk: Desk, load: "subprocess.Popen[bytes]") -> None:
    gives_up_at = time.monotonic() + PATIENCE_SECONDS
    with psycopg.connect(desk.database, autocommit=True) as connection:
        while connection.execute(b"SELECT records FROM customer_load").fetchone() != (AT_ONCE,):
            assert load.poll() is None, "it ended by itself"
            assert time.monotonic() < gives_up_at, "it does not get on"
            time.sleep(0.02)


def test_a_load_that_is_killed_and_given_again_ends_like_one_that_was_not(
    postgres: str, migrated_template: str, tmp_path: Path
) -> None:
    folder, file = write_office_project(tmp_path / "project"), _write(tmp_path / "crm.jsonl")
    with _desk(postgres, migrated_template, folder) as killed, _desk(postgres, migrated_template, folder) as whole:
        with psycopg.connect(killed.database) as other:
            # Another program is about to keep a customer of the second page: the load waits for it there.
            other.execute(
                b"INSERT INTO customer_record (customer_key, source, statements, recorded_at)"
                b" VALUES (%s, 'crm', '[]', now())",
                [f"K-{AT_ONCE + 1}"],
            )
            command = [sys.executable, "-m", "xconnector", "customers", "load", str(file)]
            environment = {
                **os.environ,
                "XCONNECTOR_DATABASE_URL": killed.database,
                "XCONNECTOR_PROJECT": str(folder),
                "SMTP_PORT": "2525",
            }
            load = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)
            try:
                _wait_for_the_first_page(killed, load)
            finally:
                load.kill()
                load.wait()
            other.rollback()
        again, once = killed.type("customers", "load", str(file)), whole.type("customers", "load", str(file))

        assert (again.exit_code, once.exit_code) == (1, 1)
        assert again.stdout == once.stdout
        assert _state(killed) == _state(whole)
