"""The web of the bench's project in a process of its own, as `xconnector serve --no-worker` runs it.

It says on which port it answers, ends when its standard input is closed, and says then what it used.
"""

import argparse
import asyncio
import logging
import os
from pathlib import Path

from xconnector.domain.portal_link import PortalSecrets
from xconnector.entrypoints.bootstrap import open_workplace
from xconnector.entrypoints.garbage import spare_what_stays
from xconnector.entrypoints.web.application import application
from xconnector.entrypoints.web.listening import listening
from xconnector.entrypoints.web.server import WebServer
from xconnector.entrypoints.web.serving import LOG_FORMAT, QUIET
from xconnector.project.load import load_project
from xconnector.testing.bench.program import say_ready, say_usage, wait_for_word


async def serve(folder: Path, database_url: str) -> None:
    """Serve the project until standard input is closed."""
    # The access log costs something as well.
    logging.basicConfig(level=logging.INFO, format=LOG_FORMAT, filename=folder / "web.log")
    for name in QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)
    project = load_project(folder, os.environ)
    async with open_workplace(project, database_url, name="xconnector bench web") as place:
        secrets = PortalSecrets(["a secret of the bench that opens no portal"])
        with listening("127.0.0.1", 0) as listener:
            ready = asyncio.Event()
            server = WebServer(application(place, secrets=secrets), listener, on_ready=ready.set)
            serving = asyncio.create_task(server.run_until_stopped())
            await ready.wait()
            spare_what_stays()
            since = say_ready(str(listener.getsockname()[1]))
            await asyncio.to_thread(wait_for_word)
            say_usage(since)
            server.stop()
            await serving


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("database_url")
    told = parser.parse_args()
    asyncio.run(serve(told.folder, told.database_url))


if __name__ == "__main__":
    main()
