"""`tables propose` and on: versions of decision tables, who said what of them, and which one is in force."""

import os
from collections.abc import Awaitable, Callable
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from xconnector.entrypoints.cli.named_tables import kept_version
from xconnector.entrypoints.cli.running import (
    DONE_WITH_FAILURES,
    HERE,
    AsJson,
    ProjectFolder,
    refuse,
    run,
    with_store,
)
from xconnector.entrypoints.cli.showing import show_json, show_table, when

if TYPE_CHECKING:
    from xconnector.domain.decision.versions import TableEvent
    from xconnector.operations.table_history import ToldVersion
    from xconnector.operations.tables import Said, Speech
    from xconnector.postgres.connect import Pool
    from xconnector.project.model import Project

Name = Annotated[str, typer.Argument(help="Name of the table.")]
Sha = Annotated[str, typer.Option(help="SHA-256 of the version you looked at, or its first 8 digits.")]
By = Annotated[str, typer.Option("--by", help="Who you are, as named under `people`.")]
Why = Annotated[str, typer.Option("--why", help="Why; it stands in the ledger of tables.")]

Word = Callable[["Pool", "Project", "Speech"], Awaitable["Said"]]


def propose(
    file: Annotated[Path, typer.Argument(help="The table: .md, .json or .xlsx.")],
    by: By,
    why: Why,
    folder: ProjectFolder = HERE,
    as_json: AsJson = False,
) -> None:
    """Propose a table as a version, for a second person to approve."""
    from xconnector.operations.tables import propose as propose_table
    from xconnector.project.tables.files import read_table_file

    text, wrong = read_table_file(file)
    if text is None:
        refuse("\n".join(str(finding) for finding in wrong))
    project = _project(folder)
    _tell(
        with_store(folder, lambda pool: propose_table(pool, project, os.environ, text, person=by, reason=why)), as_json
    )


def approve(
    name: Name,
    sha: Sha,
    by: By,
    begin: Annotated[str, typer.Option("--from", help="First day on which it decides, such as 2026-12-31.")],
    why: Why,
    folder: ProjectFolder = HERE,
    as_json: AsJson = False,
) -> None:
    """Approve exactly this version: it decides from a day on that has not passed."""
    from xconnector.operations.tables import approve as approve_table

    day = _day(begin)
    project = _project(folder)
    speech = _speech(name, sha, by, why)
    _tell(
        with_store(folder, lambda pool: approve_table(pool, project, os.environ, speech, effective_from=day)), as_json
    )


def reject(name: Name, sha: Sha, by: By, why: Why, folder: ProjectFolder = HERE, as_json: AsJson = False) -> None:
    """Reject a version that waits."""
    from xconnector.operations.tables import reject as word

    _speak(word, name, sha, by, why, folder, as_json)


def withdraw(name: Name, sha: Sha, by: By, why: Why, folder: ProjectFolder = HERE, as_json: AsJson = False) -> None:
    """Take back a version that you proposed."""
    from xconnector.operations.tables import withdraw as word

    _speak(word, name, sha, by, why, folder, as_json)


def revoke(name: Name, sha: Sha, by: By, why: Why, folder: ProjectFolder = HERE, as_json: AsJson = False) -> None:
    """Let an approved version decide nothing from now on; the one before it decides again."""
    from xconnector.operations.tables import revoke as word

    _speak(word, name, sha, by, why, folder, as_json)


def shadow(
    name: Name,
    sha: Sha,
    by: By,
    why: Why,
    end: Annotated[bool, typer.Option("--end", help="End it.")] = False,
    folder: ProjectFolder = HERE,
    as_json: AsJson = False,
) -> None:
    """Let a version decide beside the one in force; what it says is only recorded."""
    from xconnector.operations.tables import shadow as begin
    from xconnector.operations.tables import unshadow

    _speak(unshadow if end else begin, name, sha, by, why, folder, as_json)


def versions(
    name: Annotated[str | None, typer.Argument(help="Name of the table; left out, of all.")] = None,
    folder: ProjectFolder = HERE,
    as_json: AsJson = False,
) -> None:
    """Show every version: where it stands, when it decides, and who said what of it, when and why."""
    from xconnector.operations.table_history import history

    project = _project(folder)
    found = with_store(folder, lambda pool: history(pool, project, name))
    if as_json:
        show_json(found)
        return
    show_table(
        "Versions of decision tables",
        ["version", "stands", "in force from", "to", "who said what of it"],
        [
            (
                _named(one),
                _standing(one),
                one.in_force_from,
                one.in_force_to,
                "\n".join(_said(word) for word in one.said),
            )
            for one in found
        ],
    )


def show(
    version: Annotated[str, typer.Argument(help="name@sha256 (8 digits are enough), or a name for what is in force.")],
    on: Annotated[str, typer.Option(help="The day on which it was, or will be, in force; else today.")] = "",
    folder: ProjectFolder = HERE,
) -> None:
    """Print a kept version in Markdown, also one that nobody has a file of any more."""
    from xconnector.project.tables.files import table_bytes

    said = version if "@" in version else _in_force(version, on, folder)
    typer.echo(table_bytes(kept_version(said, folder), form=".md").decode(), nl=False)


def verify(folder: ProjectFolder = HERE, as_json: AsJson = False) -> None:
    """Prove that what was said of tables, and every table and policy that is kept, is as it was written."""
    from xconnector.operations.kept_tables import prove_kept
    from xconnector.operations.table_history import chain

    found = with_store(folder, chain)
    kept = with_store(folder, prove_kept)
    if as_json:
        show_json({"events": found.events, "head": found.head, "broken": found.broken, "kept": kept})
    else:
        if found.broken is None:
            typer.echo(f"{found.events} events, as they were written; the last one is {found.head or 'none'}")
        else:
            typer.echo(f"The ledger of tables is not as it was written: {found.broken}", err=True)
        if not kept.spoiled:
            typer.echo(f"{kept.tables} tables and {kept.policies} policies, as they were kept")
        for said in kept.spoiled:
            typer.echo(said, err=True)
    if found.broken is not None or kept.spoiled:
        raise typer.Exit(DONE_WITH_FAILURES)


def add_to(app: typer.Typer) -> None:
    """Add these verbs to `tables`."""
    for verb in (propose, approve, reject, withdraw, revoke, shadow, versions, show, verify):
        app.command()(verb)


def _speak(word: Word, name: str, sha: str, by: str, why: str, folder: Path, as_json: bool) -> None:
    project = _project(folder)
    speech = _speech(name, sha, by, why)
    _tell(with_store(folder, lambda pool: word(pool, project, speech)), as_json)


def _speech(name: str, sha: str, by: str, why: str) -> "Speech":
    from xconnector.operations.tables import Speech

    return Speech(table=name, sha256=sha, person=by, reason=why)


def _in_force(name: str, on: str, folder: Path) -> str:
    """Return the version of a table that is in force on a day, as name@sha256."""
    from xconnector.operations.table_history import in_force_on, today_of

    day = _day(on) if on else today_of(_project(folder))
    found = with_store(folder, lambda pool: in_force_on(pool, name, day))
    if found is None:
        refuse(f"no version of table {name!r} is in force on {day}; `xconnector tables versions` shows all")
    return f"{name}@{found.sha256}"


def _project(folder: Path) -> "Project":
    from xconnector.project.load import load_project

    async def load() -> "Project":
        return load_project(folder, os.environ)

    return run(load())


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        refuse(f"{text!r} is no day: write it as 2026-12-31")


def _tell(said: "Said", as_json: bool) -> None:
    version = said.version
    if as_json:
        show_json(
            {
                "version": version,
                "state": version.state,
                "is_new": said.is_new,
                "is_in_force": said.is_in_force,
                "beside": said.beside,
            }
        )
        return
    why = "it decides already" if said.is_in_force else "it was said before"
    again = "" if said.is_new else f" ({why}; nothing was added)"
    begin = f", in force from {version.effective_from}" if version.state == "approved" else ""
    typer.echo(f"{version.table}@{version.sha256} is {version.state}{begin}{again}")
    if said.beside:
        typer.echo(
            "It differs from what is kept only in what is no part of what is approved (notes, owners, tests, prose):"
        )
        for difference in said.beside:
            typer.echo(f"  {difference}")


def _named(one: "ToldVersion") -> str:
    return f"{one.table}@{one.sha256[:12]}"


def _standing(one: "ToldVersion") -> str:
    return f"{one.standing}, in the shadow" if one.is_shadowed else one.standing


def _said(event: "TableEvent") -> str:
    begin = f" from {event.effective_from}" if event.effective_from is not None else ""
    return f"{event.act}{begin} by {event.person}, {when(event.at)}: {event.reason}"
