"""`tables shipped` and `tables copy`: the tables of regulations that travel with the package."""

from pathlib import Path
from typing import Annotated

import typer

from xconnector.entrypoints.cli.running import AsJson, refuse
from xconnector.entrypoints.cli.showing import show_json


def add_to(app: typer.Typer) -> None:
    """Add these verbs to those of a group."""
    app.command()(shipped)
    app.command()(copy)


def shipped(as_json: AsJson = False) -> None:
    """List the tables of regulations that travel with the package: examples, not legal advice."""
    from xconnector.project.tables.shipped import shipped_tables

    tables = shipped_tables()
    if as_json:
        show_json({"tables": tables})
        return
    for table in tables:
        typer.echo(f"{table.name}\n  {table.about}")
    typer.echo("Examples, to be edited and approved by your own counsel. Take one with: xconnector tables copy NAME")


def copy(
    name: Annotated[str, typer.Argument(help="Which table; `tables shipped` lists them.")],
    to: Annotated[Path, typer.Option(help="The folder to copy it to.")] = Path("tables"),
) -> None:
    """Copy a shipped table into the project, to be edited and approved; nothing is overwritten."""
    from xconnector.project.tables.shipped import ShippedTableError, copy_shipped

    try:
        file = copy_shipped(name, to)
    except ShippedTableError as wrong:
        refuse(str(wrong))
    typer.echo(f"Wrote {file}: name it under `checks:` in xconnector.yaml once your counsel approved it")
