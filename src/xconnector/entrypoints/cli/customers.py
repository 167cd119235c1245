"""`customers`: loading customer records."""

from pathlib import Path
from typing import Annotated

import typer

from xconnector.entrypoints.cli.running import HERE, ProjectFolder, refuse, with_place

app = typer.Typer(help="Customer records.", no_args_is_help=True)


@app.command()
def load(
    file: Annotated[
        Path, typer.Argument(help="JSON Lines: `customer` and the golden-record fields.", exists=True, dir_okay=False)
    ],
    source: Annotated[str, typer.Option(help="The system they come from; it stands beside every value.")] = "crm",
    folder: ProjectFolder = HERE,
) -> None:
    """Load customer records of one source; older news never replaces newer."""
    from xconnector.operations.customers import CustomerFileError, load_customers

    try:
        number = with_place(folder, lambda place: load_customers(place.pool, file, source=source))
    except CustomerFileError as error:
        refuse(str(error))
    typer.echo(f"{number:,} customer records loaded from {source}")
