"""A print house on 127.0.0.1: a real SFTP server, and behind it a house that checks, prints, and acknowledges.

`python -m xconnector.sandbox.print_house --folder DIR` prints `{"port": …, "host_key": …}` when ready;
user and password are `sandbox`. Bundles are laid down in `DIR`, over SFTP or straight. The house moves
what it took to `DIR/processed`, acknowledges in `DIR/acks`, and writes a line for every letter it
printed to `DIR/arrivals.jsonl`, with `"duplicate": true` for a bundle that came again and was not
printed again, and a line for every bundle it rejected to `DIR/rejections.jsonl`.

`DIR/control.json` changes its behaviour while it runs; what it does not name is as usual:

| key                  | the house                                                              |
|----------------------|------------------------------------------------------------------------|
| `slow`               | waits so many seconds before it looks at a bundle                      |
| `down`               | answers nobody and works on nothing                                    |
| `reject_credentials` | lets nobody in                                                         |
| `lose_answers`       | takes a trigger and breaks the line before it answers                  |
| `reject_next`        | rejects so many bundles from now on                                    |
| `reject_pieces`      | rejects the letters with these dispatch keys                           |
| `lose_acks`          | acknowledges nothing                                                   |
| `ack_twice`          | acknowledges everything twice                                          |
"""

import argparse
import asyncio
import json
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

from xconnector.sandbox.house import Conduct, House
from xconnector.sandbox.house_sftp import Door, HouseSftp
from xconnector.sandbox.program import announce, until_ended

_BETWEEN_LOOKS = 0.1
"""Seconds."""


async def work(house: House, door: Door) -> None:
    """Follow the control file and work off what lies there, again and again."""
    control = house.folder / "control.json"
    obeyed: Mapping[str, Any] = {}
    while True:
        told = _told(control)
        if told != obeyed:
            _obey(told, house.conduct, door)
            obeyed = told
        if not house.conduct.down:
            await _look(house)
        await asyncio.sleep(_BETWEEN_LOOKS)


async def _look(house: House) -> None:
    house.acknowledge_again()
    for trigger in house.waiting():
        await asyncio.sleep(house.conduct.slow)
        await asyncio.to_thread(house.work_off, trigger)


def _told(control: Path) -> Mapping[str, Any]:
    try:
        return json.loads(control.read_text(encoding="utf-8"))
    except (FileNotFoundError, json.JSONDecodeError):
        # Not there, or half written: the next look finds it whole.
        return {}


def _obey(told: Mapping[str, Any], conduct: Conduct, door: Door) -> None:
    conduct.slow = float(told.get("slow", 0))
    conduct.down = bool(told.get("down", False))
    conduct.reject_next = int(told.get("reject_next", 0))
    conduct.reject_pieces = frozenset(told.get("reject_pieces", ()))
    conduct.lose_acks = bool(told.get("lose_acks", False))
    conduct.ack_twice = bool(told.get("ack_twice", False))
    door.refuses_everybody = bool(told.get("reject_credentials", False))
    door.loses_answers = bool(told.get("lose_answers", False))
    if conduct.down:
        door.close()
    else:
        door.closed = False


@asynccontextmanager
async def _opened(folder: Path, door: Door, arguments: argparse.Namespace) -> AsyncGenerator[None]:
    """Open the door, if there is to be one, and say that the house is ready."""
    if arguments.no_sftp:
        announce(folder=str(folder))
        yield
        return
    async with HouseSftp(folder, door, port=arguments.port) as server:
        announce(port=server.port, host_key=server.host_key, folder=str(folder))
        yield


async def _run(arguments: argparse.Namespace) -> None:
    folder: Path = arguments.folder
    conduct = Conduct(
        reject_nth=arguments.reject_nth,
        reject_bundles_with_country=frozenset(arguments.reject_bundle_containing),
        reject_pieces_with_country=frozenset(arguments.reject_piece_to),
        report_pieces=arguments.report_pieces,
    )
    door = Door()
    # It listens for its end before it says that it is ready: whoever waits for that may end it at once.
    ended = asyncio.create_task(until_ended(with_parent=arguments.with_parent))
    await asyncio.sleep(0)
    async with _opened(folder, door, arguments):
        working = asyncio.create_task(work(House(folder=folder, conduct=conduct), door))
        await ended
        working.cancel()
        with suppress(asyncio.CancelledError):
            await working


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m xconnector.sandbox.print_house", description="A print house that acknowledges."
    )
    parser.add_argument("--folder", type=Path, required=True, help="where bundles are laid down")
    parser.add_argument("--port", type=int, default=0, help="port on 127.0.0.1; 0 takes a free one")
    parser.add_argument("--no-sftp", action="store_true", help="watch the folder only")
    parser.add_argument("--reject-nth", type=int, default=0, metavar="N", help="reject the n-th bundle")
    parser.add_argument(
        "--reject-bundle-containing", action="append", default=[], metavar="CC", help="reject bundles to a country"
    )
    parser.add_argument(
        "--reject-piece-to", action="append", default=[], metavar="CC", help="reject single letters to a country"
    )
    parser.add_argument("--report-pieces", action="store_true", help="say of each letter that it was mailed")
    parser.add_argument("--with-parent", action="store_true", help="end when the process that started this one ends")
    return parser.parse_args()


def main() -> None:
    """Open the house until it is told to close."""
    arguments = _arguments()
    arguments.folder = arguments.folder.resolve()
    arguments.folder.mkdir(parents=True, exist_ok=True)
    asyncio.run(_run(arguments))


if __name__ == "__main__":
    main()
