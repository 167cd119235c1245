"""`map`: what a mapping makes of real files, one line for each record."""

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from xconnector.entrypoints.cli.running import DONE_WITH_FAILURES, HERE, AsJson, ProjectFolder, refuse
from xconnector.entrypoints.cli.showing import show_json

if TYPE_CHECKING:
    from xconnector.operations.mapped_files import MappedRecord, MappingChoice

_LINES_AT_ONCE = 200
_BACK = "(taken back)"


def map_files(
    files: Annotated[list[Path] | None, typer.Argument(help="Files; their formats are recognised.")] = None,
    name: Annotated[
        str | None, typer.Option("--with", help="A mapping of the project, or a shipped one; otherwise it is chosen.")
    ] = None,
    listed: Annotated[bool, typer.Option("--list", help="List the shipped mappings and the formats.")] = False,
    recorded: Annotated[
        str | None,
        typer.Option(
            "--recorded", metavar="FEED", help="A dry run over the records of a feed that came, --with a mapping."
        ),
    ] = None,
    since: Annotated[str | None, typer.Option(help="Of recorded ones: the first day or time; yesterday.")] = None,
    until: Annotated[str | None, typer.Option(help="Of recorded ones: up to this day or time; now.")] = None,
    folder: ProjectFolder = HERE,
    as_json: AsJson = False,
) -> None:
    """Show what a shipped mapping, or one of the project, makes of the records in files; nothing is sent or kept.

    Exit codes: 0 where all records were mapped, 1 where some were rejected, 2 where the use is wrong.
    """
    if listed:
        _list(as_json)
        return
    if recorded is not None:
        _try_on_recorded(folder, recorded, name, since, until, as_json=as_json)
        return
    if since is not None or until is not None:
        refuse("--since and --until go with --recorded FEED")
    if not files:
        refuse("name at least one file, or --list")
    if missing := [str(file) for file in files if not file.is_file()]:
        refuse(f"there is no file {', '.join(missing)}")
    choice = _choice(name, folder) if name is not None else None
    if _show(files, choice, as_json=as_json):
        raise typer.Exit(DONE_WITH_FAILURES)


def _try_on_recorded(
    folder: Path, feed: str, name: str | None, since: str | None, until: str | None, *, as_json: bool
) -> None:
    from xconnector.entrypoints.cli.mapping_trial import try_on_recorded

    if name is None:
        refuse("name the mapping that is to be tried, --with NAME, such as policy@2026-12-01")
    try_on_recorded(folder, feed, name, since, until, as_json=as_json)


def _choice(name: str, folder: Path) -> "MappingChoice":
    from xconnector.operations.mapped_files import MappedFilesError, choose_mapping
    from xconnector.project.findings import ProjectError

    try:
        return choose_mapping(name, folder, os.environ)
    except (MappedFilesError, ProjectError) as wrong:
        refuse(str(wrong))


def _show(files: Sequence[Path], choice: "MappingChoice | None", *, as_json: bool) -> int:
    """Print a line for each record as it comes, and return how many were rejected."""
    import msgspec

    from xconnector.operations.mapped_files import map_files as mapped

    encode = msgspec.json.Encoder().encode
    waiting: list[bytes] = []
    taken = rejected = 0
    for record in mapped(files, choice):
        taken += 1
        rejected += record.error is not None
        waiting.append(encode(record) if as_json else _told(record).encode(errors="replace"))
        if len(waiting) >= _LINES_AT_ONCE:
            _print(waiting)
    _print(waiting)
    if not as_json:
        typer.echo(f"{taken - rejected} records mapped, {rejected} rejected", err=True)
    return rejected


def _print(lines: list[bytes]) -> None:
    if lines:
        sys.stdout.flush()
        sys.stdout.buffer.write(b"\n".join(lines) + b"\n")
        sys.stdout.buffer.flush()
        lines.clear()


def _told(record: "MappedRecord") -> str:
    """Return a record for people: where it stands, and its values with the paths that gave them."""
    place = f"{record.file}:{record.position or 0} {record.format or 'unknown'} {record.mapping or 'no mapping'}"
    if record.error is not None:
        return f"{place}\n  REJECTED {record.error}"
    said = {f"customer.{name}": _BACK if value is None else value for name, value in record.customer_fields.items()}
    values = {**record.fields, **said, **{f"customer.verified.{name}": True for name in record.verified}}
    if record.deleted:
        values["customer.deleted"] = True
    lines = [f"{place}", f"  key: {record.key}", f"  customer: {record.customer}"]
    for name, value in values.items():
        paths = record.lineage.get(name, "")
        lines.append(f"  {name}: {value}  <- {paths if isinstance(paths, str) else ', '.join(paths)}")
    return "\n".join(lines)


def _list(as_json: bool) -> None:
    from xconnector.operations.mapped_files import known_formats
    from xconnector.project.shipped_mappings import shipped_mappings

    mappings, formats = shipped_mappings(), known_formats()
    if as_json:
        show_json({"mappings": mappings, "formats": formats})
        return
    typer.echo("Shipped mappings")
    for mapping in mappings:
        typer.echo(f"  {mapping.name} ({mapping.format}): {mapping.about}")
    typer.echo("Formats that are recognised")
    for form in formats:
        typer.echo(f"  {form.name}: {form.about}")
