"""`keys`: who may hand in events, publish on the portal, or report what became of communications."""

from typing import TYPE_CHECKING, Annotated

import typer

from xconnector.domain.keys import Purpose
from xconnector.entrypoints.cli.running import HERE, AsJson, ProjectFolder, with_store
from xconnector.entrypoints.cli.showing import show_json, show_table, when

if TYPE_CHECKING:
    from xconnector.postgres.connect import Pool

app = typer.Typer(help="Keys of those who may call the web; each opens one purpose.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(help="The caller's name, such as crm.")]


@app.command()
def new(
    name: Name,
    purpose: Annotated[
        Purpose,
        typer.Option(help="What it opens: handing in events, publishing documents, reporting, or reading decisions."),
    ],
    folder: ProjectFolder = HERE,
    as_json: AsJson = False,
) -> None:
    """Make a key and print it, the only time it is seen: only its digest is kept."""
    from xconnector.operations.keys import make_key

    async def work(pool: "Pool") -> str:
        return await make_key(pool, name, purpose)

    key = with_store(folder, work)
    if as_json:
        show_json({"name": name, "purpose": purpose, "key": key})
        return
    # The key alone on standard output, so that it can go into a file or a variable.
    typer.echo(f"The key of {name} for {purpose}; keep it now, it is not shown again:", err=True)
    typer.echo(key)


@app.command()
def revoke(name: Name, folder: ProjectFolder = HERE) -> None:
    """Let a key open nothing any more, from this moment on."""
    from xconnector.operations.keys import revoke_key

    async def work(pool: "Pool") -> None:
        await revoke_key(pool, name)

    with_store(folder, work)
    typer.echo(f"The key of {name} opens nothing any more.")


@app.command(name="list")
def list_keys(folder: ProjectFolder = HERE, as_json: AsJson = False) -> None:
    """Show every key that was ever made; never the keys themselves."""
    from xconnector.operations.keys import every_key

    found = with_store(folder, every_key)
    if as_json:
        show_json(found)
        return
    show_table(
        "Keys",
        ["name", "purpose", "made", "revoked"],
        [(key.name, key.purpose, when(key.created_at), when(key.revoked_at)) for key in found],
    )
