"""`customers load`, `loads`, `rejects`: what sources say of customers, from files."""

from collections.abc import Callable
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from zoneinfo import ZoneInfo

import typer
from rich.progress import BarColumn, DownloadColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from xconnector.domain.counted import counted
from xconnector.entrypoints.cli.running import (
    DONE_WITH_FAILURES,
    HERE,
    AsJson,
    ProjectFolder,
    refuse,
    with_place,
    with_store,
)
from xconnector.entrypoints.cli.showing import console, show_json, show_table, when

if TYPE_CHECKING:
    from collections.abc import Generator

    from xconnector.operations.customer_files import FeedReading
    from xconnector.operations.customers import Loaded
    from xconnector.pipeline.workplace import Workplace
    from xconnector.project.customer_fields import CustomerFields
    from xconnector.store.customer_loads import CustomerLoad, Reject

MOST_SHOWN = 20
"""Records that were set aside on the screen; more with `--json`, all of them with `customers rejects`."""


def load(  # noqa: PLR0913 - each is an option that a person may type
    files: Annotated[
        list[Path],
        typer.Argument(
            help="JSON Lines with `customer` and its fields, CSV, or what a feed reads; packed by gzip or not.",
            exists=True,
            dir_okay=False,
        ),
    ],
    source: Annotated[
        str | None,
        typer.Option(
            help="The system they come from; it stands beside every value. The feed's name, or crm, by default."
        ),
    ] = None,
    feed: Annotated[str | None, typer.Option(help="The feed of the project that reads and maps them.")] = None,
    as_of: Annotated[
        str | None,
        typer.Option(help="When records were so that do not say it, such as 2026-11-23T02:00:00Z; now by default."),
    ] = None,
    own_keys: Annotated[
        bool,
        typer.Option("--own-keys", help="The source numbers customers by itself: its name is put before each number."),
    ] = False,
    strict: Annotated[bool, typer.Option("--strict", help="Keep nothing if one record cannot be kept.")] = False,
    full: Annotated[
        bool, typer.Option("--full", help="These files are all that the source has: retract whom they do not hold.")
    ] = False,
    most_gone: Annotated[str, typer.Option(help="With --full: the most that may be missing.")] = "10%",
    folder: ProjectFolder = HERE,
    as_json: AsJson = False,
) -> None:
    """Keep what files say of customers; older news never replaces newer of the same source.

    A record that cannot be kept is set aside and named. Interrupted, the same command goes on where it stopped.
    """
    from xconnector.entrypoints.garbage import spare_what_stays
    from xconnector.operations.customers import LoadTerms, load_customers

    moment, share = _moment(as_of) if as_of else None, _share(most_gone) if full else None

    async def work(place: "Workplace") -> "tuple[Loaded, CustomerFields]":
        reading = await _feed_reading(place, feed) if feed else None
        zone = ZoneInfo(place.project.locale.timezone)
        terms = LoadTerms(
            source=source or feed or "crm",
            own_keys=own_keys or (feed is not None and place.project.feeds[feed].has_own_keys),
            feed=reading,
            as_of=moment.replace(tzinfo=moment.tzinfo or zone) if moment else None,
            zone=zone,
            home_country=place.project.home_country,
            fields=place.project.customer_fields,
            is_strict=strict,
            most_gone=share,
        )
        spare_what_stays()
        with _bars(is_quiet=as_json) as progress:
            return await load_customers(place.pool, files, terms, progress=progress), place.project.customer_fields

    done, known = with_place(folder, work)
    if as_json:
        show_json({"loads": done.loads, "rejects": [_told(name, one) for name, one in done.rejects]})
    else:
        _show(done, known)
    if done.set_aside:
        raise typer.Exit(DONE_WITH_FAILURES)


def loads(
    limit: Annotated[int, typer.Option(help="How many of the latest.", min=1)] = 20,
    folder: ProjectFolder = HERE,
    as_json: AsJson = False,
) -> None:
    """List loads of customers with their control totals: records = kept + unchanged + set aside."""
    from xconnector.operations.customers import newest_loads, short_id

    found = with_store(folder, lambda pool: newest_loads(pool, limit))
    if as_json:
        show_json(found)
        return
    columns = ["file", "source", "begun", "ended", "records#", "declared#", "kept#", "unchanged#", "set aside#"]
    show_table(
        "Loads of customers",
        [*columns, "retracted#", "load"],
        [
            (
                *(one.file_name, one.source, one.started_at, _ended(one), one.records),
                *(one.declared, one.kept, one.unchanged, one.set_aside, one.retracted, one.load_id),
            )
            for one in found
        ],
    )
    for one in found:
        name = f"{one.file_name} ({short_id(one.load_id)})"
        if one.failure is not None:
            typer.echo(f"{name} failed: {one.failure}")
        if one.unknown_fields:
            told = ", ".join(f"{field!r} ({counted(number, 'record')})" for field, number in one.unknown_fields.items())
            typer.echo(f"{name} gave fields that nobody knows: {told}")


def rejects(
    load_id: Annotated[
        str, typer.Argument(metavar="LOAD", help="Id of a load, or the beginning of it, as `customers loads` shows it.")
    ],
    out: Annotated[
        Path | None, typer.Option(help="New file for the records as they came, to be mended and loaded.")
    ] = None,
    folder: ProjectFolder = HERE,
    as_json: AsJson = False,
) -> None:
    """Name the records of a load that were set aside, with their reasons."""
    from xconnector.operations.customers import rejects_of, write_rejects

    try:
        if out is not None:
            number = with_store(folder, lambda pool: write_rejects(pool, load_id, out))
            typer.echo(f"{counted(number, 'record')} written to {out}")
            return
    except FileExistsError:
        refuse(f"{out} is there already; name a new file")
    found = with_store(folder, lambda pool: rejects_of(pool, load_id))
    if as_json:
        show_json([_told(found.load.file_name, one) for one in found.rejects])
        return
    for one in found.rejects:
        typer.echo(f"{found.load.file_name}:{one.line}: {one.reason}")
    if found.load.set_aside > len(found.rejects):
        typer.echo(f"and {found.load.set_aside - len(found.rejects):,} more; --out writes all of them")


# ---------------------------------------------------------------- what was asked


async def _feed_reading(place: "Workplace", name: str) -> "FeedReading":
    from xconnector.operations.customer_files import FeedReading

    feed = place.project.feeds.get(name)
    if feed is None or feed.connection is None:
        readable = [one.name for one in place.project.feeds.values() if one.connection is not None]
        refuse(f"no feed {name!r} reads files; those that do: {', '.join(readable) or 'none'}")
    return FeedReading(
        name=name,
        source=await place.connections.run_source(feed.connection),
        mapping_at=lambda moment: place.project.mapping_of(feed, at=moment),
        contract=place.project.contract_of(feed),
    )


def _moment(text: str) -> datetime:
    """Return a time, without a zone where the text names none."""
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        refuse("--as-of is a time such as 2026-11-23T02:00:00Z")


def _share(text: str) -> float:
    number = text.strip().removesuffix("%")
    if not number.isascii() or not number.isdigit() or int(number) > 100:  # noqa: PLR2004 - percent
        refuse("--most-gone is a share such as 10%")
    return int(number) / 100


# ---------------------------------------------------------------- showing


def _ended(one: "CustomerLoad") -> str:
    if one.failure is not None:
        return f"failed {when(one.ended_at)}"
    return when(one.ended_at) or "not yet"


@contextmanager
def _bars(*, is_quiet: bool) -> "Generator[Callable[[str, int, int], None]]":
    columns = (TextColumn("loading {task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    tasks: dict[str, TaskID] = {}
    with Progress(*columns, console=console, disable=is_quiet or not console.is_terminal) as bars:

        def show(name: str, done: int, total: int) -> None:
            if name not in tasks:
                tasks[name] = bars.add_task(name, total=total)
            bars.update(tasks[name], completed=min(done, total))

        yield show


def _show(done: "Loaded", fields: "CustomerFields") -> None:
    for one in done.loads:
        typer.echo(_totals(one))
        for name, number in one.unknown_fields.items():
            told = f"{one.file_name}: {counted(number, 'record')} with the field {name!r}, which nobody knows"
            typer.echo(f"{told}: it is kept; {fields.remedy(name)}", err=True)
    for name, reject in done.rejects[:MOST_SHOWN]:
        typer.echo(f"{name}:{reject.line}: {reject.reason}", err=True)
    if done.set_aside > MOST_SHOWN:
        typer.echo(
            f"and {done.set_aside - MOST_SHOWN:,} more: xconnector customers rejects {_first_of(done)}", err=True
        )
    if done.set_aside and any(one.is_full for one in done.loads):
        typer.echo("nobody was retracted: what was set aside may be of those who seem to be missing", err=True)


def _first_of(done: "Loaded") -> str:
    from xconnector.operations.customers import short_id

    return next(short_id(one.load_id) for one in done.loads if one.set_aside)


def _totals(one: "CustomerLoad") -> str:
    retracted = f", {counted(one.retracted, 'customer')} retracted" if one.is_full else ""
    return (
        f"{one.file_name}: {counted(one.records, 'record')} from {one.source}: "
        f"{one.kept:,} kept, {one.unchanged:,} unchanged, "
        f"{one.set_aside:,} set aside{retracted}"
    )


def _told(name: str, reject: "Reject") -> dict[str, object]:
    return {"file": name, "line": reject.line, "position": reject.position, "reason": reject.reason}
