"""What the bench counts of processes that come and go meanwhile."""

from contextlib import closing
from threading import Event, Thread

import psycopg

from xconnector.testing.bench.usage import Server


def test_sessions_that_end_while_their_server_is_measured_do_no_harm(postgres: str) -> None:
    server, over = Server(postgres), Event()

    def come_and_go() -> None:
        while not over.is_set():
            with closing(psycopg.connect(postgres)):
                pass

    sessions = [Thread(target=come_and_go) for _ in range(6)]
    for session in sessions:
        session.start()
    try:
        measured = [server.processor_seconds() for _ in range(1500)]
    finally:
        over.set()
        for session in sessions:
            session.join()

    assert min(measured) >= 0
