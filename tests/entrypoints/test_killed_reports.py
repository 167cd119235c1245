"""kill -9 of the web while a provider reports: what it repeats as it got no answer is neither lost nor doubled."""

import asyncio
import threading
from pathlib import Path

import psycopg
import pytest

from tests.entrypoints.test_killed_intake import CONNECTIONS, EVENTS, KILLS, Numbers, desk, free_port
from tests.entrypoints.test_serving import Desk
from xconnector.postgres.queries import Queries
from xconnector.testing.bench.web_client import Told, send

__all__ = ["desk"]
pytestmark = pytest.mark.slow
_QUERIES = Queries.load("xconnector.testing.bench", "bench.sql")
_SECRET = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="


@pytest.mark.timeout(300)
def test_whatever_dies_every_report_counts_once(desk: Desk) -> None:
    _add_provider(desk.folder / "xconnector.yaml")
    desk.run("keys", "new", "unused", "--purpose", "reports")
    with psycopg.connect(desk.database, autocommit=True) as connection:
        for query in (_QUERIES.reported_pieces, _QUERIES.reported_hand_overs):
            connection.execute(query, {"pieces": EVENTS, "connection": "resend"})
    port, numbers, told = free_port(), Numbers(), list[Told]()

    def sending() -> None:
        told.append(asyncio.run(send(port, "resend", key="", numbers=iter(numbers), connections=CONNECTIONS)))

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
        assert connection.execute(_QUERIES.reports_taken).fetchone() == (EVENTS, EVENTS)
        told_once = connection.execute("SELECT count(*), count(DISTINCT dispatch_key) FROM delivery_event").fetchone()
        moved = connection.execute("SELECT count(*) FROM ledger WHERE event = 'completed'").fetchone()
    assert (told_once, moved) == ((EVENTS, EVENTS), (EVENTS,))


def _add_provider(file: Path) -> None:
    provider = f"  resend: {{connector: resend, reports: {{secrets: [{_SECRET}]}}}}\n"
    file.write_text(file.read_text().replace("connections:\n", f"connections:\n{provider}", 1))
