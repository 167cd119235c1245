"""Showing: tables for people, JSON for programs."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

import msgspec
import typer
from rich.console import Console
from rich.table import Table

WIDTH_OF_A_FILE = 160
"""Columns, where nobody's terminal says how wide it is."""

console = Console() if Console().is_terminal else Console(width=WIDTH_OF_A_FILE)


def show_json(value: object) -> None:
    """Print a value as one line of JSON; dataclasses, times and ids included."""
    typer.echo(msgspec.json.encode(value).decode())


def show_table(title: str | None, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print a table; columns whose name ends in `#` are numbers and stand right."""
    table = Table(title=title, title_justify="left", title_style="bold", header_style="dim", box=None, pad_edge=False)
    told = [tuple(row) for row in rows]
    for place, column in enumerate(columns):
        is_number = column.endswith("#")
        table.add_column(
            _headed(column.removesuffix("#"), any(isinstance(row[place], datetime) for row in told)),
            justify="right" if is_number else "left",
            overflow="fold",
            # Names and numbers are copied from here: they stay whole.
            no_wrap=is_number or column == columns[0],
        )
    for row in told:
        table.add_row(*(_cell(value) for value in row))
    console.print(table)


def show_times_in(zone: str) -> None:
    """Let people see times in the time zone of the project at work, by its IANA name; in UTC until then."""
    _zones.append(ZoneInfo(zone))


_zones: list[ZoneInfo] = [ZoneInfo("UTC")]
"""The last one counts: a command works on one project."""


def when(moment: datetime | None) -> str:
    """Show a time to the second, with its zone, as a sentence needs it."""
    return "" if moment is None else f"{moment.astimezone(_zones[-1]):%Y-%m-%d %H:%M:%S %Z}"


def _headed(column: str, is_of_times: bool) -> str:
    """Return the head of a column; one of times says once of which zone they are."""
    return f"{column} ({_zones[-1].key})" if is_of_times else column


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return f"{value.astimezone(_zones[-1]):%Y-%m-%d %H:%M:%S}"
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:,}"
    # Square brackets are rich's mark-up: what comes from outside is shown, never obeyed.
    return str(value).replace("[", "\\[")
