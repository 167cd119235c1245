"""`tables`: decision tables by themselves: proving, asking, comparing and converting them."""

import os
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from xconnector.entrypoints.cli.named_tables import is_version, kept_version
from xconnector.entrypoints.cli.running import HERE, WRONG_USE, AsJson, ProjectFolder, refuse
from xconnector.entrypoints.cli.showing import show_json

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date

    from xconnector.domain.decision.explaining import RowAccount
    from xconnector.project.tables.text import TableText

app = typer.Typer(
    no_args_is_help=True, help="Check, ask, compare and convert decision tables (.md, .json, .xlsx, .dmn, .jdm.json)."
)

TableFile = Annotated[Path, typer.Argument(help="A table: .md, .json, .xlsx, .dmn or .jdm.json.")]


@app.command()
def check(
    files: Annotated[list[Path], typer.Argument(help="Tables: .md, .json, .xlsx, .dmn or .jdm.json.")],
    as_json: AsJson = False,
) -> None:
    """Find every mistake: wrong cells, rows that never answer, overlaps, gaps with an example, tests that fail."""
    from xconnector.project.table_check import check_table

    checks = [check_table(file, os.environ) for file in files]
    findings = [finding for one in checks for finding in one.findings]
    if as_json:
        tables = [{"file": one.file, "project": one.project, "alone": one.alone} for one in checks]
        show_json({"tables": tables, "findings": findings})
    else:
        for one in checks:
            typer.echo(str(one))
        for finding in findings:
            typer.echo(str(finding), err=True)
    if findings:
        raise typer.Exit(WRONG_USE)
    if not as_json:
        typer.echo("no mistake found")


@app.command()
def decide(
    file: TableFile,
    inputs: Annotated[str, typer.Option(help="The inputs as a JSON object; - reads them from standard input.")] = "-",
    on: Annotated[str, typer.Option(help="The day as of which rows count, such as 2026-12-31; else today.")] = "",
    explain: Annotated[bool, typer.Option("--explain", help="Tell why each other row does not answer.")] = False,
    as_json: AsJson = False,
) -> None:
    """Ask a table."""
    from xconnector.domain.decision.deciding import DecisionError, decide_all
    from xconnector.domain.decision.explaining import Standing, nearest_misses, record_of
    from xconnector.domain.decision.explaining import explain as accounts_of
    from xconnector.domain.strict_json import StrictJsonError, read_json

    table = _table(file).table
    day = _day(on)
    try:
        given = read_json(sys.stdin.buffer.read() if inputs == "-" else inputs.encode())
    except StrictJsonError as wrong:
        refuse(f"the inputs are no JSON: {wrong}")
    if not isinstance(given, dict):
        refuse('the inputs are one JSON object, such as {"customer.preference": "email"}')
    for name in given:
        if name not in table.input_names:
            refuse(f"the table has no input {name!r}; its inputs are {', '.join(table.input_names)}")
    accounts = accounts_of(table, given, on=day) if explain else ()
    try:
        matches = decide_all(table, given, on=day)
    except DecisionError as refused:
        if as_json:
            show_json({"answers": [], "refused": str(refused), "record": None, "rows": accounts})
            raise typer.Exit(WRONG_USE) from None
        _show_accounts([*(one for one in accounts if one.standing is Standing.FITS), *nearest_misses(accounts)])
        refuse(str(refused))
    if as_json:
        answers = [{"row": match.row.id, "cite": match.row.cite, "outputs": match.outputs} for match in matches]
        record = record_of(table, given, matches, on=day)
        show_json({"answers": answers, "refused": None, "record": record, "rows": accounts})
        return
    for match in matches:
        said = ", ".join(f"{name}: {match.row.said(name, '')}" for name in table.output_names)
        typer.echo(f"row {match.row.id}: {said}" + (f" ({match.row.cite})" if match.row.cite else ""))
    if not matches:
        typer.echo("no row fits")
    _show_accounts([account for account in accounts if not account.answers])


@app.command()
def diff(
    old: Annotated[str, typer.Argument(help="The table as it was: a file, or a version as name@sha256.")],
    new: Annotated[str, typer.Argument(help="The table as it shall be: a file, or a version as name@sha256.")],
    folder: ProjectFolder = HERE,
    as_json: AsJson = False,
) -> None:
    """Tell what changed between two versions, by row and column."""
    from xconnector.domain.decision.difference import differences

    before, after = (kept_version(one, folder) if is_version(one) else _table(Path(one)).table for one in (old, new))
    changes = [*differences(before, after)]
    same = not any(change.decides for change in changes)
    if as_json:
        show_json({"decides_the_same": same, "differences": changes})
        return
    for change in changes:
        typer.echo(str(change))
    if not changes:
        typer.echo("no difference")
    elif same:
        typer.echo("both decide the same")


@app.command()
def convert(
    file: TableFile,
    to: Annotated[Path, typer.Argument(help="The file to write; its ending says how.")],
    table: Annotated[str, typer.Option(help="Which table, where a DMN or JDM file has several.")] = "",
    name: Annotated[str, typer.Option(help="What the new table shall be called; else as the old one.")] = "",
) -> None:
    """Write a table in another form; nothing is lost, and what the other form cannot say is refused."""
    from dataclasses import replace

    from xconnector.project.tables.files import FOREIGN_FORMS, converted, form_of

    made = _table(file, name=table).table
    if form_of(file) in FOREIGN_FORMS:
        # How others call it need be no name of ours.
        made = replace(made, name=to.name.removesuffix(form_of(to) or ""))
    if name:
        made = replace(made, name=name)
    content, wrong = converted(made, to)
    if content is None:
        refuse("\n".join(str(finding) for finding in wrong))
    try:
        with to.open("xb") as written:
            written.write(content)
    except FileExistsError:
        refuse(f"{to} is there already: remove it, or name another file")
    except OSError as failed:
        refuse(f"{to} cannot be written: {failed.strerror}")
    typer.echo(f"Wrote {to}")


def _table(file: Path, *, name: str = "") -> "TableText":
    from xconnector.project.tables.files import read_table_file

    text, wrong = read_table_file(file, name=name)
    if text is None:
        refuse("\n".join(str(finding) for finding in wrong))
    return text


def _day(on: str) -> "date":
    from datetime import date

    try:
        return date.fromisoformat(on) if on else datetime.now(UTC).astimezone().date()
    except ValueError:
        refuse(f"{on!r} is no day: write it as 2026-12-31")


def _show_accounts(accounts: "Iterable[RowAccount]") -> None:
    for account in accounts:
        typer.echo(f"  {account}")
