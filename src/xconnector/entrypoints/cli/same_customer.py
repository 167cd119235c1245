"""`customers merge`, `unmerge`: who is the same customer, on the word of a steward."""

import getpass
from typing import TYPE_CHECKING, Annotated

import typer

from xconnector.entrypoints.cli.consents import By
from xconnector.entrypoints.cli.running import HERE, AsJson, ProjectFolder, with_store
from xconnector.entrypoints.cli.showing import show_json

if TYPE_CHECKING:
    from collections.abc import Sequence

    from xconnector.domain.matching.links import Cluster

Reason = Annotated[str, typer.Option(help="Why, for whoever asks later.")]
Member = Annotated[str, typer.Argument(metavar="MEMBER", help="The key under which a source speaks of the customer.")]


def merge(
    one: Annotated[str, typer.Argument(metavar="ONE", help="Key of a customer, or of one of its members.")],
    other: Annotated[str, typer.Argument(metavar="OTHER", help="Key of the other one.")],
    reason: Reason,
    overrule: Annotated[
        bool, typer.Option("--overrule", help="Take back that members of the two were said to be two customers.")
    ] = False,
    by: By = None,
    folder: ProjectFolder = HERE,
    as_json: AsJson = False,
) -> None:
    """Make one customer of two. What each source said stays with its member, and `unmerge` gives it back."""
    from xconnector.operations.same_customer import Word
    from xconnector.operations.same_customer import merge as operation

    word = Word(one=one, other=other, by=by or getpass.getuser(), reason=reason, overrules=overrule)
    _show([with_store(folder, lambda pool: operation(pool, word))], as_json=as_json)


def unmerge(
    member: Member,
    reason: Reason,
    apart_from: Annotated[
        str | None,
        typer.Option("--from", help="Undo only what made one of these two: each goes with those who came with it."),
    ] = None,
    by: By = None,
    folder: ProjectFolder = HERE,
    as_json: AsJson = False,
) -> None:
    """Make a member its own customer again. No rule ever links it with the others again; a steward may."""
    from xconnector.operations.same_customer import Word, part
    from xconnector.operations.same_customer import unmerge as operation

    actor = by or getpass.getuser()
    if apart_from is None:
        parts = with_store(folder, lambda pool: operation(pool, member, by=actor, reason=reason))
    else:
        word = Word(one=member, other=apart_from, by=actor, reason=reason)
        parts = with_store(folder, lambda pool: part(pool, word))
    _show(parts, as_json=as_json)


def _show(clusters: "Sequence[Cluster]", *, as_json: bool) -> None:
    if as_json:
        show_json(clusters)
        return
    for one in clusters:
        members = "; ".join(key for key in one.member_keys if key != one.customer_key)
        typer.echo(f"customer {one.customer_key}" + (f", with {members}" if members else ""))
