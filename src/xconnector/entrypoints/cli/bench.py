"""`bench`: measure speed and memory on this machine."""

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
        typer.Option(
            help="Only this part, such as orchestration, composer, exstream, memory, latency; may be given again."
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Measure speed and memory against the bare tools, as ratios of one run on one machine.

    It needs no project: everything is made in a temporary folder, on a database server of its own.
    """
    from xconnector.postgres.embedded import EmbeddedPostgres

    arguments = ["--records", str(records), "--rounds", str(rounds), *(["--json"] if as_json else [])]
    arguments += [word for name in part or [] for word in ("--part", name)]
    with tempfile.TemporaryDirectory(prefix="xconnector-bench-") as home, EmbeddedPostgres(Path(home)) as server:
        command = [sys.executable, "-m", "xconnector.testing.bench", "--server-url", server.database_url(), *arguments]
        ended = subprocess.run(command, check=False)
    raise typer.Exit(ended.returncode)
