"""`feeds`: how each feed stands; stopping one, and letting it go on."""

import getpass
from typing import TYPE_CHECKING, Annotated, Any

import typer

from xconnector.entrypoints.cli.mapping_trial import read_window
from xconnector.entrypoints.cli.running import HERE, AsJson, ProjectFolder, refuse, with_place
from xconnector.entrypoints.cli.showing import console, show_json, show_table, when

if TYPE_CHECKING:
    from xconnector.operations.feeds import FeedAccount
    from xconnector.operations.feeds_overview import FeedLine
    from xconnector.operations.replaying_window import Order, Replay
    from xconnector.store.dropped_files import DroppedFileRow

app = typer.Typer(help="Feeds: what comes, what waits, what was expected.", invoke_without_command=True)

Name = Annotated[str, typer.Argument(help="Name of a feed.")]
By = Annotated[str, typer.Option("--by", help="Who says so; otherwise who is logged in.", show_default="you")]


@app.callback()
def feeds(context: typer.Context, folder: ProjectFolder = HERE, as_json: AsJson = False) -> None:
    """Show each feed in a line: what came last, how fresh it is, whether it is stopped, when it is expected."""
    if context.invoked_subcommand is None:
        listed(folder, as_json)


@app.command("list")
def listed(folder: ProjectFolder = HERE, as_json: AsJson = False) -> None:
    """Show each feed in a line: what came last, how fresh it is, whether it is stopped, when it is expected."""
    from xconnector.operations.feeds_overview import feeds_overview

    found = with_place(folder, lambda place: feeds_overview(place.pool, place.project, now=place.now()))
    if as_json:
        show_json(found)
        return
    show_table(
        "Feeds",
        ["feed", "source", "last record", "today#", "set aside#", "waiting#", "as of", "fresh", "state", "expected by"],
        [
            (
                one.feed,
                one.source,
                one.last_at,
                one.records,
                one.set_aside,
                one.waiting,
                one.as_of,
                _fresh(one),
                one.state,
                one.expected_by,
            )
            for one in found
        ],
    )
    asked = [one for one in found if one.asked_at is not None]
    if asked:
        console.print()
        show_table(
            "Asked, or looked into",
            ["feed", "last", "trouble", "since"],
            [(one.feed, one.asked_at, one.trouble, one.trouble_since) for one in asked],
        )


@app.command()
def pull(name: Name, folder: ProjectFolder = HERE, as_json: AsJson = False) -> None:
    """Ask the source of a feed now, or look into its drop, as the workers do by themselves."""
    is_done = with_place(folder, lambda place: _pull(place, name))
    if as_json:
        show_json({"feed": name, "asked": is_done})
    else:
        typer.echo(f"{name} is up to date" if is_done else f"{name} is being asked by a worker just now")


async def _pull(place: Any, name: str) -> bool:  # noqa: ANN401 - the workplace, as `with_place` gives it
    from xconnector.pipeline.drop import take_drop
    from xconnector.pipeline.pull import pull_now

    feed = place.project.feeds.get(name)
    if feed is not None and feed.drop is not None:
        return await take_drop(place, feed)
    if feed is None or feed.connection is None or not place.connections.is_pulled(feed.connection):
        refuse(f"no feed {name!r} is asked, and none has a drop; `xconnector feeds` lists those there are")
    return await pull_now(place, feed)


@app.command()
def files(
    name: Name,
    limit: Annotated[int, typer.Option(help="At most so many, the latest first.", min=1, max=10_000)] = 20,
    folder: ProjectFolder = HERE,
    as_json: AsJson = False,
) -> None:
    """Show the files that arrived for a feed, and what became of each."""
    from xconnector.operations.feed_sources import files_of

    found = with_place(folder, lambda place: files_of(place.pool, place.project, name, limit=limit))
    if as_json:
        show_json(found)
        return
    show_table(
        f"Files of {name}",
        ["file", "bytes#", "claimed", "state", "put away", ""],
        [(one.name, one.size, one.claimed_at, _became(one), one.put_away_at, one.reason) for one in found],
    )


def _became(one: "DroppedFileRow") -> str:
    return f"{one.state}, {one.set_aside} set aside" if one.set_aside else one.state


@app.command()
def restart(name: Name, folder: ProjectFolder = HERE, as_json: AsJson = False) -> None:
    """Let the source of a feed give everything again; what was taken already is not taken twice."""
    from xconnector.operations.feed_sources import restart_feed

    with_place(folder, lambda place: restart_feed(place.pool, name))
    if as_json:
        show_json({"feed": name, "restarted": True})
    else:
        typer.echo(f"{name} begins anew when it is asked next: xconnector feeds pull {name}")


def _fresh(one: "FeedLine") -> str:
    if one.is_fresh is None:
        return ""
    return "yes" if one.is_fresh else "stale"


@app.command()
def show(name: Name, folder: ProjectFolder = HERE, as_json: AsJson = False) -> None:
    """Show how one feed stands, what is otherwise in its records than it was, and what happened to it.

    Paths, kinds and counts; never a value.
    """
    from xconnector.operations.feeds import feed_account

    account = with_place(folder, lambda place: feed_account(place.pool, place.project, name))
    if as_json:
        show_json(account)
        return
    console.print(_told(account))
    if account.difference:
        console.print()
        show_table(
            "What is otherwise in its records",
            ["path", "what", "was", "is", "records#", "of#"],
            [(one.path, one.change.value, one.was, one.now, one.records, one.of) for one in account.difference],
        )
    if account.history:
        console.print()
        show_table(
            "What happened", ["when", "what", "by"], [(one.at, one.event, one.actor or "") for one in account.history]
        )


def _told(account: "FeedAccount") -> str:
    state = account.state
    if state is None or not state.paused:
        return f"{account.feed} goes on"
    by = f" by {state.actor}" if state.actor else ""
    return f"{account.feed} is stopped{by} since {when(state.since)}: {state.reason}".replace("[", "\\[")


@app.command()
def pause(
    name: Name,
    reason: Annotated[str, typer.Option(help="Why; it stands in the feed's history.")] = "",
    by: By = "",
    folder: ProjectFolder = HERE,
    as_json: AsJson = False,
) -> None:
    """Stop a feed: what it sends is taken in and waits. The other feeds go on."""
    from xconnector.operations.feeds import pause_feed

    if not reason:
        refuse("say why with --reason; it stands in the feed's history")
    actor = by or getpass.getuser()
    with_place(folder, lambda place: pause_feed(place.pool, place.project, name, actor=actor, reason=reason))
    if as_json:
        show_json({"feed": name, "paused": True})
    else:
        typer.echo(f"{name} is stopped: what it sends waits until `xconnector feeds resume {name}`")


@app.command()
def resume(
    name: Name,
    accept: Annotated[bool, typer.Option("--accept", help="Its records may look as they do by now.")] = False,
    by: By = "",
    folder: ProjectFolder = HERE,
    as_json: AsJson = False,
) -> None:
    """Let a stopped feed go on with what waits; what breaks the contract as it is by now is set aside."""
    from xconnector.operations.feeds import resume_feed

    actor = by or getpass.getuser()
    batches = with_place(folder, lambda place: resume_feed(place.pool, place.jobs, name, actor=actor, accept=accept))
    if as_json:
        show_json({"feed": name, "paused": False, "batches": batches})
    else:
        typer.echo(f"{name} goes on with {batches:,} {'batch' if batches == 1 else 'batches'} that waited")


@app.command()
def replay(  # noqa: PLR0913 - the options of a command
    name: Name,
    since: Annotated[str, typer.Option(help="The first day or time of what came.")],
    until: Annotated[str | None, typer.Option(help="Up to this day or time; now.")] = None,
    reason: Annotated[str, typer.Option(help="Why; it stands in the ledger.")] = "",
    by: By = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only tell what would be made.")] = False,
    again: Annotated[
        bool, typer.Option("--again", help="Start again also what would be set aside for the same reason.")
    ] = False,
    folder: ProjectFolder = HERE,
    as_json: AsJson = False,
) -> None:
    """Make what the records of a time ask for and did not get, and start again what failed.

    What was made of them is left as it is, delivered or on its way: nothing is sent twice.
    """
    from xconnector.operations.replaying_window import Order

    if not reason and not dry_run:
        refuse("say why with --reason; it stands in the ledger")
    order = None if dry_run else Order(actor=by or getpass.getuser(), reason=reason, again=again)
    found = with_place(folder, lambda place: _replay(place, name, since, until, order))
    if as_json:
        show_json(found)
    else:
        _show_replay(found, dry_run=dry_run)


async def _replay(place: Any, name: str, since: str, until: str | None, order: "Order | None") -> "Replay":  # noqa: ANN401 - the workplace, as `with_place` gives it
    from xconnector.operations.replaying_window import Replay, replay_window
    from xconnector.project.findings import named_like

    feed = place.project.feeds.get(name)
    if feed is None:
        refuse(f"there is no feed {name!r}: {named_like(name, place.project.feeds)}")
    window = read_window(feed, place.project.locale.timezone, since, until)
    found = Replay()
    await replay_window(place.pool, place.jobs, place.project, window, order=order, replay=found)
    return found


def _show_replay(found: "Replay", *, dry_run: bool) -> None:
    will = "would be" if dry_run else "are"
    typer.echo(f"{found.records:,} records came in that time")
    for name, number in sorted(found.missing.items()):
        typer.echo(f"{number:,} {name} {will} made")
    typer.echo(f"{found.reprocessed:,} failures {will} started again")
    if found.hopeless:
        typer.echo(f"{found.hopeless:,} records would be set aside again for the same reason, and are left (--again)")
    for state, number in sorted(found.left.items()):
        typer.echo(f"{number:,} communications are left as they are: {state.replace('_', ' ')}")
    if found.unfit:
        typer.echo(f"{found.unfit:,} records fit no mapping or condition; `xconnector failures` names them")
