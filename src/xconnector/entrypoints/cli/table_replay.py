"""`tables replay` and on: a changed table over what was decided, and what a shadow answered beside."""

import csv
import os
import sys
from collections.abc import Callable, Generator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import fields, replace
from datetime import UTC, date, datetime, time, timedelta
from operator import attrgetter
from pathlib import Path
from typing import IO, TYPE_CHECKING, Annotated
from zoneinfo import ZoneInfo

import typer
from rich.console import Console
from rich.progress import Progress, TextColumn

from xconnector.entrypoints.cli.named_tables import is_version, kept_version
from xconnector.entrypoints.cli.running import DONE_WITH_FAILURES, HERE, AsJson, ProjectFolder, refuse, run, with_store
from xconnector.entrypoints.cli.showing import show_json
from xconnector.entrypoints.cli.showing_replay import (
    replay_as_json,
    shadow_as_json,
    show_replay,
    show_shadow,
    summary,
    tell_set_aside,
)

if TYPE_CHECKING:
    from xconnector.domain.decision.table import DecisionTable
    from xconnector.operations.replaying import ChangedDecision, Listeners, Span
    from xconnector.postgres.connect import Pool

_LIST_HELP = "Write what changes as CSV to this file, or to -; a ' stands before what a spreadsheet would reckon."
_RECKONED = ("=", "+", "-", "@", "\t", "\r")
"""What a cell begins with that spreadsheets take for a formula."""
Since = Annotated[str, typer.Option(help="The first day, such as 2026-10-01, where the project is at home.")]
Until = Annotated[str, typer.Option(help="The last day.")]


def replay(  # noqa: PLR0913 - each is an option
    file: Annotated[str, typer.Argument(help="The changed table: a file, or a version as name@sha256.")],
    table: Annotated[str, typer.Option(help="Name of the table that it replaces; else its own.")] = "",
    since: Since = "",
    until: Until = "",
    records: Annotated[Path | None, typer.Option(help="Lines of JSON instead of the project's decisions.")] = None,
    against: Annotated[str, typer.Option(help="The table of then, for lines that do not have it.")] = "",
    as_of: Annotated[str, typer.Option(help="Rows as of this day, or `today` at home; else each decision's own.")] = "",
    everything: Annotated[
        bool, typer.Option("--all", help="Decide all deliveries anew, not only changed ones.")
    ] = False,
    listed: Annotated[str, typer.Option("--list", help=_LIST_HELP)] = "",
    folder: ProjectFolder = HERE,
    as_json: AsJson = False,
) -> None:
    """Run a changed table over recorded decisions: which row became which, who is affected, what it would cost.

    Exit code 1 says that some decisions find no answer or no way any more, or that lines were set aside.
    """
    from xconnector.operations.replaying import replay_lines, replay_recorded

    changed = _table(file, folder)
    changed = replace(changed, name=table) if table else changed
    day = _as_of(as_of, folder)
    if records is not None and (since or until):
        refuse("--since and --until choose from the project's decisions, not from --records")
    with _listeners(listed, quiet=as_json) as listeners:
        if records is None:
            span = _span(folder, since, until)
            report = with_store(
                folder,
                lambda pool: replay_recorded(
                    pool, changed, span, as_of=day, everything=everything, listeners=listeners
                ),
            )
        else:
            then = _table(against, folder) if against else None
            try:
                with records.open("rb") as lines:
                    report = replay_lines(
                        lines, changed, against=then, as_of=day, everything=everything, listeners=listeners
                    )
            except OSError as wrong:
                refuse(f"{records} cannot be read: {wrong.strerror}")
    if as_json:
        show_json(replay_as_json(report))
    elif listed == "-":
        typer.echo("\n".join(summary(report)), err=True)
    else:
        show_replay(report)
    tell_set_aside(report)
    if report.has_failures:
        raise typer.Exit(DONE_WITH_FAILURES)


def records(
    since: Since = "",
    until: Until = "",
    table: Annotated[str, typer.Option(help="Only the questions to this table, each with its inputs.")] = "",
    folder: ProjectFolder = HERE,
) -> None:
    """Write recorded decisions as lines of JSON, for `tables replay --records`. They hold what customers said."""
    from xconnector.operations.replaying import recorded_lines

    span = _span(folder, since, until)

    async def work(pool: "Pool") -> None:
        async for lines in recorded_lines(pool, span, table=table or None):
            sys.stdout.buffer.write(lines)
        sys.stdout.buffer.flush()

    with_store(folder, work)


def shadows(
    name: Annotated[str, typer.Argument(help="Name of the table.")],
    sha: Annotated[str, typer.Option(help="SHA-256 of the shadow, or its first digits; else the one of late.")] = "",
    since: Since = "",
    until: Until = "",
    folder: ProjectFolder = HERE,
    as_json: AsJson = False,
) -> None:
    """Tell what a version that decides in the shadow answered, beside the one in force."""
    from xconnector.operations.shadow_report import shadow_report

    span = _span(folder, since, until)
    report = with_store(folder, lambda pool: shadow_report(pool, name, digits=sha, since=span.since, until=span.until))
    if as_json:
        show_json(shadow_as_json(report))
    else:
        show_shadow(report)


def add_to(app: typer.Typer) -> None:
    """Add these verbs to `tables`."""
    for verb in (replay, records, shadows):
        app.command()(verb)


# ---------------------------------------------------------------- what is asked for


def _table(said: str, folder: Path) -> "DecisionTable":
    from xconnector.project.tables.files import read_table_file

    if is_version(said):
        return kept_version(said, folder)
    text, wrong = read_table_file(Path(said))
    if text is None:
        refuse("\n".join(str(finding) for finding in wrong))
    return text.table


def _span(folder: Path, since: str, until: str) -> "Span":
    """Return the time from the beginning of the first day to the end of the last, where the project is at home."""
    from xconnector.operations.replaying import Span

    if not since and not until:
        return Span()
    first, last = (_day(one) if one else None for one in (since, until))
    zone = _home(folder)
    return Span(
        since=None if first is None else datetime.combine(first, time(), zone),
        until=None if last is None else datetime.combine(last + timedelta(days=1), time(), zone),
    )


def _as_of(text: str, folder: Path) -> date | None:
    """Return the day that is meant; today is where the project is at home, without one where this machine is."""
    from xconnector.project.load import PROJECT_FILE

    if text == "today":
        is_project = (folder / PROJECT_FILE).is_file()
        return datetime.now(UTC).astimezone(_home(folder) if is_project else None).date()
    return _day(text) if text else None


def _home(folder: Path) -> ZoneInfo:
    from xconnector.project.load import load_project

    async def home() -> str:
        return load_project(folder, os.environ).locale.timezone

    return ZoneInfo(run(home()))


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        refuse(f"{text!r} is no day: write it as 2026-12-31")


# ---------------------------------------------------------------- while it goes on


@contextmanager
def _listeners(listed: str, *, quiet: bool) -> Generator["Listeners"]:
    """Listen to a replay: what changes goes into a list, and a terminal is told how far it is."""
    from xconnector.operations.replaying import Listeners

    terminal = Console(stderr=True)
    with (
        _list(listed) as changed,
        Progress(
            TextColumn("{task.completed:,.0f} decisions"),
            console=terminal,
            transient=True,
            disable=quiet or not terminal.is_terminal,
        ) as bar,
    ):
        reading = bar.add_task("", total=None)
        yield Listeners(changed=changed, progress=lambda done: bar.update(reading, completed=done))


@contextmanager
def _list(listed: str) -> "Generator[Callable[[ChangedDecision], None] | None]":
    """Open the list of what changes."""
    from xconnector.operations.replaying import ChangedDecision

    if not listed:
        yield None
        return
    with _opened(listed) as file:
        writer = csv.writer(file, lineterminator="\n")
        columns = [field.name for field in fields(ChangedDecision)]
        cells_of = attrgetter(*columns)
        writer.writerow(columns)
        yield lambda change: writer.writerow(map(_cell, cells_of(change)))


def _cell(value: object) -> object:
    """Return what stands in a cell; keys and words of others are never a formula, and numbers stay as they are."""
    return f"'{value}" if isinstance(value, str) and value.startswith(_RECKONED) else value


def _opened(listed: str) -> AbstractContextManager[IO[str]]:
    if listed == "-":
        return nullcontext(sys.stdout)
    try:
        return Path(listed).open("x", encoding="utf-8", newline="")
    except FileExistsError:
        refuse(f"{listed} is there already: remove it, or name another file")
    except OSError as wrong:
        refuse(f"{listed} cannot be written: {wrong.strerror}")
