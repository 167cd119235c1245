"""`chaos`: kill workers at random moments, and count whether every promise was kept."""

import subprocess
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated

import typer

from xconnector.entrypoints.cli.running import refuse


def chaos(
    records: Annotated[int, typer.Option(help="Records of the run.", min=10)] = 5000,
    kills: Annotated[int, typer.Option(help="How many workers are killed with -9.", min=0)] = 10,
    seed: Annotated[int, typer.Option(help="The same seed kills after the same pauses.")] = 1,
    into: Annotated[
        Path | None, typer.Option(help="An empty folder for mails, bundles and logs; without it they are removed.")
    ] = None,
) -> None:
    """Kill workers with -9 at random moments of a run; exit code 1 when a promise was broken.

    It needs no project: everything is made in a folder of its own, on a database server of its own.
    """
    from xconnector.postgres.embedded import EmbeddedPostgres

    with ExitStack() as stack:
        if into is None:
            into = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="xconnector-chaos-")))
        elif into.exists() and any(into.iterdir()):
            refuse(f"{into} is not empty; name a folder that is, or does not exist")
        into.mkdir(parents=True, exist_ok=True)
        home = stack.enter_context(tempfile.TemporaryDirectory(prefix="xconnector-postgres-"))
        server = stack.enter_context(EmbeddedPostgres(Path(home)))
        command = [sys.executable, "-m", "xconnector.testing.chaos"]
        command += ["--records", str(records), "--kills", str(kills), "--seed", str(seed)]
        command += ["--folder", str(into), "--database-url", server.ensure_database("chaos")]
        ended = subprocess.run(command, check=False)
    raise typer.Exit(ended.returncode)
