"""OpenText Exstream on 127.0.0.1: its cloud-native services, Engine Web Services, and the Communications Server.

`python -m xconnector.sandbox.exstream --project FOLDER --output FOLDER` prints one line of JSON when it is ready: its
port, its domain, and whom it lets in. It has the designs of `FOLDER/templates/*/exstream.yaml` and composes real
documents with the embedded composer from the templates beside them. Batch jobs write below `--output`, as Exstream's
engines write to a shared file system.

`POST /sandbox/faults` makes it misbehave, `GET /sandbox/seen` says what came, `POST /sandbox/reset` starts afresh.
"""

import argparse
import asyncio
import json
import os
import socket
import sys
from pathlib import Path

from pydantic import ValidationError

from xconnector.sandbox.exstream.designs import UnreadableDesignError
from xconnector.sandbox.exstream.faults import Faults
from xconnector.sandbox.exstream.house import ExstreamHouse
from xconnector.sandbox.exstream.server import SandboxServer
from xconnector.sandbox.exstream.services import all_routes
from xconnector.sandbox.exstream.sign_ins import Credentials
from xconnector.sandbox.program import until_ended


def _arguments() -> argparse.Namespace:
    known = Credentials()
    parser = argparse.ArgumentParser(
        prog="python -m xconnector.sandbox.exstream",
        description="OpenText Exstream on this machine; its secrets are "
        "XCONNECTOR_SANDBOX_CLIENT_SECRET and XCONNECTOR_SANDBOX_PASSWORD.",
    )
    parser.add_argument("--port", type=int, default=0, help="port on 127.0.0.1; 0 takes a free one")
    parser.add_argument("--project", type=Path, required=True, help="folder of the project whose designs it has")
    parser.add_argument("--output", type=Path, required=True, help="file system that batch jobs write to")
    parser.add_argument("--mount", default="/mnt/exstream", help="what its engines call that file system")
    parser.add_argument("--domain", default="sandbox", help="the one domain that it has")
    parser.add_argument("--client-id", default=known.client_id, help="the client that OTDS knows")
    parser.add_argument("--user", default=known.user, help="the user that OTDS knows")
    parser.add_argument("--faults", default="{}", metavar="JSON", help="how it misbehaves from the beginning")
    parser.add_argument("--with-parent", action="store_true", help="end when the process that started this one ends")
    return parser.parse_args()


def _house(arguments: argparse.Namespace) -> ExstreamHouse:
    known = Credentials()
    return ExstreamHouse(
        arguments.project,
        arguments.output,
        domain=arguments.domain,
        mount=arguments.mount,
        credentials=Credentials(
            client_id=arguments.client_id,
            client_secret=os.environ.get("XCONNECTOR_SANDBOX_CLIENT_SECRET") or known.client_secret,
            user=arguments.user,
            password=os.environ.get("XCONNECTOR_SANDBOX_PASSWORD") or known.password,
        ),
        faults=Faults.model_validate(json.loads(arguments.faults)),
    )


async def _run(house: ExstreamHouse, listener: socket.socket, *, with_parent: bool) -> None:
    async with house:
        server = SandboxServer(house, all_routes(house), listener)
        serving = asyncio.create_task(server.run_until_stopped())
        ending = asyncio.create_task(until_ended(with_parent=with_parent))
        await asyncio.wait({serving, ending}, return_when=asyncio.FIRST_COMPLETED)
        server.stop()
        await serving
        ending.cancel()


def main() -> None:
    arguments = _arguments()
    try:
        house = _house(arguments)
        listener = socket.create_server(("127.0.0.1", arguments.port))
    except (UnreadableDesignError, ValidationError, json.JSONDecodeError) as wrong:
        sys.exit(f"Exstream's stand-in cannot start: {wrong}")
    except OSError as taken:
        sys.exit(f"Exstream's stand-in cannot listen on port {arguments.port}: {taken.strerror}; choose another")
    asyncio.run(_run(house, listener, with_parent=arguments.with_parent))


if __name__ == "__main__":
    main()
