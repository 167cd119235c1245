"""What processes cost: processor seconds and the most memory they ever held."""

import os
from dataclasses import dataclass
from pathlib import Path

import psycopg

from xconnector.postgres.queries import Queries

_QUERIES = Queries.load("xconnector.testing.bench", "bench.sql")
_TICKS = os.sysconf("SC_CLK_TCK")
_PARENT, _OWN_TIMES, _ALL_TIMES = 1, slice(11, 13), slice(11, 15)
"""Where these stand behind the name in `/proc/<pid>/stat` (proc(5))."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """What a program used from when it was ready until it ended."""

    processor_seconds: float
    peak_bytes: int
    """The most resident memory ever, from its start."""


def usage_since(processor_seconds: float) -> Usage:
    """Return what this process used since its processor clock stood there; the peak is its own alone."""
    return Usage(processor_seconds=processor_clock() - processor_seconds, peak_bytes=_peak())


def processor_clock() -> float:
    """Return the processor seconds so far of this process and of the programs that it began and that have ended."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


def _peak() -> int:
    for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024
    raise RuntimeError("this kernel tells no peak of resident memory")


class Server:
    """The database server's processes on this machine, those that have ended included."""

    def __init__(self, database_url: str) -> None:
        with psycopg.connect(database_url) as connection:
            row = connection.execute(_QUERIES.server_process).fetchone()
            assert row is not None, "every session has a process"
            self._process_id = int(_stat(int(row[0]))[_PARENT])

    def processor_seconds(self) -> float:
        """Return the processor seconds of the server so far."""
        children = Path(f"/proc/{self._process_id}/task/{self._process_id}/children").read_text(encoding="ascii")
        ticks = sum(map(int, _stat(self._process_id)[_ALL_TIMES]))
        for child in children.split():
            try:
                ticks += sum(map(int, _stat(int(child))[_OWN_TIMES]))
            except (FileNotFoundError, ProcessLookupError):
                # It ended since it was listed, or between opening and reading.
                continue
        return ticks / _TICKS


def _stat(process_id: int) -> list[str]:
    return Path(f"/proc/{process_id}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
