"""Events from a file: read as CloudEvents, taken in like those that come over HTTP."""

import json
from collections.abc import Sequence
from pathlib import Path

from xconnector.contract.cloudevents import CloudEventError, parse
from xconnector.domain.event import SourceRecord
from xconnector.domain.strict_json import Json, StrictJsonError, read_json
from xconnector.pipeline.receive import BATCH_SIZE, receive
from xconnector.pipeline.workplace import Workplace
from xconnector.store.inbox import Received

LARGEST_FILE = 256 * 1024 * 1024
"""Bytes; larger ones are runs."""
STRUCTURED = {"content-type": "application/cloudevents+json"}


class EventFileError(Exception):
    """The file holds something else than CloudEvents; the message names file, event and remedy."""


def read_event_file(path: Path) -> list[SourceRecord]:
    """Read CloudEvents in JSON: one event, a list of them, or one a line.

    Raises EventFileError; nothing was taken then.
    """
    try:
        if path.stat().st_size > LARGEST_FILE:
            raise EventFileError(
                f"{path.name} has more than {LARGEST_FILE} bytes; declare a feed and use `xconnector run`"
            )
        content = path.read_bytes()
    except OSError as error:
        raise EventFileError(f"{path}: {error.strerror}") from error
    events: list[SourceRecord] = []
    for place, event in _split(path, content):
        try:
            events += parse(STRUCTURED, json.dumps(event, ensure_ascii=False).encode())
        except CloudEventError as error:
            raise EventFileError(f"{path.name}, {place}: {error}") from error
    return events


def _split(path: Path, content: bytes) -> list[tuple[str, Json]]:
    try:
        whole = read_json(content)
    except StrictJsonError:
        return [_line(path, number, line) for number, line in enumerate(content.splitlines(), start=1) if line.strip()]
    if isinstance(whole, list):
        return [(f"event {number}", event) for number, event in enumerate(whole, start=1)]
    return [("event 1", whole)]


def _line(path: Path, number: int, line: bytes) -> tuple[str, Json]:
    try:
        return f"line {number}", read_json(line)
    except StrictJsonError as error:
        raise EventFileError(f"{path.name}, line {number}: {error}; write one event a line, in UTF-8") from error


async def take_events(place: Workplace, events: Sequence[SourceRecord]) -> list[Received]:
    """Take events in, up to `BATCH_SIZE` as one batch; returns how the intake of each ended."""
    received: list[Received] = []
    for start in range(0, len(events), BATCH_SIZE):
        received += await receive(place, events[start : start + BATCH_SIZE], feed=None)
    return received
