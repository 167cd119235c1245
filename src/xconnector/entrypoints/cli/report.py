"""`report`: the funnel of a run, what providers did on each day, and files for analysis."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.progress import Progress, SpinnerColumn, TextColumn

from xconnector.entrypoints.cli.running import HERE, AsJson, ProjectFolder, refuse, with_store
from xconnector.entrypoints.cli.showing import console, show_json, show_table

if TYPE_CHECKING:
    from xconnector.operations.reporting import RunFunnel, ScoredDay

app = typer.Typer(no_args_is_help=True, help="What became of runs, and what providers did.")

DAYS_SHOWN = 7


@app.command()
def run(
    run: Annotated[str, typer.Argument(help="Name or id of a run.")],
    html: Annotated[Path | None, typer.Option(help="Write it as a page into this file.")] = None,
    folder: ProjectFolder = HERE,
    as_json: AsJson = False,
) -> None:
    """Show how far everything came that a run ordered: each loss with its reason, and what is not known."""
    from xconnector.operations.reporting import funnel_of_run

    found = with_store(folder, lambda pool: funnel_of_run(pool, run))
    if html is not None:
        _write_page(html, found)
    if as_json:
        show_json(_as_json(found))
        return
    show_table(
        f"Run {found.run.name}",
        ["step", "reached#", "on its way#", "lost#", "unknown#", "there#", "of which"],
        [
            (line.step.value, line.reached, line.on_its_way, line.lost, line.unknown, line.there, _told(line.reasons))
            for line in found.funnel.lines
        ],
    )
    if found.funnel.difference:
        console.print(f"[bold red]{found.funnel.difference} are in no step[/bold red]: report this as a defect")


@app.command()
def providers(
    since: Annotated[datetime | None, typer.Option("--from", help="First day.", formats=["%Y-%m-%d"])] = None,
    until: Annotated[datetime | None, typer.Option("--to", help="Last day; else today.", formats=["%Y-%m-%d"])] = None,
    folder: ProjectFolder = HERE,
    as_json: AsJson = False,
) -> None:
    """Show what each connection did with what was handed over to it, by day; the last week unless told otherwise."""
    from zoneinfo import ZoneInfo

    from xconnector.operations.reporting import scoreboard
    from xconnector.project.load import project_time_zone

    zone = project_time_zone(folder)
    last = (until or datetime.now(ZoneInfo(zone))).date()
    first = since.date() if since else last - timedelta(days=DAYS_SHOWN - 1)
    if first > last:
        refuse(f"--from {first} is after --to {last}")
    found = with_store(folder, lambda pool: scoreboard(pool, first=first, last=last, timezone=zone))
    if as_json:
        show_json({"from": first, "to": last, "timezone": zone, "days": found})
    else:
        _show_scores(found, f"Providers from {first} to {last} ({zone})")


@app.command()
def export(
    to: Annotated[Path, typer.Argument(help="The folder into which files are written.")],
    since: Annotated[datetime, typer.Option("--from", help="First day.", formats=["%Y-%m-%d"])],
    until: Annotated[datetime, typer.Option("--to", help="Last day; it is included.", formats=["%Y-%m-%d"])],
    what: Annotated[list[str] | None, typer.Option(help="Only this view; may be given again. Else all.")] = None,
    folder: ProjectFolder = HERE,
    as_json: AsJson = False,
) -> None:
    """Write the reporting views as Parquet files, one for each view and day; the same days again replace theirs."""
    from xconnector.operations.exporting import ExportError, ExportOrder
    from xconnector.operations.exporting import export as operation
    from xconnector.project.load import project_time_zone
    from xconnector.store.reporting_rows import TIME_OF

    order = ExportOrder(
        folder=to,
        first=since.date(),
        last=until.date(),
        timezone=project_time_zone(folder),
        views=what or tuple(TIME_OF),
    )
    columns = (TextColumn("{task.description}"), SpinnerColumn(), TextColumn("{task.completed:,.0f} rows"))
    try:
        with Progress(*columns, console=console, disable=as_json or not console.is_terminal) as bars:
            tasks = {view: bars.add_task(view, total=None) for view in order.views}
            told = with_store(
                folder, lambda pool: operation(pool, order, told=lambda view, rows: bars.advance(tasks[view], rows))
            )
    except ExportError as error:
        refuse(str(error))
    if as_json:
        show_json({"folder": str(to), "views": told})
    else:
        show_table(f"Written to {to}", ["view", "rows#", "files#"], [(one.view, one.rows, one.files) for one in told])


def _write_page(file: Path, found: "RunFunnel") -> None:
    from xconnector.entrypoints.cli.funnel_page import funnel_page

    try:
        file.write_text(funnel_page(found), encoding="utf-8")
    except OSError as failed:
        refuse(f"{file} cannot be written: {failed.strerror}")


def _show_scores(found: "list[ScoredDay]", title: str) -> None:
    show_table(
        title,
        [
            *("connection", "day", "handed over#", "accepted#", "delivered#", "opened#", "unknown#", "complained#"),
            *("opted out#", "until accepted", "until delivered", "came back", "delayed"),
        ],
        [
            (
                *(one.score.connection, one.score.day, one.score.handed_over, one.score.accepted, one.score.delivered),
                *(one.score.opened, one.score.unknown, one.score.complained, one.score.opted_out),
                _pace(one.score.accepted_median, one.score.accepted_p95),
                _pace(one.score.delivered_median, one.score.delivered_p95),
                *(_told(one.returned), _told(one.delayed)),
            )
            for one in found
        ],
    )
    console.print("\nuntil accepted, until delivered: median / 95 of 100")


def _as_json(found: "RunFunnel") -> dict[str, object]:
    return {
        "run": found.run.name,
        "run_id": found.run.run_id,
        "ordered": found.funnel.ordered,
        "unknown": found.funnel.unknown,
        "difference": found.funnel.difference,
        "steps": found.funnel.lines,
    }


def _told(reasons: Mapping[str, int]) -> str:
    return ", ".join(f"{number:,} {reason}" for reason, number in reasons.items())


def _pace(median: float | None, p95: float | None) -> str:
    return "" if median is None or p95 is None else f"{_spell(median)} / {_spell(p95)}"


def _spell(seconds: float) -> str:
    if seconds < 60:  # noqa: PLR2004 - a minute
        return f"{seconds:.1f} s"
    return str(timedelta(seconds=round(seconds)))
