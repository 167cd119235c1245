"""`serve`: the web, and a worker beside it."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from xconnector.entrypoints.cli.running import HERE, ProjectFolder, refuse
from xconnector.entrypoints.cli.running import run as run_work

if TYPE_CHECKING:
    from xconnector.entrypoints.web.server import Tls
    from xconnector.entrypoints.web.serving import Serving


def serve(  # noqa: PLR0913 - each is an option
    folder: ProjectFolder = HERE,
    host: Annotated[str, typer.Option(help="Address to listen on; others than this machine reach 0.0.0.0.")] = (
        "127.0.0.1"
    ),
    port: Annotated[int, typer.Option(help="0 takes a free one.", min=0, max=65535)] = 8400,
    with_worker: Annotated[bool, typer.Option("--with-worker/--no-worker", help="Run a worker beside it.")] = True,
    tls_certificate: Annotated[
        Path | None, typer.Option(help="Certificate in PEM: connections are encrypted.", exists=True, dir_okay=False)
    ] = None,
    tls_key: Annotated[Path | None, typer.Option(help="Its key in PEM.", exists=True, dir_okay=False)] = None,
    client_ca: Annotated[
        Path | None,
        typer.Option(help="Authorities in PEM whose client certificates are taken.", exists=True, dir_okay=False),
    ] = None,
    most_at_once: Annotated[int, typer.Option(help="Requests with events under way at one time.", min=1)] = 400,
    most_waiting: Annotated[
        int, typer.Option(help="Jobs of single events that wait; above, senders are asked to come again.", min=1)
    ] = 5000,
    rate: Annotated[
        float | None, typer.Option(help="Requests with events a second, for each key and connection.", min=0.001)
    ] = None,
) -> None:
    """Take events in and serve the portal until SIGTERM or Ctrl-C. Nothing is open without a key or a signed link."""
    from xconnector.entrypoints.web.limits import WebLimits
    from xconnector.entrypoints.web.serving import Manner, log_to_stderr
    from xconnector.entrypoints.web.serving import serve as serve_project

    def ready(serving: "Serving") -> None:
        _show(serving, with_worker=with_worker)

    limits = WebLimits(intake_at_once=most_at_once, waiting_jobs=most_waiting, requests_per_second=rate)
    manner = Manner(with_worker=with_worker, tls=_tls(tls_certificate, tls_key, client_ca), limits=limits)
    log_to_stderr()
    run_work(serve_project(folder, host=host, port=port, manner=manner, on_ready=ready))


def _tls(certificate: Path | None, key: Path | None, authorities: Path | None) -> "Tls | None":
    from xconnector.entrypoints.web.server import Tls

    if certificate is None and key is None and authorities is None:
        return None
    if certificate is None or key is None:
        refuse("to encrypt, name both --tls-certificate and --tls-key")
    return Tls(certificate=certificate, key=key, client_authorities=authorities)


def _show(serving: "Serving", *, with_worker: bool) -> None:
    scheme = "https" if serving.is_encrypted else "http"
    address = f"{scheme}://{_in_brackets(serving.host)}:{serving.port}"
    beside = "with a worker beside it" if with_worker else "without a worker: start one with `xconnector worker`"
    typer.echo(f"Serving {serving.project} on {address}, {beside}; Ctrl-C ends it in good order.")
    typer.echo(f"  events in    POST {address}/events               keys: {_names(serving, 'events')}")
    if serving.webhooks:
        typer.echo(f"  webhooks in  POST {address}/hooks/…              for: {', '.join(serving.webhooks)}")
    typer.echo(f"  portal in    PUT  {address}/portal/documents/…   keys: {_names(serving, 'portal')}")
    typer.echo("  portal out   `xconnector portal link CUSTOMER` prints a customer's link")
    typer.echo(f"  health       {address}/healthz, {address}/readyz; the API: {address}/openapi.json")
    if not serving.is_loopback and not serving.is_encrypted:
        typer.echo(
            "  Keys and documents go over this wire: name --tls-certificate and --tls-key, or put a proxy before it.",
            err=True,
        )


def _names(serving: "Serving", purpose: str) -> str:
    names = [key.name for key in serving.keys if key.purpose == purpose]
    return ", ".join(names) or f"none yet; `xconnector keys new NAME --purpose {purpose}` makes one"


def _in_brackets(host: str) -> str:
    return f"[{host}]" if ":" in host else host
