"""`archive`: getting back what left, byte for byte."""

from pathlib import Path
from typing import Annotated

import typer

from xconnector.entrypoints.cli.running import HERE, ProjectFolder, with_place

app = typer.Typer(help="Getting back what left, byte for byte.", no_args_is_help=True)


@app.command()
def get(
    communication: Annotated[str, typer.Argument(help="Its id, the beginning of it, or the source key.")],
    to: Annotated[Path, typer.Option(help="Folder to write into.")] = Path(),
    folder: ProjectFolder = HERE,
) -> None:
    """Fetch the archived documents of a communication, each checked against its digest."""
    from xconnector.operations.documents import fetch_archived

    written = with_place(folder, lambda place: fetch_archived(place.pool, place.connections, communication, to))
    for path in written:
        typer.echo(str(path))
