"""`worker`: run the stages."""

from typing import Annotated

import typer

from xconnector.entrypoints.cli.running import HERE, ProjectFolder
from xconnector.entrypoints.cli.running import run as run_work


def worker(
    folder: ProjectFolder = HERE,
    concurrency: Annotated[int, typer.Option(help="Stages that run at once.", min=1, max=64)] = 6,
    with_parent: Annotated[bool, typer.Option("--with-parent", help="End with the program that started it.")] = False,
) -> None:
    """Run the project's work until SIGTERM or Ctrl-C. Start as many as there are cores, on any number of hosts."""
    from xconnector.entrypoints.worker import work

    def ready(project: str) -> None:
        typer.echo(f"Working for {project}; Ctrl-C ends it in good order.")

    run_work(work(folder, concurrency=concurrency, on_ready=ready, with_parent=with_parent))
