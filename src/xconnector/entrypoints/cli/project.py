"""`init`, `check` and `test`: making a project and proving it before anything runs."""

import os
import shlex
from pathlib import Path
from typing import Annotated

import typer

from xconnector.entrypoints.cli.running import DONE_WITH_FAILURES, HERE, AsJson, ProjectFolder, refuse
from xconnector.entrypoints.cli.showing import show_json


def init(
    folder: Annotated[Path, typer.Argument(help="A folder that is empty or does not exist.")],
    example: Annotated[str, typer.Option(help="insurer, bank or utility.")] = "insurer",
) -> None:
    """Make a project from an example."""
    from xconnector.project.create import CreateError, create_project

    try:
        create_project(folder, example)
    except CreateError as error:
        refuse(str(error))
    typer.echo(f"Made {folder}. Next: cd {shlex.quote(str(folder))} && xconnector check && xconnector test")


def check(folder: ProjectFolder = HERE, as_json: AsJson = False) -> None:
    """Find every mistake in the project's files."""
    from xconnector.project.findings import ProjectError
    from xconnector.project.load import load_project

    try:
        project = load_project(folder, os.environ)
    except ProjectError as error:
        if as_json:
            show_json({"findings": error.findings})
            raise typer.Exit(2) from None
        refuse(str(error))
    if as_json:
        show_json({"findings": []})
    else:
        typer.echo(
            f"{project.name}: {len(project.communications)} communications, {len(project.tables)} tables, "
            f"{len(project.connections)} connections; no mistake found"
        )


def test(folder: ProjectFolder = HERE, as_json: AsJson = False) -> None:
    """Run the project's own tests; nothing is sent."""
    from xconnector.project.findings import ProjectError
    from xconnector.project.load import load_project
    from xconnector.project.testing import run_tests

    try:
        results = run_tests(load_project(folder, os.environ))
    except ProjectError as error:
        refuse(str(error))
    failed = [result for result in results if not result.passed]
    if as_json:
        show_json(results)
    else:
        for result in failed:
            typer.echo(f"FAILED {result.file}:{result.line} {result.name}")
            for difference in result.differences:
                typer.echo(f"  {difference}")
        typer.echo(f"{len(results) - len(failed)} passed, {len(failed)} failed")
    if failed:
        raise typer.Exit(DONE_WITH_FAILURES)
