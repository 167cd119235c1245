"""`map --recorded`: what another version of a mapping would have made of the records that came."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import typer

from xconnector.entrypoints.cli.running import refuse, with_place
from xconnector.entrypoints.cli.showing import console, show_json, show_table

if TYPE_CHECKING:
    from xconnector.operations.mapping_trial import Difference, Trial
    from xconnector.project.model import Feed
    from xconnector.store.recorded import Window

MOST_SHOWN = 20


def try_on_recorded(
    folder: Path, feed_name: str, mapping_name: str, since: str | None, until: str | None, *, as_json: bool
) -> None:
    """Print every record of which the mapping makes something else than the one of its day, and the totals."""
    from xconnector.operations.mapped_files import choose_mapping
    from xconnector.operations.mapping_trial import Trial, try_mapping
    from xconnector.project.findings import named_like

    trial = Trial()

    async def tried(place: Any) -> None:  # noqa: ANN401 - the workplace, as `with_place` gives it
        project = place.project
        feed = project.feeds.get(feed_name)
        if feed is None:
            refuse(f"there is no feed {feed_name!r}: {named_like(feed_name, project.feeds)}")
        candidate = choose_mapping(mapping_name, folder, {}).mapping
        window = read_window(feed, project.locale.timezone, since, until)
        async for difference in try_mapping(place.pool, project, candidate, window, trial):
            if as_json:
                show_json(_line(difference))
            elif trial.differing <= MOST_SHOWN:
                _show(difference)

    with_place(folder, tried)
    if as_json:
        show_json({"totals": trial})
    else:
        _show_totals(trial)


def read_window(feed: "Feed", timezone: str, since: str | None, until: str | None) -> "Window":
    """Return what came for a feed from one day or time, or from yesterday on, up to another, or to now."""
    from xconnector.store.recorded import Window

    window = Window(
        feed=feed.name,
        event_type=feed.event,
        since=read_moment(since, timezone, otherwise=_yesterday(timezone)),
        until=read_moment(until, timezone, otherwise=datetime.now(ZoneInfo("UTC"))),
    )
    if window.since >= window.until:
        refuse("--since is not before --until: nothing can have come in that time; exchange them")
    return window


def read_moment(text: str | None, timezone: str, *, otherwise: datetime) -> datetime:
    """Return a moment that was written as a day or a time, in the project's zone where it names none."""
    if text is None:
        return otherwise
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        refuse(f"{text!r} is no day or time such as 2026-11-23 or 2026-11-23T08:00")
    return moment if moment.tzinfo else moment.replace(tzinfo=ZoneInfo(timezone))


def _yesterday(timezone: str) -> datetime:
    today = datetime.now(ZoneInfo(timezone)).replace(hour=0, minute=0, second=0, microsecond=0)
    return today - timedelta(days=1)


def _line(difference: "Difference") -> dict[str, Any]:
    return {
        "source": difference.source,
        "source_key": difference.source_key,
        "changed": {
            name: {"now": difference.now.told(name), "then": difference.then.told(name)} for name in difference.fields
        },
        "communications": {"now": difference.now.communications, "then": difference.then.communications},
        "error": {"now": difference.now.error, "then": difference.then.error},
    }


def _show(difference: "Difference") -> None:
    console.print(f"{difference.source} {difference.source_key}", highlight=False, markup=False)
    if difference.now.error != difference.then.error:
        console.print(f"  set aside now: {difference.now.error or 'no'}", highlight=False, markup=False)
        console.print(f"  set aside then: {difference.then.error or 'no'}", highlight=False, markup=False)
    else:
        for name in difference.fields:
            told = f"  {name}: {difference.now.told(name)} → {difference.then.told(name)}"
            console.print(told, highlight=False, markup=False)
    if difference.now.communications != difference.then.communications:
        now, then = (", ".join(one.communications) or "nothing" for one in (difference.now, difference.then))
        console.print(f"  asks for: {now} → {then}", highlight=False, markup=False)


def _show_totals(trial: "Trial") -> None:
    if trial.differing > MOST_SHOWN:
        typer.echo(f"and {trial.differing - MOST_SHOWN:,} more; `--json` tells of all")
    typer.echo(
        f"{trial.records:,} records, {trial.differing:,} differ; "
        f"set aside {trial.rejected_now:,} now, {trial.rejected_then:,} then"
    )
    names = sorted({*trial.communications_now, *trial.communications_then})
    if names:
        rows = [(name, trial.communications_now[name], trial.communications_then[name]) for name in names]
        show_table("Communications that are asked for", ["communication", "now#", "then#"], rows)
    if trial.fields:
        show_table("Fields that differ", ["field", "records#"], trial.fields.most_common())
