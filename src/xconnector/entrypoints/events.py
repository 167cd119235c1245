"""Events from a file: read as CloudEvents, taken in like those that come over HTTP."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

from xconnector.connectors.cloudevents import CloudEventError, parse
from xconnector.domain.event import SourceRecord
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
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise EventFileError(f"{path}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise EventFileError(f"{path.name}: byte {error.start} is not UTF-8; convert the file") from error
    events: list[SourceRecord] = []
    for place, event in _split(path, text):
        try:
            events += parse(STRUCTURED, json.dumps(event, ensure_ascii=False).encode())
        except CloudEventError as error:
            raise EventFileError(f"{path.name}, {place}: {error}") from error
    return events


def _split(path: Path, text: str) -> list[tuple[str, Any]]:
    try:
        whole: Any = json.loads(text)
    except ValueError:
        return [_line(path, number, line) for number, line in enumerate(text.splitlines(), start=1) if line.strip()]
    if isinstance(whole, list):
        listed = cast("list[Any]", whole)
        return [(f"event {number}", event) for number, event in enumerate(listed, start=1)]
    return [("event 1", whole)]


def _line(path: Path, number: int, line: str) -> tuple[str, Any]:
    try:
        return f"line {number}", json.loads(line)
    except ValueError as error:
        raise EventFileError(f"{path.name}, line {number}: no JSON ({error}); write one event a line") from error


async def take_events(place: Workplace, events: Sequence[SourceRecord]) -> list[Received]:
    """Take events in, up to `BATCH_SIZE` as one batch; returns how the intake of each ended."""
    received: list[Received] = []
    for start in range(0, len(events), BATCH_SIZE):
        received += await receive(place, events[start : start + BATCH_SIZE], feed=None)
    return received
