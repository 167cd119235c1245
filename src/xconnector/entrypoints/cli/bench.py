"""`bench`: measure speed and memory on this machine."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Annotated

import typer

from xconnector.entrypoints.cli.running import AsJson


def bench(
    records: Annotated[int, typer.Option(help="Records of one run; all else is in proportion.", min=1000)] = 20_000,
    rounds: Annotated[int, typer.Option(help="How often product and bare pattern are measured in turn.", min=1)] = 3,
    part: Annotated[
        list[str] | None,
        typer.Option(help="Only this part, such as orchestration, composer, memory, latency; may be given again."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Measure speed and memory against the bare tools, as ratios of one run on one machine.

    It needs no project: everything is made in a temporary folder, on a database server of its own.
    """
    from xconnector.postgres.embedded import EmbeddedPostgres

    # Not below the home: the server of root runs as a user that may not go there.
    with tempfile.TemporaryDirectory(prefix="xconnector-bench-", dir="/var/tmp" if os.geteuid() == 0 else None) as home:
        with EmbeddedPostgres(Path(home) / "postgres") as server:
            command = [sys.executable, "-m", "xconnector.testing.bench", "--server-url", server.database_url()]
            command += ["--records", str(records), "--rounds", str(rounds), *(["--json"] if as_json else [])]
            for name in part or []:
                command += ["--part", name]
            ended = subprocess.run(command, check=False)
    raise typer.Exit(ended.returncode)
