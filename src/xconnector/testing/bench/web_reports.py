"""How many reports of a provider the web takes in: each request signed, kept, and its communication moved."""

import json
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import psycopg

from xconnector.postgres.queries import Queries
from xconnector.testing.bench.databases import migrated_database
from xconnector.testing.bench.measured import Figure
from xconnector.testing.bench.program import running
from xconnector.testing.bench.project import write_project
from xconnector.testing.bench.usage import Server
from xconnector.testing.bench.web_client import REPORTS_OF_A_REQUEST, sent
from xconnector.testing.bench.web_intake import IntakeCost

_QUERIES = Queries.load("xconnector.testing.bench", "bench.sql")
_GOAL = 2000
_WARM_UP = 200
"""Requests."""


def web_report_figures(server_url: str, *, events: int) -> Sequence[Figure]:
    """Measure a provider that reports one event in a request, and one that reports many at once."""
    figures: list[Figure] = []
    for kind, each in REPORTS_OF_A_REQUEST.items():
        cost = measure_reports(server_url, kind, requests=max(20, events // each))
        about = "one in a request" if each == 1 else f"{each} in a request"
        figures += [
            Figure(name=f"{about}: signed reports a second", value=cost.per_second, goal=f">= {_GOAL:,}"),
            Figure(name=f"{about}: web's CPU a report", value=1000 * cost.web_seconds / cost.events, unit="ms"),
            Figure(
                name=f"{about}: database's CPU a report", value=1000 * cost.postgres_seconds / cost.events, unit="ms"
            ),
            Figure(name=f"{about}: senders' CPU a report", value=1000 * cost.client_seconds / cost.events, unit="ms"),
            Figure(name=f"{about}: p99 under full load", value=1000 * cost.p99, unit="ms"),
        ]
    return figures


def measure_reports(server_url: str, kind: str, *, requests: int, connections: int = 64) -> IntakeCost:
    """Send requests over kept connections, and prove that each event is kept and that each communication was moved.

    Raises RuntimeError when one was not.
    """
    each = REPORTS_OF_A_REQUEST[kind]
    events, all_events = requests * each, (requests + _WARM_UP) * each
    with TemporaryDirectory(prefix="xconnector-bench-") as home, migrated_database(server_url) as url:
        folder = write_project(Path(home) / "project")
        with psycopg.connect(url, autocommit=True) as connection:
            for query in (_QUERIES.reported_pieces, _QUERIES.reported_hand_overs):
                connection.execute(query, {"pieces": all_events, "connection": kind})
        with running("xconnector.testing.bench.web_server", str(folder), url) as web:
            port = int(web.said)
            sent(port, kind, events=_WARM_UP, first=requests, connections=connections)
            server = Server(url)
            before = server.processor_seconds()
            told = sent(port, kind, events=requests, connections=connections)
            postgres_seconds = server.processor_seconds() - before
            usage = web.end()
        with psycopg.connect(url) as connection:
            row = connection.execute(_QUERIES.reports_taken).fetchone()
        if row is None or row != (all_events, all_events):
            raise RuntimeError(f"of {all_events} reports {row} were kept and moved something: {json.dumps(told)}")
    return IntakeCost(
        events=events,
        seconds=told["seconds"],
        p50=told["p50"],
        p99=told["p99"],
        web_seconds=usage.processor_seconds,
        postgres_seconds=postgres_seconds,
        client_seconds=told["processor_seconds"],
    )
