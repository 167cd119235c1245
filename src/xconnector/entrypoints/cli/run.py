"""`run`: take in a file of records as one run."""

from pathlib import Path
from typing import Annotated

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from xconnector.entrypoints.cli.running import HERE, AsJson, ProjectFolder, refuse, with_place
from xconnector.entrypoints.cli.showing import console, show_json


def run(
    file: Annotated[Path, typer.Argument(help="The file of records.", exists=True, dir_okay=False)],
    feed: Annotated[str, typer.Option(help="Which feed of the project reads it.")],
    folder: ProjectFolder = HERE,
    batch_size: Annotated[int, typer.Option(help="Records that move together.", min=1, max=500)] = 500,
    as_json: AsJson = False,
) -> None:
    """Take in a file as one run. Its control totals are checked before anything is made.

    The work itself is done by the workers; follow it with `xconnector status` and `xconnector reconcile`.
    """
    from xconnector.operations.feeds import stopped_because
    from xconnector.pipeline.receive import receive_run

    if not file.is_file():
        refuse(f"{file} is no ordinary file; save it as one first: it is read more than once")

    async def work(place: object) -> object:
        from xconnector.entrypoints.garbage import spare_what_stays
        from xconnector.pipeline.workplace import Workplace

        assert isinstance(place, Workplace), "the workplace was opened for this verb"
        chosen = place.project.feeds.get(feed)
        readable = [
            name
            for name, row in place.project.feeds.items()
            if row.connection is not None and place.connections.reads_files(row.connection)
        ]
        if chosen is None or chosen.name not in readable:
            refuse(f"no feed {feed!r} reads files; those that do: {', '.join(readable) or 'none'}")
        spare_what_stays()
        columns = (TextColumn("reading {task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        with Progress(*columns, console=console, disable=as_json or not console.is_terminal) as bar:
            reading = bar.add_task(file.name, total=None)
            return await receive_run(
                place,
                chosen,
                file,
                batch_size=batch_size,
                progress=lambda done, total: bar.update(reading, completed=done, total=total),
            )

    taken = with_place(folder, work)
    if as_json:
        show_json(taken)
    else:
        name = getattr(taken, "name", "")
        typer.echo(f"Run {name} has all its records. Follow it: xconnector reconcile {name}")
    stopped = with_place(folder, lambda place: stopped_because(place.pool, feed))
    if stopped is not None:
        # What is asked for with --json is told on standard output, and nothing else.
        told = f"It waits: feed {feed} is stopped: {stopped}. Look at it: xconnector feeds show {feed}"
        typer.echo(told, err=as_json)
