"""`serve`: the web, and a worker beside it."""

from typing import TYPE_CHECKING, Annotated

import typer

from xconnector.entrypoints.cli.running import HERE, ProjectFolder
from xconnector.entrypoints.cli.running import run as run_work

if TYPE_CHECKING:
    from xconnector.entrypoints.web.serving import Serving


def serve(
    folder: ProjectFolder = HERE,
    host: Annotated[str, typer.Option(help="Address to listen on; others than this machine reach 0.0.0.0.")] = (
        "127.0.0.1"
    ),
    port: Annotated[int, typer.Option(help="0 takes a free one.", min=0, max=65535)] = 8400,
    with_worker: Annotated[bool, typer.Option("--with-worker/--no-worker", help="Run a worker beside it.")] = True,
) -> None:
    """Take events in and serve the portal until SIGTERM or Ctrl-C. Nothing is open without a key or a signed link."""
    from xconnector.entrypoints.web.serving import log_to_stderr
    from xconnector.entrypoints.web.serving import serve as serve_project

    def ready(serving: "Serving") -> None:
        _show(serving, with_worker=with_worker)

    log_to_stderr()
    run_work(serve_project(folder, host=host, port=port, with_worker=with_worker, on_ready=ready))


def _show(serving: "Serving", *, with_worker: bool) -> None:
    address = f"http://{_in_brackets(serving.host)}:{serving.port}"
    beside = "with a worker beside it" if with_worker else "without a worker: start one with `xconnector worker`"
    typer.echo(f"Serving {serving.project} on {address}, {beside}; Ctrl-C ends it in good order.")
    typer.echo(f"  events in    POST {address}/events               keys: {_names(serving, 'events')}")
    typer.echo(f"  portal in    PUT  {address}/portal/documents/…   keys: {_names(serving, 'portal')}")
    typer.echo("  portal out   `xconnector portal link CUSTOMER` prints a customer's link")
    typer.echo(f"  health       {address}/healthz, {address}/readyz; the API: {address}/openapi.json")
    if not serving.is_loopback:
        typer.echo("  Keys and documents go over this wire: put a proxy that speaks TLS in front of it.", err=True)


def _names(serving: "Serving", purpose: str) -> str:
    names = [key.name for key in serving.keys if key.purpose == purpose]
    return ", ".join(names) or f"none yet; `xconnector keys new NAME --purpose {purpose}` makes one"


def _in_brackets(host: str) -> str:
    return f"[{host}]" if ":" in host else host
