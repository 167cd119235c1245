"""The command `xconnector` and its verbs."""

from importlib.metadata import version
from typing import Annotated

import typer

from xconnector.entrypoints.cli import (
    archive,
    bench,
    chaos,
    connections,
    contracts,
    customers,
    demo,
    devices,
    explain,
    failures,
    feedback,
    feeds,
    keys,
    leaving,
    map_files,
    portal,
    project,
    reconcile,
    report,
    review,
    run,
    sandbox,
    send,
    serve,
    shipped_tables,
    status,
    table_replay,
    table_versions,
    tables,
    worker,
    write_back,
)

app = typer.Typer(
    name="xconnector",
    help="One controlled communication process from source event to archived proof.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command()(project.init)
app.command()(project.check)
app.command()(project.test)
app.command()(demo.demo)
app.command()(sandbox.sandbox)
app.command()(serve.serve)
app.command()(worker.worker)
app.command("map")(map_files.map_files)
app.command()(send.send)
app.command()(run.run)
app.command()(status.status)
app.command()(explain.explain)
app.command()(failures.failures)
app.command()(failures.reprocess)
app.command()(failures.settle)
app.command()(failures.dismiss)
app.command()(leaving.cancel)
app.command()(leaving.withdraw)
app.command()(leaving.reprint)
app.add_typer(review.app, name="review")
app.add_typer(archive.app, name="archive")
app.add_typer(write_back.app, name="write-back")
app.add_typer(customers.app, name="customers")
table_versions.add_to(tables.app)
table_replay.add_to(tables.app)
shipped_tables.add_to(tables.app)
app.add_typer(tables.app, name="tables")
app.command()(reconcile.reconcile)
app.add_typer(report.app, name="report")
app.add_typer(connections.app, name="connections")
app.add_typer(contracts.app, name="contracts")
app.add_typer(feeds.app, name="feeds")
app.add_typer(feedback.app, name="feedback")
app.add_typer(keys.app, name="keys")
app.add_typer(devices.app, name="devices")
app.add_typer(portal.app, name="portal")
app.command()(bench.bench)
app.command()(chaos.chaos)


def _told_version(*, asked: bool) -> None:
    if asked:
        typer.echo(f"xconnector {version('xconnector')}")
        raise typer.Exit


@app.callback()
def xconnector(
    *,
    _: Annotated[
        bool, typer.Option("--version", callback=_told_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    """One controlled communication process from source event to archived proof."""


def main() -> None:
    """Run the command line. Exit codes: 0 done, 1 done with failures, 2 wrong use or configuration."""
    app()
