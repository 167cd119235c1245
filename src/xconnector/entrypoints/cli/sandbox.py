"""`sandbox`: the outside world on this machine."""

from contextlib import ExitStack
from pathlib import Path
from typing import Annotated

import typer

from xconnector.entrypoints.cli.running import HERE, ProjectFolder, refuse
from xconnector.entrypoints.cli.running import run as run_work


def sandbox(
    folder: ProjectFolder = HERE,
    smtp_port: Annotated[int, typer.Option(help="Port of the mail relay.", min=0, max=65535)] = 2525,
    print_port: Annotated[int, typer.Option(help="Port of the print house's SFTP.", min=0, max=65535)] = 2222,
    exstream_port: Annotated[
        int, typer.Option(help="Port of Exstream, for projects with designs of its own.", min=0, max=65535)
    ] = 8300,
) -> None:
    """Play the outside on 127.0.0.1.

    A mail relay whose mailboxes may bounce, a print house behind SFTP, and Exstream where templates have an
    exstream.yaml.
    """
    from xconnector.entrypoints.programs import ProgramError

    try:
        _play(folder, smtp_port=smtp_port, print_port=print_port, exstream_port=exstream_port)
    except ProgramError as error:
        refuse(
            f"{error}; is its port taken? --smtp-port, --print-port and --exstream-port choose another, 0 a free one"
        )


def _play(folder: Path, *, smtp_port: int, print_port: int, exstream_port: int) -> None:
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
        if any((folder / "templates").glob("*/exstream.yaml")):
            exstream = stack.enter_context(
                programs.sandbox(
                    "exstream",
                    *("--port", str(exstream_port), "--project", str(folder), "--output", str(place / "exstream")),
                    log=place / "exstream.log",
                )
            )
            typer.echo(f"Exstream      127.0.0.1:{exstream.facts['port']}  outputs of jobs in {place / 'exstream'}")
            typer.echo("  domain {domain}, client {client_id}, secret {client_secret}".format(**exstream.facts))
        last = "Ctrl-C ends all of it. How to make them bounce, reject or go down: docs/sandbox.md"
        run_work(until_signalled(ready=lambda: typer.echo(last)))
