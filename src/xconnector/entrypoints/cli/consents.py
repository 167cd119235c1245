"""`customers consent`, `suppress`, `allow`: what customers said yes and no to, and what is not to be used."""

import getpass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from zoneinfo import ZoneInfo

import typer

from xconnector.domain.consent import ALL, ConsentAction, ConsentBasis, ConsentEvent, ConsentMethod
from xconnector.domain.routing.plan import Medium
from xconnector.domain.suppression import SuppressionReason
from xconnector.entrypoints.cli.running import DONE_WITH_FAILURES, HERE, AsJson, ProjectFolder, refuse, with_place
from xconnector.entrypoints.cli.showing import show_json

if TYPE_CHECKING:
    from xconnector.operations.consent_files import Imported
    from xconnector.pipeline.workplace import Workplace

MOST_SHOWN = 20
"""Bad lines of a file on the screen; all of them with `--json`."""

CustomerKey = Annotated[str, typer.Argument(metavar="CUSTOMER", help="The customer's key, as the sources spell it.")]
OnMedium = Annotated[Medium, typer.Option("--medium", help="By which way.")]
By = Annotated[str | None, typer.Option("--by", help="Who says so; you, where nobody is named.")]
Note = Annotated[str | None, typer.Option("--note", help="Why, or where the proof lies.")]


def consent(  # noqa: PLR0913 - each is an option that a person may type
    customer: CustomerKey,
    action: Annotated[ConsentAction, typer.Argument(help="What the customer did; `expire` is an end without a word.")],
    medium: OnMedium,
    scope: Annotated[
        str | None,
        typer.Option(help="A category, `promotional`, or `all`. A grant must say it; else it is `all`."),
    ] = None,
    by: By = None,
    method: Annotated[ConsentMethod | None, typer.Option(help="How the customer's word came.")] = None,
    evidence: Annotated[str | None, typer.Option(help="Where the proof lies.")] = None,
    wording: Annotated[str | None, typer.Option(help="Version of the words agreed to.")] = None,
    language: Annotated[str | None, typer.Option(help="Of those words, such as en.")] = None,
    basis: Annotated[
        ConsentBasis | None, typer.Option(help="On what a grant stands; `express` where nothing is said.")
    ] = None,
    shown: Annotated[
        bool, typer.Option("--shown", help="The customer showed that they can open what comes this way.")
    ] = False,
    at: Annotated[str | None, typer.Option(help="When it was said, such as 2026-11-23T08:00; now by default.")] = None,
    expires: Annotated[str | None, typer.Option(help="From this day on a grant no longer counts.")] = None,
    folder: ProjectFolder = HERE,
) -> None:
    """Record what a customer said yes or no to. What was said before stays; the most restrictive reading counts."""
    from xconnector.operations.consents import BY_HAND, record_consent

    is_grant = action is ConsentAction.GRANT
    if is_grant and scope is None:
        refuse("say what was granted with --scope: a category, promotional, or all")

    async def work(place: "Workplace") -> bool:
        now = datetime.now(UTC)
        event = ConsentEvent(
            customer_key=customer,
            medium=medium,
            scope=scope or ALL,
            action=action,
            occurred_at=min(_moment(at, place.project.locale.timezone), now) if at else now,
            recorded_at=now,
            source=BY_HAND,
            actor=by or getpass.getuser(),
            basis=basis or (ConsentBasis.EXPRESS if is_grant else None),
            wording=wording,
            language=language,
            method=method,
            shown=shown,
            evidence=evidence,
            expires_on=_day(expires) if expires else None,
        )
        categories = {kind.category for kind in place.project.communications.values()}
        return await record_consent(place.pool, event, categories=categories)

    is_new = with_place(folder, work)
    typer.echo("recorded" if is_new else "known already, word for word")


def suppress(
    customer: CustomerKey,
    medium: OnMedium,
    reason: Annotated[SuppressionReason, typer.Option(help="Why; `address` and `returned_mail` mean the present one.")],
    by: By = None,
    note: Note = None,
    folder: ProjectFolder = HERE,
) -> None:
    """Let a customer's medium not be used from now on."""
    from xconnector.operations.consents import suppress as operation

    actor = by or getpass.getuser()

    async def work(place: "Workplace") -> None:
        rules = place.project.survivorship
        await operation(place.pool, customer, medium, reason, rules=rules, actor=actor, note=note)

    with_place(folder, work)
    typer.echo(f"suppressed; `xconnector customers allow {customer} --medium {medium}` lifts it")


def allow(
    customer: CustomerKey,
    medium: OnMedium,
    reason: Annotated[SuppressionReason | None, typer.Option(help="Only what was suppressed for this reason.")] = None,
    by: By = None,
    note: Note = None,
    folder: ProjectFolder = HERE,
) -> None:
    """Lift what suppresses a customer's medium. What the customer withdrew stays withdrawn."""
    from xconnector.operations.consents import allow as operation

    actor = by or getpass.getuser()
    with_place(folder, lambda place: operation(place.pool, customer, medium, reason, actor=actor, note=note))
    typer.echo("lifted")


def import_consents(
    file: Annotated[Path, typer.Argument(help="JSON Lines, a customer's word each.", exists=True, dir_okay=False)],
    source: Annotated[str, typer.Option(help="The system they come from.")],
    own_keys: Annotated[
        bool,
        typer.Option("--own-keys", help="The source numbers customers by itself: its name is put before each number."),
    ] = False,
    set_aside: Annotated[Path | None, typer.Option(help="New file for the lines that do not fit.")] = None,
    folder: ProjectFolder = HERE,
    as_json: AsJson = False,
) -> None:
    """Import consents of another system; lines that do not fit are named, and all others are kept."""
    from xconnector.operations.consent_files import import_consents as operation

    async def work(place: "Workplace") -> "Imported":
        categories = {kind.category for kind in place.project.communications.values()}
        return await operation(
            place.pool, file, source=source, own_keys=own_keys, categories=categories, set_aside=set_aside
        )

    try:
        done = with_place(folder, work)
    except FileExistsError:
        refuse(f"{set_aside} is there already; name a new file")
    if as_json:
        show_json(done)
    else:
        typer.echo(f"{done.new:,} recorded, {done.known:,} known already, {done.bad:,} set aside")
        for line in done.bad_lines[:MOST_SHOWN]:
            typer.echo(f"{file.name}:{line.number}: {line.reason}", err=True)
        if done.bad > MOST_SHOWN:
            typer.echo(f"and {done.bad - MOST_SHOWN:,} more; `--json` names them", err=True)
    if done.bad:
        raise typer.Exit(DONE_WITH_FAILURES)


def _moment(text: str, timezone: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        refuse("--at is a time such as 2026-11-23T08:00 or 2026-11-23T08:00:00Z")
    return moment if moment.tzinfo else moment.replace(tzinfo=ZoneInfo(timezone))


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        refuse("--expires is a day such as 2027-11-23")
