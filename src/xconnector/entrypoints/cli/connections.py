"""`connections`: proving that the outside can be reached."""

import typer

from xconnector.entrypoints.cli.running import DONE_WITH_FAILURES, HERE, AsJson, ProjectFolder, with_place
from xconnector.entrypoints.cli.showing import show_json, show_table

app = typer.Typer(help="The connections of the project.", no_args_is_help=True)


@app.command()
def check(folder: ProjectFolder = HERE, as_json: AsJson = False) -> None:
    """Prove every connection without an effect that a customer could notice."""
    from xconnector.operations.connections import check_connections

    found = with_place(folder, lambda place: check_connections(place.project, place.connections))
    if as_json:
        show_json(found)
    else:
        show_table(
            "Connections",
            ["name", "connector", "", "what to do"],
            [(c.name, c.connector, "ok" if c.problem is None else "FAILED", c.problem) for c in found],
        )
    if any(row.problem for row in found):
        raise typer.Exit(DONE_WITH_FAILURES)
