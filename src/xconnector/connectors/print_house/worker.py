"""The press as a program of its own: `python -m xconnector.connectors.print_house.worker FOLDER`.

A letter that crashes the PDF library, eats memory, or never ends takes down this process and not the
product, and what a bundle took of memory goes back with it. The folder holds `ticket.json` and `spool`;
the program adds the bundle's files and `printed.json`, and keeps the position of the piece it works on
in `progress`.
"""

import contextlib
import os
import resource
import sys
from pathlib import Path

import msgspec

from xconnector.connectors.print_house.bundle import make_bundle
from xconnector.connectors.print_house.ticket import Ticket

NO_PIECE = "-"
"""Stands in `progress` while the press works on no single piece."""
TRY_LATER = 75
"""Exit code when the machine, and no letter, stood in the way (EX_TEMPFAIL of sysexits.h)."""
_MOST_MEMORY = 1 << 30
"""Address space in bytes. The process uses a fifth of it unless a letter is built to eat memory."""
_WIDTH = 12


def main(folder: Path) -> int:
    """Work off the folder's ticket."""
    resource.setrlimit(resource.RLIMIT_AS, (_MOST_MEMORY, _MOST_MEMORY))
    parent = os.getppid()
    ticket = msgspec.json.decode((folder / "ticket.json").read_bytes(), type=Ticket)
    with (folder / "progress").open("r+b", buffering=0) as progress:

        def starts(position: int | None) -> None:
            if os.getppid() != parent:
                raise SystemExit(TRY_LATER)  # Nobody waits for the bundle any more.
            told = NO_PIECE if position is None else str(position)
            os.pwrite(progress.fileno(), told.ljust(_WIDTH).encode(), 0)

        try:
            printed = make_bundle(ticket, folder / "spool", folder, starts)
        except OSError:
            return TRY_LATER
    (folder / "printed.json").write_bytes(msgspec.json.encode(printed))
    return 0


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        sys.exit(main(Path(sys.argv[1])))
