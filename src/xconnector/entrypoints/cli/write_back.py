"""`write-back`: what source systems were told of their communications, and telling it again."""

from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Any

import typer

from xconnector.entrypoints.cli.running import DONE_WITH_FAILURES, HERE, AsJson, ProjectFolder, refuse, with_place
from xconnector.entrypoints.cli.showing import console, show_json, show_table

if TYPE_CHECKING:
    from xconnector.operations.write_backs import DayAccount

app = typer.Typer(help="Source systems: what they were told of their communications.", invoke_without_command=True)

Name = Annotated[str, typer.Argument(help="Name under `write_back` in xconnector.yaml.")]


@app.callback()
def write_back(context: typer.Context, folder: ProjectFolder = HERE, as_json: AsJson = False) -> None:
    """Show where each source system stands: what it lacks, what it did not take, what keeps it from being told."""
    if context.invoked_subcommand is None:
        status(folder, as_json)


@app.command()
def status(folder: ProjectFolder = HERE, as_json: AsJson = False) -> None:
    """Show where each source system stands: what it lacks, what it did not take, what keeps it from being told."""
    from xconnector.operations.write_backs import targets

    found = with_place(folder, lambda place: targets(place.pool))
    if as_json:
        show_json(found)
        return
    show_table(
        "Write-back",
        ["target", "told since", "communications waiting#", "oldest", "events refused#", "trouble", "since"],
        [
            (one.target, one.began_at, one.waiting, one.oldest, one.refused, one.trouble, one.trouble_since)
            for one in found
        ],
    )


@app.command()
def refused(
    name: Name,
    limit: Annotated[int, typer.Option(help="At most so many, the latest first.", min=1, max=10_000)] = 20,
    folder: ProjectFolder = HERE,
    as_json: AsJson = False,
) -> None:
    """Show which events a source system did not take, and why."""
    from xconnector.operations.write_backs import refusals

    found = with_place(folder, lambda place: refusals(place.pool, place.project, name, limit=limit))
    if as_json:
        show_json(found)
        return
    show_table(
        f"Not taken by {name}",
        ["communication", "refused", "why"],
        [(str(one.communication_id), one.refused_at, one.reason) for one in found],
    )


@app.command()
def reconcile(
    name: Name,
    day: Annotated[str | None, typer.Option(help="Such as 2026-11-24; yesterday if left out.")] = None,
    folder: ProjectFolder = HERE,
    as_json: AsJson = False,
) -> None:
    """Show how much happened on a day, and how much of it the source system has; ends with 1 where it lacks any."""
    found = with_place(folder, lambda place: _reconcile(place, name, day))
    if as_json:
        show_json(found)
    else:
        show_table(
            f"{name} on {found.day}",
            ["event", "sent#", "acknowledged#", "refused#", "outstanding#"],
            [
                (word, sums["sent"], sums["acknowledged"], sums["refused"], sums["outstanding"])
                for word, sums in found.events.items()
            ],
        )
    if found.outstanding:
        raise typer.Exit(DONE_WITH_FAILURES)


async def _reconcile(place: Any, name: str, day: str | None) -> "DayAccount":  # noqa: ANN401 - the workplace, as `with_place` gives it
    from zoneinfo import ZoneInfo

    from xconnector.operations.write_backs import reconcile_day

    today = place.now().astimezone(ZoneInfo(place.project.locale.timezone)).date()
    try:
        meant = today - timedelta(days=1) if day is None else date.fromisoformat(day)
    except ValueError:
        refuse(f"{day!r} is no day; write it as 2026-11-24")
    return await reconcile_day(place.pool, place.project, name, meant)


@app.command()
def replay(
    name: Name,
    since: Annotated[str, typer.Option(help="The first day or time.")],
    until: Annotated[str | None, typer.Option(help="Up to this day or time; now.")] = None,
    folder: ProjectFolder = HERE,
    as_json: AsJson = False,
) -> None:
    """Tell a source system again what happened in a time, under the same ids: it takes each event once."""
    number = with_place(folder, lambda place: _replay(place, name, since, until))
    if as_json:
        show_json({"target": name, "communications": number})
    else:
        console.print(f"{name} is told again of {number:,} communications", highlight=False)


async def _replay(place: Any, name: str, since: str, until: str | None) -> int:  # noqa: ANN401 - the workplace, as `with_place` gives it
    from zoneinfo import ZoneInfo

    from xconnector.operations.write_backs import replay as operation

    zone = ZoneInfo(place.project.locale.timezone)
    end = place.now() if until is None else _moment(until, zone)
    return await operation(place.pool, place.project, name, since=_moment(since, zone), until=end)


def _moment(spelled: str, zone: Any) -> datetime:  # noqa: ANN401 - a time zone
    try:
        moment = datetime.fromisoformat(spelled)
    except ValueError:
        refuse(f"{spelled!r} is no day and no time; write it as 2026-11-24 or 2026-11-24T08:00")
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=zone)
