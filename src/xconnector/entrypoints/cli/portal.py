"""`portal`: letting a customer see their documents."""

import os
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from xconnector.entrypoints.cli.running import HERE, ProjectFolder, refuse, with_store

if TYPE_CHECKING:
    from xconnector.postgres.connect import Pool

app = typer.Typer(help="The portal on which customers read their documents.", no_args_is_help=True)


@app.command()
def link(
    customer: Annotated[str, typer.Argument(help="The customer's key.")],
    days: Annotated[int, typer.Option(help="How long the link is good.", min=1, max=366)] = 30,
    base: Annotated[
        str, typer.Option(envvar="XCONNECTOR_PUBLIC_URL", help="Where customers reach the web.")
    ] = "http://127.0.0.1:8400",
    folder: ProjectFolder = HERE,
) -> None:
    """Print a link that shows one customer's documents to whoever holds it, until it expires."""
    from xconnector.domain.portal_link import PortalLink
    from xconnector.entrypoints.portal_secrets import PortalSecretError, portal_secrets
    from xconnector.operations.portal import customer_link, documents_of
    from xconnector.pipeline.workplace import state_folder

    async def count(pool: "Pool") -> int:
        return len(await documents_of(pool, customer))

    try:
        secrets = portal_secrets(state_folder(folder.resolve()), os.environ)
        expires_at = datetime.now(UTC) + timedelta(days=days)
        address = customer_link(secrets, PortalLink(customer_key=customer, expires_at=expires_at), base=base)
    except (PortalSecretError, ValueError) as error:
        refuse(str(error))
    if not with_store(folder, count):
        typer.echo(f"{customer} has no document on the portal yet; the link will show what comes.", err=True)
    typer.echo(address)
