"""`cancel`, `withdraw` and `reprint`: takes back what has not left, or is only shown, and prints once more what has."""

import getpass
from typing import TYPE_CHECKING, Annotated

import typer

from xconnector.entrypoints.cli.running import DONE_WITH_FAILURES, HERE, AsJson, ProjectFolder, refuse, with_place
from xconnector.entrypoints.cli.showing import show_json

if TYPE_CHECKING:
    from xconnector.operations.cancelling import Cancellation
    from xconnector.pipeline.workplace import Workplace

Why = Annotated[str, typer.Option(help="Why; it stands in the ledger.")]


def cancel(
    communication: Annotated[str, typer.Argument(help="Its id, the beginning of it, or its source key.")],
    reason: Why = "",
    folder: ProjectFolder = HERE,
    as_json: AsJson = False,
) -> None:
    """Cancel a communication that has not left. Until the cut-off this is certain, and the ledger proves it."""
    from zoneinfo import ZoneInfo

    from xconnector.domain.cutoff import next_cutoff
    from xconnector.operations.cancelling import cancel as operation
    from xconnector.operations.explaining import UnknownCommunicationError

    if not reason:
        refuse("say why with --reason; it stands in the ledger")

    async def work(place: "Workplace") -> "Cancellation":
        zone = ZoneInfo(place.project.locale.timezone)
        return await operation(
            place.pool,
            communication,
            lambda name, now: next_cutoff(now, times, zone) if (times := place.limits_of(name).cutoffs) else None,
            actor=getpass.getuser(),
            reason=reason,
        )

    try:
        done = with_place(folder, work)
    except UnknownCommunicationError as error:
        refuse(str(error))
    if as_json:
        show_json(done)
    else:
        typer.echo(f"cancelled before {done.because}" if done.cancelled else f"not cancelled: {done.because}")
    if not done.cancelled:
        raise typer.Exit(DONE_WITH_FAILURES)


def reprint(
    piece: Annotated[str, typer.Argument(help="Dispatch key of the letter, or its communication's id or source key.")],
    reason: Why = "",
    folder: ProjectFolder = HERE,
    as_json: AsJson = False,
) -> None:
    """Print one letter once more: the same bytes, under a dispatch key of its own, in the next bundle."""
    from xconnector.operations.explaining import UnknownCommunicationError
    from xconnector.operations.reprinting import NothingToReprintError
    from xconnector.operations.reprinting import reprint as operation

    if not reason:
        refuse("say why with --reason; it stands in the ledger")
    try:
        key = with_place(
            folder,
            lambda place: operation(place.pool, place.jobs, piece, actor=getpass.getuser(), reason=reason),
        )
    except (UnknownCommunicationError, NothingToReprintError) as error:
        refuse(str(error))
    if as_json:
        show_json({"communication_id": key})
    else:
        typer.echo(f"{key} leaves once more with the next bundle")


def withdraw(
    communication: Annotated[str, typer.Argument(help="Its id, the beginning of it, or its source key.")],
    reason: Why = "",
    folder: ProjectFolder = HERE,
    as_json: AsJson = False,
) -> None:
    """Take a document back from the customer's sight on the portal. It stays in the archive, and goes nowhere else."""
    from xconnector.operations.explaining import UnknownCommunicationError
    from xconnector.operations.withdrawing import NothingToWithdrawError
    from xconnector.operations.withdrawing import withdraw as operation

    if not reason:
        refuse("say why with --reason; it stands in the ledger")
    try:
        key = with_place(
            folder,
            lambda place: operation(
                place.pool, place.connections, communication, actor=getpass.getuser(), reason=reason
            ),
        )
    except (UnknownCommunicationError, NothingToWithdrawError) as error:
        refuse(str(error))
    if as_json:
        show_json({"communication_id": key})
    else:
        typer.echo(f"{key} is withdrawn: the customer does not see it any more")
