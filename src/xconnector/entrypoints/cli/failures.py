"""`failures`, `reprocess`, `settle`, `dismiss`: what stopped, by cause, and what is done about it."""

import getpass
from typing import TYPE_CHECKING, Annotated

import typer

from xconnector.domain.failure import Settlement
from xconnector.entrypoints.cli.running import DONE_WITH_FAILURES, HERE, AsJson, ProjectFolder, refuse, with_place
from xconnector.entrypoints.cli.showing import show_json, show_table

if TYPE_CHECKING:
    from xconnector.operations.failures import Choice
    from xconnector.pipeline.workplace import Workplace

Run = Annotated[str | None, typer.Option(help="Only those of this run.")]
Group = Annotated[str | None, typer.Option(help="Only this cause, by its fingerprint.")]


def failures(
    run: Run = None,
    group: Group = None,
    limit: Annotated[int, typer.Option(help="At most so many single failures.", min=1, max=10_000)] = 100,
    folder: ProjectFolder = HERE,
    as_json: AsJson = False,
) -> None:
    """List open failures by cause, or one cause failure by failure."""
    from xconnector.operations.failures import Choice, failure_groups, open_failures

    if group is None:
        groups = with_place(folder, lambda place: failure_groups(place.pool, run=run))
        if as_json:
            show_json(groups)
            return
        show_table(
            "Open failures by cause",
            ["cause", "number#", "stage", "kind", "example", "last", "legal day"],
            [(g.fingerprint, g.number, g.stage, g.kind, g.example, g.last_at, g.leave_by) for g in groups],
        )
        return
    choice = Choice(fingerprint=group, run=run)
    found = with_place(folder, lambda place: open_failures(place.pool, choice, limit=limit))
    if not found:
        refuse(f"no open failure has the cause {group!r}; `xconnector failures` lists those there are")
    if as_json:
        show_json(found)
        return
    show_table(
        f"Cause {group}",
        ["communication or record", "source key", "line#", "again#", "reason", "when", "legal day"],
        [
            (
                f.communication_id or (f"feed {f.feed}" if f.feed else f"record {f.record_id}"),
                f.source_key,
                f.position,
                f.came_again or None,
                f.reason,
                f.failed_at,
                f.leave_by,
            )
            for f in found
        ],
    )


def reprocess(
    group: Group = None,
    run: Run = None,
    communication: Annotated[str | None, typer.Option(help="Only this communication.")] = None,
    reason: Annotated[str, typer.Option(help="Why; it stands in the ledger.")] = "",
    everything: Annotated[bool, typer.Option("--all", help="All open failures.")] = False,
    folder: ProjectFolder = HERE,
    as_json: AsJson = False,
) -> None:
    """Start failures again from the stage that failed, with the project as it is now."""
    from xconnector.operations.explaining import explain
    from xconnector.operations.failures import Choice, Reprocessed
    from xconnector.operations.failures import reprocess as operation
    from xconnector.pipeline.workplace import Workplace

    if not (group or run or communication or everything):
        refuse("say which: --group, --run, --communication, or --all")
    if not reason:
        refuse("say why with --reason; it stands in the ledger")

    async def work(place: Workplace) -> Reprocessed:
        key = (await explain(place.pool, communication)).found.communication_id if communication else None
        choice = Choice(fingerprint=group, run=run, communication_id=key)
        return await operation(place.pool, place.jobs, choice, actor=getpass.getuser(), reason=reason)

    done = with_place(folder, work)
    if as_json:
        show_json(done)
    else:
        typer.echo(f"{done.started} started again, {done.left} left (unreadable, refused, or of unknown outcome)")
    if done.left:
        raise typer.Exit(DONE_WITH_FAILURES)


def settle(
    settlement: Annotated[Settlement, typer.Argument(help="What you found out at the channel.")],
    communication: Annotated[list[str] | None, typer.Option(help="Only this communication; may be repeated.")] = None,
    group: Group = None,
    run: Run = None,
    reason: Annotated[str, typer.Option(help="How you know; it stands in the ledger.")] = "",
    folder: ProjectFolder = HERE,
    as_json: AsJson = False,
) -> None:
    """Settle hand-overs of unknown outcome: `arrived` completes them, `not-arrived` hands them over again."""
    from xconnector.operations.settling import settle as operation
    from xconnector.pipeline.workplace import Workplace

    if not (group or run or communication):
        refuse("say which: --communication, --group or --run")
    if not reason:
        refuse("say how you know with --reason; it stands in the ledger")

    async def work(place: Workplace) -> int:
        choices = await _choices(place, communication, group=group, run=run)
        return sum(
            [
                await operation(place.pool, place.jobs, choice, settlement, actor=getpass.getuser(), reason=reason)
                for choice in choices
            ]
        )

    settled = with_place(folder, work)
    if not settled:
        refuse("nothing of unknown outcome fits; `xconnector failures` lists what there is")
    if as_json:
        show_json({"settled": settled})
    else:
        typer.echo(f"{settled} settled as {settlement.value}")


def dismiss(
    communication: Annotated[list[str] | None, typer.Option(help="Only this communication; may be repeated.")] = None,
    group: Group = None,
    run: Run = None,
    reason: Annotated[str, typer.Option(help="Why; it stands in the ledger.")] = "",
    folder: ProjectFolder = HERE,
    as_json: AsJson = False,
) -> None:
    """Take failures out of the queue of which nothing more will come: their communications are cancelled.

    Records that were refused or set aside stay counted as failed. A communication that waits to begin is cancelled too
    where it is named.
    """
    from xconnector.operations.dismissing import dismiss as operation
    from xconnector.pipeline.workplace import Workplace

    if not (group or run or communication):
        refuse("say which: --communication, --group or --run")
    if not reason:
        refuse("say why with --reason; it stands in the ledger")

    async def work(place: Workplace) -> int:
        choices = await _choices(place, communication, group=group, run=run)
        return sum([await operation(place.pool, choice, actor=getpass.getuser(), reason=reason) for choice in choices])

    dismissed = with_place(folder, work)
    if as_json:
        show_json({"dismissed": dismissed})
    else:
        typer.echo(f"{dismissed} dismissed")


async def _choices(
    place: "Workplace", communications: list[str] | None, *, group: str | None, run: str | None
) -> "list[Choice]":
    from xconnector.operations.explaining import explain
    from xconnector.operations.failures import Choice

    if not communications:
        return [Choice(fingerprint=group, run=run)]
    found = [await explain(place.pool, words) for words in communications]
    return [Choice(fingerprint=group, run=run, communication_id=row.found.communication_id) for row in found]
