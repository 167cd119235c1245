"""`contracts`: a first one from records, and what a new version changes."""

import re
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from xconnector.domain.schema_difference import Effect
from xconnector.entrypoints.cli.running import DONE_WITH_FAILURES, HERE, AsJson, ProjectFolder, refuse, with_place
from xconnector.entrypoints.cli.showing import show_json, show_table

if TYPE_CHECKING:
    from xconnector.pipeline.workplace import Workplace

app = typer.Typer(help="Contracts: what sources promise of their records.", no_args_is_help=True)

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,63}")


@app.command()
def infer(
    source: Annotated[str, typer.Argument(help="A file, or a feed of the project, of which the latest records count.")],
    feed: Annotated[
        str | None, typer.Option(help="Read the file as this feed does; otherwise its format is recognised.")
    ] = None,
    to: Annotated[
        str | None, typer.Option("--to", help="Write it as a new contract of the project, of this name.")
    ] = None,
    folder: ProjectFolder = HERE,
) -> None:
    """Write a first schema from records that there are: what all of them have, and of which kinds.

    No value goes into it. Look through it, and add what you know: values, lengths, bounds.
    """
    from xconnector.contract.errors import PermanentError
    from xconnector.operations.contracts import (
        ContractFileError,
        infer_from_feed,
        infer_from_file,
        keep_contract,
        written,
    )
    from xconnector.operations.mapped_files import MappedFilesError

    if to is not None and _NAME.fullmatch(to) is None:
        refuse("name the contract with letters, digits, - and _")
    file = Path(source)
    try:
        if file.is_file() and feed is not None:
            schema = with_place(folder, partial(_as_read, file, feed))
        elif file.is_file():
            schema = infer_from_file(file)
        else:
            schema = with_place(folder, lambda place: infer_from_feed(place.pool, place.project, source))
        if to is None:
            typer.echo(written(schema), nl=False)
            return
        kept = keep_contract(folder, to, schema)
    except (ContractFileError, MappedFilesError, PermanentError) as wrong:
        refuse(str(wrong))
    typer.echo(f"Wrote {kept}. Next: name it as `contract: {to}` of its feed, and xconnector check")


async def _as_read(file: Path, feed: str, place: "Workplace") -> dict[str, Any]:
    from xconnector.operations.contracts import infer_as_read

    chosen = place.project.feeds.get(feed)
    if chosen is None or chosen.connection not in place.connections.run_source_names:
        refuse(f"no feed {feed!r} reads files")
    return infer_as_read(file, await place.connections.run_source(chosen.connection))


@app.command()
def diff(
    old: Annotated[Path, typer.Argument(help="A schema as it was.")],
    new: Annotated[Path, typer.Argument(help="The schema as it shall be.")],
    strict: Annotated[bool, typer.Option("--strict", help="End with 1 also where less is promised.")] = False,
    as_json: AsJson = False,
) -> None:
    """Say what a new version of a contract changes: breaking, weaker (less is promised), or harmless.

    Exit codes: 0 where records that kept the old one keep the new one, 1 where they may not, 2 where the use is wrong.
    """
    from xconnector.operations.contracts import ContractFileError, compare

    try:
        changes = compare(old, new)
    except ContractFileError as wrong:
        refuse(str(wrong))
    if as_json:
        show_json(changes)
    elif changes:
        show_table(None, ["path", "effect", "change"], [(one.path, one.effect.value, one.change) for one in changes])
    else:
        typer.echo("nothing is promised otherwise")
    failing = {Effect.BREAKING, Effect.WEAKER} if strict else {Effect.BREAKING}
    if any(one.effect in failing for one in changes):
        raise typer.Exit(DONE_WITH_FAILURES)
