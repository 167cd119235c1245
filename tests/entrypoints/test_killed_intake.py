"""kill -9 of the web while events come: a sender that repeats what was not answered loses none and doubles none."""

import asyncio
import os
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from tests.entrypoints.test_serving import Desk
from xconnector.testing.bench.web_client import Told, send
from xconnector.testing.small_project import write_small_project

pytestmark = pytest.mark.slow

EVENTS = 600
KILLS = 2
CONNECTIONS = 16


class Numbers:
    """Events one by one; tells when so many of them were asked for."""

    def __init__(self) -> None:
        self.asked = 0
        self._changed = threading.Condition()

    def __iter__(self) -> Iterator[int]:
        for number in range(EVENTS):
            with self._changed:
                self.asked += 1
                self._changed.notify_all()
            yield number

    def wait_for(self, number: int) -> None:
        with self._changed:
            assert self._changed.wait_for(lambda: self.asked >= number, timeout=60)


@pytest.fixture
def desk(tmp_path: Path, database: str) -> Desk:
    more = {"SMTP_PORT": "2525", "PRINT_PORT": "2222", "PRINT_HOST_KEY": "ssh-ed25519 AAAA"}
    environment = {**os.environ, "XCONNECTOR_DATABASE_URL": database, **more}
    return Desk(folder=write_small_project(tmp_path / "small"), database=database, environment=environment)


@pytest.mark.timeout(300)
def test_whatever_dies_every_event_is_taken_once(desk: Desk) -> None:
    key = desk.run("keys", "new", "bench", "--purpose", "events").stdout.strip()
    port, numbers, told = free_port(), Numbers(), list[Told]()

    def sending() -> None:
        told.append(asyncio.run(send(port, "structured", key=key, numbers=iter(numbers), connections=CONNECTIONS)))

    sender = threading.Thread(target=sending)
    for life in range(KILLS + 1):
        with desk.serving("--no-worker", "--port", str(port)) as (program, _):
            if life == 0:
                sender.start()
            if life < KILLS:
                numbers.wait_for((life + 1) * EVENTS // (KILLS + 1))
                program.kill()
                program.wait()
            else:
                sender.join(120)

    (found,) = told
    assert found.broken_off >= KILLS
    assert found.statuses == {202: EVENTS}
    with psycopg.connect(desk.database) as connection:
        taken = connection.execute("SELECT source_key FROM inbox WHERE fate = 'taken'").fetchall()
        others = connection.execute("SELECT DISTINCT fate FROM inbox WHERE fate <> 'taken'").fetchall()
    assert sorted(key for (key,) in taken) == sorted(f"E{number}" for number in range(EVENTS))
    # Their answers died with the server; their records were there already.
    assert set(others) <= {("repeated",)}


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])
