"""`connections`: proving that the outside can be reached, and seeing what it offers."""

import os
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from xconnector.entrypoints.cli.running import (
    DONE_WITH_FAILURES,
    HERE,
    AsJson,
    ProjectFolder,
    refuse,
    with_place,
)
from xconnector.entrypoints.cli.showing import show_json, show_table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from xconnector.contract.probing import Profile
    from xconnector.operations.drivers import ShownDriver

app = typer.Typer(help="The connections of the project.", no_args_is_help=True)


@app.command()
def check(folder: ProjectFolder = HERE, as_json: AsJson = False) -> None:
    """Prove every connection without an effect that a customer could notice."""
    from xconnector.operations.connections import check_connections

    found = with_place(folder, lambda place: check_connections(place.project, place.connections))
    if as_json:
        show_json(found)
    else:
        show_table(
            "Connections",
            ["name", "connector", "", "what to do"],
            [(c.name, c.connector, "ok" if c.problem is None else "FAILED", c.problem) for c in found],
        )
    if any(row.problem for row in found):
        raise typer.Exit(DONE_WITH_FAILURES)


@app.command()
def providers(folder: ProjectFolder = HERE, as_json: AsJson = False) -> None:
    """Show how the providers do of channels that have several: what was measured, and when one is tried again."""
    from xconnector.operations.connections import provider_states

    found = with_place(folder, lambda place: provider_states(place.project, place.pool))
    if as_json:
        show_json(found)
    elif not found:
        typer.echo("No channel has further providers (`further_providers:` of a connection).")
    else:
        show_table(
            "Providers",
            ["channel", "provider", "", "good", "slow", "failed", "tried again", "left alone because"],
            [
                (one.channel, one.provider, one.state, one.good, one.slow, one.failed, one.tried_again_at, one.because)
                for one in found
            ],
        )


@app.command()
def driver(
    connection: Annotated[str, typer.Argument(help="A connection whose composer keeps designs of its own.")],
    event_file: Annotated[
        Path, typer.Argument(help="CloudEvents in JSON: one, a list, or one a line.", dir_okay=False)
    ],
    communication: Annotated[str | None, typer.Option(help="Only the driver of this communication.")] = None,
    customers: Annotated[
        Path | None,
        typer.Option(help="Customer records in JSON Lines, as for `customers load`.", exists=True, dir_okay=False),
    ] = None,
    out: Annotated[Path | None, typer.Option(help="Write it into this file, byte for byte.", dir_okay=False)] = None,
    folder: ProjectFolder = HERE,
) -> None:
    """Show the driver that a connection's designs get for the events of a file. Nothing is stored or sent.

    It is the file of many customers; they are what the events and the file of customers say of them.
    """
    from xconnector.contract.errors import ConnectorError
    from xconnector.entrypoints.events import EventFileError, read_event_file
    from xconnector.operations.customer_files import CustomerFileError, read_customers
    from xconnector.operations.drivers import NoDriverError, show_drivers
    from xconnector.project.findings import ProjectError
    from xconnector.project.load import load_project

    try:
        events = read_event_file(event_file)
        project = load_project(folder, os.environ)
        now = datetime.now(UTC)
        home = project.home_country
        known = read_customers(customers, source="crm", now=now, home_country=home) if customers is not None else ()
        shown = show_drivers(project, connection, events, communication=communication, customers=known, now=now)
    except (CustomerFileError, EventFileError, NoDriverError, ConnectorError, ProjectError) as error:
        refuse(str(error))
    for problem in shown.problems:
        typer.echo(problem, err=True)
    if out is None:
        _print_drivers(shown.drivers)
    else:
        _write_driver(shown.drivers, out)
    if shown.problems:
        raise typer.Exit(DONE_WITH_FAILURES)


@app.command()
def designs(
    connection: Annotated[str, typer.Argument(help="A connection whose composer keeps designs outside.")],
    state: Annotated[str | None, typer.Option(help="Only designs in this state, such as APPROVED.")] = None,
    folder: ProjectFolder = HERE,
    as_json: AsJson = False,
) -> None:
    """List the designs behind a connection: in which state they are, and what feeds those of the project."""
    from xconnector.operations.designs import list_designs

    wanted = state.upper() if state is not None else None
    found = with_place(folder, lambda place: list_designs(place.connections, connection, state=wanted))
    if as_json:
        show_json(found)
    else:
        show_table(
            f"Designs of {connection}",
            ["design", "name", "state", "version", "template", "data source", "what to do"],
            [(d.design, d.name, d.state, d.version, ", ".join(d.templates), d.data_source, d.problem) for d in found],
        )
    if any(design.problem for design in found):
        raise typer.Exit(DONE_WITH_FAILURES)


@app.command()
def move_design(
    connection: Annotated[str, typer.Argument(help="A connection whose composer keeps designs outside.")],
    design: Annotated[str, typer.Argument(help="Id or name of the design, or the template that stands for it.")],
    to: Annotated[str, typer.Option(help="State that it is moved to, such as REVIEW.")],
    comment: Annotated[str, typer.Option(help="Why; it is kept with the design.")],
    who: Annotated[str, typer.Option("--as", help="Who you are, as named under `people`.")],
    folder: ProjectFolder = HERE,
    as_json: AsJson = False,
) -> None:
    """Move a design through its workflow, in the outside system itself."""
    from xconnector.operations.designs import move_design as move

    moved = with_place(
        folder,
        lambda place: move(
            place.connections,
            place.project.people,
            connection,
            design,
            target=to,
            comment=comment,
            person=who,
        ),
    )
    if as_json:
        show_json(moved)
    else:
        typer.echo(f"{moved.name} ({moved.design}) was in {moved.origin} and is in {moved.target}")


@app.command()
def probe(
    connection: Annotated[str, typer.Argument(help="A connection whose installation can be looked at.")],
    out: Annotated[Path | None, typer.Option(help="Write the profile into this file.", dir_okay=False)] = None,
    folder: ProjectFolder = HERE,
    as_json: AsJson = False,
) -> None:
    """Look at the installation behind a connection: what it offers, what differs, and what must be set by hand."""
    from xconnector.operations.probing import as_yaml, lacks_something, probe_connection

    profile = with_place(folder, lambda place: probe_connection(place.connections, connection))
    if out is not None:
        out.write_text(as_yaml(profile, connection=connection, now=datetime.now(UTC)), encoding="utf-8")
    if as_json:
        show_json(profile)
    else:
        _show_profile(profile)
        if out is not None:
            typer.echo(f"The profile stands in {out}.")
    if lacks_something(profile):
        raise typer.Exit(DONE_WITH_FAILURES)


def _show_profile(profile: "Profile") -> None:
    show_table(
        profile.product,
        ["service", "what", "is", "needed", ""],
        [(s.service, s.subject, s.found.value, "yes" if s.needed else "", s.said) for s in profile.sightings],
    )
    if profile.by_hand:
        show_table("Must be set by hand", ["setting", "because"], [(row.setting, row.why) for row in profile.by_hand])


def _print_drivers(drivers: "Sequence[ShownDriver]") -> None:
    """Print them as they are; what each is stands beside, so that a pipe gets only bytes."""
    for shown in drivers:
        customers = "1 customer" if shown.customers == 1 else f"{shown.customers:,} customers"
        typer.echo(f"{shown.communication} (template {shown.template}), {customers}:", err=True)
        sys.stdout.buffer.write(shown.content)
        sys.stdout.buffer.flush()


def _write_driver(drivers: "Sequence[ShownDriver]", out: Path) -> None:
    if len(drivers) > 1:
        names = ", ".join(shown.communication for shown in drivers)
        refuse(f"the events ask for several communications, and a driver is of one: add --communication, of {names}")
    for shown in drivers:
        out.write_bytes(shown.content)
        typer.echo(f"{out}: {len(shown.content):,} bytes for {shown.customers:,} of {shown.communication}")
