"""`send`: hand events in from a file."""

from pathlib import Path
from typing import Annotated

import typer

from xconnector.entrypoints.cli.running import (
    DONE_WITH_FAILURES,
    HERE,
    AsJson,
    ProjectFolder,
    refuse,
    with_place,
)
from xconnector.entrypoints.cli.showing import show_json, show_table


def send(
    file: Annotated[Path, typer.Argument(help="CloudEvents in JSON: one, a list, or one a line.", dir_okay=False)],
    folder: ProjectFolder = HERE,
    as_json: AsJson = False,
) -> None:
    """Hand in the events of a file, as if their system had sent them."""
    from xconnector.entrypoints.events import EventFileError, read_event_file, take_events

    try:
        events = read_event_file(file)
    except EventFileError as error:
        refuse(str(error))
    received = with_place(folder, lambda place: take_events(place, events))
    if as_json:
        show_json(received)
    else:
        show_table(
            None,
            ["key", "fate", "reason"],
            [
                (
                    row.source_key,
                    row.fate.value,
                    row.reason or (f"taken before as {row.earlier_sha256}" if row.earlier_sha256 else ""),
                )
                for row in received
            ],
        )
    if any(row.fate in {"refused", "set_aside"} for row in received):
        raise typer.Exit(DONE_WITH_FAILURES)
