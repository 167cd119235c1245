"""`sandbox`: the outside world on this machine."""

from contextlib import ExitStack
from typing import Annotated

import typer

from xconnector.entrypoints.cli.running import HERE, ProjectFolder
from xconnector.entrypoints.cli.running import run as run_work


def sandbox(
    folder: ProjectFolder = HERE,
    smtp_port: Annotated[int, typer.Option(help="Port of the mail relay.", min=0, max=65535)] = 2525,
    print_port: Annotated[int, typer.Option(help="Port of the print house's SFTP.", min=0, max=65535)] = 2222,
) -> None:
    """Play the outside on 127.0.0.1: a mail relay whose mailboxes may bounce, and a print house behind SFTP."""
    from xconnector.entrypoints import programs
    from xconnector.entrypoints.signals import until_signalled

    place = folder / "var" / "sandbox"
    bounces = folder / "var" / "bounces"
    with ExitStack() as stack:
        relay = stack.enter_context(
            programs.sandbox(
                "smtp",
                *("--port", str(smtp_port), "--folder", str(place / "mail-relay"), "--bounces-maildir", str(bounces)),
                log=place / "mail-relay.log",
            )
        )
        house = stack.enter_context(
            programs.sandbox(
                "print_house",
                *("--port", str(print_port), "--folder", str(place / "print-house")),
                log=place / "print-house.log",
            )
        )
        typer.echo(f"mail relay    127.0.0.1:{relay.facts['port']}  mails in {place / 'mail-relay'}")
        typer.echo(f"print house   127.0.0.1:{house.facts['port']}  bundles in {place / 'print-house'}")
        typer.echo(f"  PRINT_HOST_KEY='{house.facts['host_key']}'")
        typer.echo("Ctrl-C ends both. How to make them bounce, reject or go down: docs/sandbox.md")
        run_work(until_signalled())
