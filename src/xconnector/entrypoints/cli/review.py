"""`review`: what waits for a verdict, editing it, and giving the verdict."""

from pathlib import Path
from typing import Annotated

import typer

from xconnector.domain.review import Decision
from xconnector.entrypoints.cli.running import DONE_WITH_FAILURES, HERE, AsJson, ProjectFolder, refuse, with_place
from xconnector.entrypoints.cli.showing import show_json, show_table

app = typer.Typer(help="What waits for a verdict, and giving it.", no_args_is_help=True)

Communication = Annotated[str, typer.Argument(help="Id of the communication, or the beginning of it.")]
Digest = Annotated[str, typer.Argument(help="SHA-256 of the document you looked at, or its first 8 digits.")]
Who = Annotated[str, typer.Option("--as", help="Who you are, as named under `people`.")]
Reason = Annotated[str, typer.Option(help="Why; it stands in the ledger.")]


@app.command("list")
def list_reviews(
    role: Annotated[str | None, typer.Option(help="Only what waits for this role.")] = None,
    folder: ProjectFolder = HERE,
    as_json: AsJson = False,
) -> None:
    """List what waits, oldest first."""
    from xconnector.operations.reviews import waiting_reviews

    found = with_place(folder, lambda place: waiting_reviews(place.pool, role=role, limit=1000))
    if as_json:
        show_json(found)
        return
    show_table(
        "Waiting for a verdict",
        ["communication", "name", "role", "document", "since", "edited by"],
        [(r.communication_id, r.name, r.role, r.document_sha256[:12], r.requested_at, r.edited_by) for r in found],
    )


@app.command()
def show(
    communication: Communication,
    to: Annotated[Path, typer.Option(help="Folder to write its documents into.")] = Path(),
    folder: ProjectFolder = HERE,
) -> None:
    """Write the documents of a communication into a folder, to be looked at."""
    from xconnector.operations.documents import write_documents

    written = with_place(folder, lambda place: write_documents(place.pool, place.content, communication, to))
    for path in written:
        typer.echo(str(path))


@app.command()
def approve(
    communication: Communication, document: Digest, who: Who, reason: Reason = "", folder: ProjectFolder = HERE
) -> None:
    """Approve exactly this document; it is archived and leaves."""
    _decide(communication, document, Decision.APPROVED, who, reason, folder)


@app.command()
def reject(
    communication: Communication, document: Digest, who: Who, reason: Reason = "", folder: ProjectFolder = HERE
) -> None:
    """Reject this document; its communication is cancelled."""
    if not reason.strip():
        refuse("say why with --reason; it stands in the ledger, and whoever wrote the letter reads it")
    _decide(communication, document, Decision.REJECTED, who, reason, folder)


@app.command()
def edit(communication: Communication, who: Who, folder: ProjectFolder = HERE, as_json: AsJson = False) -> None:
    """Open a draft of the document and print where it is edited; no verdict is taken until it is back."""
    from xconnector.pipeline.drafting import edit as open_draft

    draft = with_place(folder, lambda place: open_draft(place, communication, person=who))
    if as_json:
        show_json(draft)
        return
    # The link alone on standard output, so that it can be opened from a script.
    typer.echo(f"{draft.communication_id} is being edited by {draft.opened_by}; bring it back with:", err=True)
    typer.echo(f"  xconnector review return {draft.communication_id} --as {who}", err=True)
    typer.echo(draft.link)


@app.command(name="return")
def take_back(
    communication: Communication,
    who: Who,
    discard: Annotated[bool, typer.Option(help="Discard what was edited; the document stays as it was.")] = False,
    folder: ProjectFolder = HERE,
    as_json: AsJson = False,
) -> None:
    """Bring the edited document into the review; the verdict must name its new SHA-256."""
    from xconnector.pipeline.drafting import give_up
    from xconnector.pipeline.drafting import take_back as bring_back

    if discard:
        ended = with_place(folder, lambda place: give_up(place, communication, person=who))
        if as_json:
            show_json(ended)
        else:
            typer.echo(f"{ended.communication_id} is as it was before it was edited")
        _tell_of_draft(ended.left_behind)
        return
    returned = with_place(folder, lambda place: bring_back(place, communication, person=who))
    if as_json:
        show_json(returned)
    else:
        typer.echo(f"{returned.communication_id} waits for a verdict as {returned.document_sha256}")
    _tell_of_draft(returned.left_behind)


def _tell_of_draft(left_behind: str | None) -> None:
    if left_behind is not None:
        typer.echo(f"Its draft is still there: {left_behind}", err=True)
        raise typer.Exit(DONE_WITH_FAILURES)


def _decide(communication: str, document: str, decision: Decision, who: str, reason: str, folder: Path) -> None:
    from xconnector.operations.reviews import decide

    key = with_place(
        folder,
        lambda place: decide(
            place.pool,
            place.jobs,
            place.project.people,
            communication=communication,
            document_sha256=document,
            decision=decision,
            person=who,
            reason=reason,
        ),
    )
    typer.echo(f"{key} is {decision.value}")
