"""`feedback parse`: what we would make of a bounce, or of a webhook's request, without a project or a database."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from xconnector.entrypoints.cli.running import DONE_WITH_FAILURES, AsJson, refuse
from xconnector.entrypoints.cli.showing import console, show_json, show_table

if TYPE_CHECKING:
    from xconnector.domain.feedback.signal import Signal

MOST_READ = 16 * 1024 * 1024
"""Bytes of a file. More than any request may have; of a mail less is looked at."""

app = typer.Typer(help="What comes back from channels: bounces, complaints, webhooks.", no_args_is_help=True)


@app.callback()
def feedback() -> None:
    """Group the verbs of what comes back."""


@app.command()
def parse(
    files: Annotated[list[Path], typer.Argument(metavar="FILE…", help="Mails, or recorded requests as JSON.")],
    format_: Annotated[
        str | None,
        typer.Option("--as", metavar="FORMAT", help="email or a provider such as ses; recognised where left out."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Show what we would make of bounce mails and of recorded webhook requests. Signatures are not checked here."""
    from xconnector.entrypoints.feedback_formats import EMAIL, FORMATS

    if format_ is not None and format_ not in (EMAIL, *FORMATS):
        refuse(f"--as is one of {', '.join((EMAIL, *FORMATS))}")
    failed = 0
    for file in files:
        signals, error = _read(file, format_)
        failed += error is not None
        if as_json:
            show_json({"file": str(file), "events": [_told(one) for one in signals], "error": error})
        else:
            _show(file, signals, error)
    if failed:
        raise typer.Exit(DONE_WITH_FAILURES)


def _read(file: Path, format_: str | None) -> "tuple[Sequence[Signal], str | None]":
    from xconnector.entrypoints.feedback_formats import UnreadableFeedbackError, signals_of_file

    try:
        with file.open("rb") as opened:
            content = opened.read(MOST_READ)
        return signals_of_file(content, format_), None
    except OSError as refusal:
        return (), f"cannot be read: {refusal.strerror}"
    except UnreadableFeedbackError as wrong:
        return (), str(wrong)


def _told(signal: "Signal") -> dict[str, object]:
    return {
        "type": signal.type,
        "class": signal.bounce_class,
        "reason": signal.reason,
        "recipient": signal.recipient,
        "status_code": signal.status_code,
        "final": signal.final,
    }


def _show(file: Path, signals: "Sequence[Signal]", error: str | None) -> None:
    if error is not None:
        console.print(f"{file}: {error}", highlight=False, markup=False)
        return
    rows = [
        (one.type, one.bounce_class, one.reason, one.recipient, one.status_code, "yes" if one.final else "", one.detail)
        for one in signals
    ]
    show_table(str(file), ["type", "class", "reason", "recipient", "status", "final", "in short"], rows)
