"""`init`, `check` and `test`: making a project and proving it before anything runs."""

import asyncio
import os
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from xconnector.entrypoints.cli.running import DONE_WITH_FAILURES, HERE, AsJson, ProjectFolder, refuse
from xconnector.entrypoints.cli.showing import show_json

if TYPE_CHECKING:
    from xconnector.project.model import Project


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
            show_json({"findings": error.findings, "notices": []})
            raise typer.Exit(2) from None
        refuse(str(error))
    notices = _differences_from_versions(project) if project.is_governed else []
    if as_json:
        show_json({"findings": [], "notices": notices})
        return
    for notice in notices:
        typer.echo(notice, err=True)
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


def _differences_from_versions(project: "Project") -> list[str]:
    """Return how the versions that decide differ from the files, where the next ones are prepared: no mistakes."""
    from xconnector.entrypoints.bootstrap import open_store
    from xconnector.operations.table_history import differences_from_files
    from xconnector.postgres.connect import DatabaseUnreachableError
    from xconnector.postgres.embedded import EmbeddedPostgresError

    async def compared() -> list[str]:
        async with open_store(project.folder, name="xconnector check") as pool:
            return await differences_from_files(pool, project, os.environ)

    try:
        return asyncio.run(compared())
    except (DatabaseUnreachableError, EmbeddedPostgresError) as error:
        return [f"the files could not be compared with the versions that decide: {error}"]
