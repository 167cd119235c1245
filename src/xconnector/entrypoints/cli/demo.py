"""`demo`: the main job on one machine, from source event to archived proof."""

import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from xconnector.entrypoints.cli.reconcile import show_account
from xconnector.entrypoints.cli.running import DONE_WITH_FAILURES, refuse
from xconnector.entrypoints.cli.running import run as run_work
from xconnector.entrypoints.cli.showing import console, show_table
from xconnector.entrypoints.demo.composed_by import ComposedBy

if TYPE_CHECKING:
    from xconnector.entrypoints.demo.story import Ending, Places
    from xconnector.store.reconciliations import Account


TELL_EVERY_SECONDS = 10


def demo(
    folder: Annotated[Path | None, typer.Argument(help="An empty folder; a temporary one if left out.")] = None,
    customers: Annotated[int, typer.Option(help="How many customers get a statement.", min=100, max=100_000)] = 2000,
    composer: Annotated[ComposedBy, typer.Option(help="Who composes.")] = ComposedBy.EMBEDDED,
    keep: Annotated[bool, typer.Option("--keep", help="Keep everything up afterwards, until Ctrl-C.")] = False,
) -> None:
    """Show the whole main job: an insurer, 2,000 customers, events, a run, and a few deliberate faults.

    With `--composer exstream` the sandbox's Exstream composes: events on demand, the run as a batch job.
    """
    place = folder or Path(tempfile.mkdtemp(prefix="xconnector-demo-"))
    if place.exists() and any(place.iterdir()):
        refuse(f"{place} is not empty; name another folder")
    began = time.monotonic()
    closes = run_work(_play(place, customers, composer, keep=keep, began=began))
    if not closes:
        raise typer.Exit(DONE_WITH_FAILURES)


async def _play(folder: Path, customers: int, composer: ComposedBy, *, keep: bool, began: float) -> bool:
    from xconnector.entrypoints.demo.story import Demo
    from xconnector.entrypoints.signals import until_signalled

    with console.status("") as live:

        def tell(sentence: str) -> None:
            console.print(f"[dim]{time.monotonic() - began:5.0f} s[/dim]  {sentence}", highlight=False)

        told_at = began

        def watch(what: str, account: "Account") -> None:
            nonlocal told_at
            live.update(_line(what, account))
            # Where nobody sees the live line, silence would look like a hang.
            if not console.is_terminal and time.monotonic() - told_at > TELL_EVERY_SECONDS:
                told_at = time.monotonic()
                tell(_line(what, account))

        story = Demo(folder, customers=customers, tell=tell, watch=watch, composer=composer)
        async with story.play() as ending:
            live.stop()
            _show(ending, story.places, seconds=time.monotonic() - began)
            if keep:
                console.print("\nEverything stays up (Ctrl-C ends it). A customer's documents on the portal:")
                console.print(f"  {ending.portal_link}", highlight=False, soft_wrap=True)
                await until_signalled()
            return ending.of_run.closes and ending.everything.closes


def _line(what: str, account: "Account") -> str:
    parts = [f"{state.value.replace('_', ' ')} {number:,}" for state, number in account.states.items()]
    return f"{what}: {account.reconciliation.came_in:,} in · " + " · ".join(parts)


def _show(ending: "Ending", places: "Places", *, seconds: float) -> None:
    console.print()
    show_account(f"Run {ending.run}", ending.of_run)
    console.print()
    show_account("Everything", ending.everything)
    console.print()
    show_table(
        "Failures that stay, by cause",
        ["number#", "stage", "what to do"],
        [(group.number, group.stage, group.example) for group in ending.groups],
    )
    console.print()
    show_table(
        "Where things lie",
        ["", "folder"],
        [
            ("project", places.project),
            ("archive (packs; `xconnector archive get` takes a letter out)", places.project / "var" / "archive"),
            ("e-mails as they arrived", places.mails),
            ("print bundles as they arrived", places.house / "processed"),
            ("logs", places.logs),
        ],
    )
    if ending.bounced:
        console.print("\nThe whole history of one whose mailbox did not exist, and that went by post instead:")
        console.print(
            f"  xconnector explain {ending.bounced} --project {places.project}", highlight=False, soft_wrap=True
        )
    console.print(f"\nDone in {seconds:.0f} s.")
