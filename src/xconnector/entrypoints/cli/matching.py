"""`customers match`, `matches`, `accept`, `reject`: who is the same customer, by rules and by the steward's queue."""

import getpass
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from xconnector.domain.counted import counted
from xconnector.entrypoints.cli.consents import By
from xconnector.entrypoints.cli.running import HERE, AsJson, ProjectFolder, refuse, with_place, with_store
from xconnector.entrypoints.cli.showing import console, show_json, show_table

if TYPE_CHECKING:
    from xconnector.operations.matching import Matched
    from xconnector.operations.stewarding import Beside
    from xconnector.pipeline.workplace import Workplace
    from xconnector.store.customer_matches import Match

matches_app = typer.Typer(
    help="The queue of stewards: pairs that may be one customer.", invoke_without_command=True, no_args_is_help=False
)
MatchId = Annotated[int, typer.Argument(metavar="ID", help="Number of the match, as `customers matches` shows it.")]
Why = Annotated[str | None, typer.Option("--reason", help="Why, for whoever asks later.")]


def match(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show what would be linked.")] = False,
    probable: Annotated[
        bool, typer.Option("--probable", help="Link nobody: let stewards decide about who is probably the same.")
    ] = False,
    at_least: Annotated[float, typer.Option(help="With --probable: how probable, from 0 to 1.", min=0.5, max=1)] = 0.9,
    most: Annotated[int, typer.Option(help="With --probable: how many pairs, the most probable first.", min=1)] = 500,
    folder: ProjectFolder = HERE,
    as_json: AsJson = False,
) -> None:
    """Link all members that share a strong key, by the rules of customers/matching.yaml.

    Whoever shares a key and contradicts the other is not linked and waits for a steward: `customers matches`.
    """
    from xconnector.operations.matching import MatchingWork
    from xconnector.operations.matching import match as operation

    if probable:
        _propose_probable(folder, at_least=at_least, most=most)
        return

    async def work(place: "Workplace") -> "Matched":
        project = place.project
        if not project.matching.rules:
            refuse("the project has no customers/matching.yaml: without rules nobody is merged")
        asked = MatchingWork(rules=project.matching, survivorship=project.survivorship, at=place.now(), dry_run=dry_run)
        with _bar(is_quiet=as_json) as progress:
            return await operation(place.pool, asked, progress=progress)

    found = with_place(folder, work)
    if as_json:
        show_json(found)
        return
    _show_matched(found, dry_run=dry_run)


def _propose_probable(folder: Path, *, at_least: float, most: int) -> None:
    from xconnector.operations.probable import ProbableWork, propose_probable

    async def work(place: "Workplace") -> int:
        project = place.project
        asked = ProbableWork(
            survivorship=project.survivorship,
            at=place.now(),
            at_least=at_least,
            most=most,
            ignore=project.matching.ignore,
        )
        return await propose_probable(place.pool, asked)

    new = with_place(folder, work)
    typer.echo(f"{new:,} pairs are new and wait for a steward: customers matches")


@matches_app.callback()
def matches(
    context: typer.Context,
    limit: Annotated[int, typer.Option(help="How many, the oldest first.", min=1, max=1000)] = 50,
    after: Annotated[int, typer.Option(help="Only those behind this number.")] = 0,
    folder: ProjectFolder = HERE,
    as_json: AsJson = False,
) -> None:
    """List the pairs that wait for a steward."""
    from xconnector.operations.stewarding import waiting_matches

    if context.invoked_subcommand is not None:
        return
    found = with_store(folder, lambda pool: waiting_matches(pool, after=after, limit=limit))
    if as_json:
        show_json(found)
        return
    show_table(
        "May be one customer",
        ["id", "first", "second", "found by", "differ in", "probability", "found"],
        [
            (
                *(str(one.match_id), one.first_key, one.second_key, one.basis, ", ".join(one.differ)),
                *(_percent(one), one.found_at),
            )
            for one in found
        ],
    )
    typer.echo("`customers matches show ID` lays both beside each other; then `accept ID` or `reject ID`")


@matches_app.command()
def show(match_id: MatchId, folder: ProjectFolder = HERE, as_json: AsJson = False) -> None:
    """Lay the two customers of a match beside each other, field by field, with the weight of each."""
    from xconnector.operations.stewarding import beside

    async def work(place: "Workplace") -> "Beside":
        return await beside(place.pool, match_id, rules=place.project.survivorship, at=place.now())

    found = with_place(folder, work)
    if as_json:
        show_json(found)
        return
    one = found.match
    show_table(
        f"Match {one.match_id}, found by {one.basis} {_percent(one) or ''}".rstrip(),
        ["field", one.first_key, one.second_key, "agree", "weight"],
        [
            (said.name, said.first, said.second, "yes" if said.agrees else "", _weight(said.weight))
            for said in found.fields
        ],
    )


@matches_app.command()
def accept(match_id: MatchId, by: By = None, reason: Why = None, folder: ProjectFolder = HERE) -> None:
    """Make one customer of the two; `customers unmerge` takes it back."""
    from xconnector.operations.stewarding import Decision
    from xconnector.operations.stewarding import accept as operation

    decision = Decision(match_id=match_id, by=by or getpass.getuser(), reason=reason)
    cluster = with_store(folder, lambda pool: operation(pool, decision))
    typer.echo(f"customer {cluster.customer_key}, with {len(cluster.member_keys)} members")


@matches_app.command()
def reject(match_id: MatchId, by: By = None, reason: Why = None, folder: ProjectFolder = HERE) -> None:
    """Say that they are two customers; no rule links them, and nobody is asked again."""
    from xconnector.operations.stewarding import Decision
    from xconnector.operations.stewarding import reject as operation

    decision = Decision(match_id=match_id, by=by or getpass.getuser(), reason=reason)
    with_store(folder, lambda pool: operation(pool, decision))
    typer.echo("two customers; they are not proposed again")


# ---------------------------------------------------------------------------- showing


@contextmanager
def _bar(*, is_quiet: bool) -> Generator[Callable[[int, int], None]]:
    columns = (TextColumn("matching"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, disable=is_quiet or not console.is_terminal) as bars:
        task = bars.add_task("matching", total=None)

        def show(done: int, total: int) -> None:
            bars.update(task, completed=done, total=total)

        yield show


def _show_matched(found: "Matched", *, dry_run: bool) -> None:
    show_table(
        "What would be linked" if dry_run else "Linked",
        ["rule", "links#", "contradict each other#", "too many in one#", "keys of too many#", "skipped#"],
        [(one.rule, one.links, one.refused, one.too_many, one.crowds, one.skipped) for one in found.rules],
    )
    if dry_run and found.links:
        show_table("The first of them", ["member", "and", "rule"], found.links)
    if found.crowds:
        show_table(
            "Keys that too many members share: nobody is merged by them",
            ["rule", "members#", "the first"],
            [(one.rule, one.members, ", ".join(one.first)) for one in found.crowds],
        )
    typer.echo(
        f"{counted(found.members, 'member')}, {counted(found.linked, 'link')}{' would be made' if dry_run else ' made'}"
    )
    if found.proposed:
        typer.echo(f"{found.proposed:,} pairs contradict each other and wait for a steward: customers matches")


def _percent(one: "Match") -> str | None:
    return None if one.probability is None else f"{one.probability:.1%}"


def _weight(bits: float | None) -> str | None:
    return None if bits is None else f"{bits:+.1f}"
