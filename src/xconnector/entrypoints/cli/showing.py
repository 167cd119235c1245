"""Showing: tables for people, JSON for programs."""

from collections.abc import Iterable, Sequence
from datetime import datetime

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
    for column in columns:
        is_number = column.endswith("#")
        table.add_column(
            column.removesuffix("#"),
            justify="right" if is_number else "left",
            overflow="fold",
            # Names and numbers are copied from here: they stay whole.
            no_wrap=is_number or column == columns[0],
        )
    for row in rows:
        table.add_row(*(_cell(value) for value in row))
    console.print(table)


def when(moment: datetime | None) -> str:
    """Show a time to the second, in the machine's own time zone."""
    return "" if moment is None else moment.astimezone().strftime("%Y-%m-%d %H:%M:%S")


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return when(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:,}"
    # Square brackets are rich's mark-up: what comes from outside is shown, never obeyed.
    return str(value).replace("[", "\\[")
