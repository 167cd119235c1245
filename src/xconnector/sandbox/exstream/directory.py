"""A Directory input of a Communications Server: takes the files of a folder whose names fit, and leaves results.

`python -m xconnector.sandbox.exstream.directory --project FOLDER --template NAME --folder FOLDER --output FOLDER`
prints one line of JSON when it scans. As its help says of the real one, it waits until a file's size stays the same,
moves it to `streamserve_proc` inside the scanned folder, and leaves files alone whose names do not fit its pattern.
The results of `x.in` lie in `x/` below the output folder: as a standard delivery file with its queues, or as single
files `<key>.<queue>.<suffix>` with a file `done` when all of them are there.
"""

import argparse
import asyncio
import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from fnmatch import fnmatchcase
from hashlib import file_digest
from itertools import islice
from pathlib import Path
from typing import Any

from xconnector.sandbox.exstream.customers import ComposedCustomer, key_of
from xconnector.sandbox.exstream.delivery_file import NAME, DeliveryDraft, grow
from xconnector.sandbox.exstream.designs import HouseDesign
from xconnector.sandbox.exstream.faults import Faults
from xconnector.sandbox.exstream.house import ExstreamHouse
from xconnector.sandbox.exstream.unreadable import UnreadableDriverError
from xconnector.sandbox.program import announce, until_ended

TAKEN = "streamserve_proc"
_AT_ONCE = 200
"""Customers that are held in memory."""
_SUFFIXES = {"application/pdf": "pdf", "text/html": "html", "text/plain": "txt", "message/rfc822": "eml"}
_MOUNT = "/export/out"
"""What the server calls its output folder."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DirectoryInput:
    """One scanned folder, what is composed of its files, and where that goes."""

    house: ExstreamHouse
    design: HouseDesign
    folder: Path
    output: Path
    pattern: str
    scan_every: float
    """Seconds between two looks, in which a file's size must not change."""
    writes_delivery_file: bool

    def open(self) -> None:
        """Make the folder and what is in it, where they are missing."""
        (self.folder / TAKEN).mkdir(parents=True, exist_ok=True)

    async def scan(self) -> None:
        """Take files until cancelled."""
        taken = self.folder / TAKEN
        sizes: Mapping[str, int] = {}
        while True:
            found = await asyncio.to_thread(self._found)
            for name, size in found.items():
                if sizes.get(name) == size:
                    await self._work_off((self.folder / name).replace(taken / name))
            sizes = found
            await asyncio.sleep(self.scan_every)

    def _found(self) -> dict[str, int]:
        return {
            entry.name: entry.stat().st_size
            for entry in sorted(self.folder.iterdir())
            if entry.is_file() and fnmatchcase(entry.name, self.pattern)
        }

    async def _work_off(self, driver: Path) -> None:
        results = self.output / driver.stem
        results.mkdir(parents=True, exist_ok=True)
        await asyncio.sleep(self.house.faults.job_seconds)
        key = self.design.settings.key.name
        with DeliveryDraft(key_name=None if key == "number" else key) as delivery, suppress(UnreadableDriverError):
            await self._compose_all(driver, results, delivery)
            await self._tell_end(results, delivery)
        await asyncio.to_thread(driver.unlink)

    async def _compose_all(self, driver: Path, results: Path, delivery: DeliveryDraft) -> None:
        with driver.open("rb") as content:
            digest = file_digest(content, "sha256").hexdigest()
            content.seek(0)
            customers = enumerate(self.house.customers(self.design, content), 1)
            while chunk := await asyncio.to_thread(lambda: list(islice(customers, _AT_ONCE))):
                for customer in await self._composed(chunk, digest):
                    delivery.customers += 1
                    self._lay_down(customer, results, delivery)

    async def _composed(self, chunk: Sequence[tuple[int, Mapping[str, Any]]], digest: str) -> list[ComposedCustomer]:
        kept = [
            (number, data)
            for number, data in chunk
            if not self.house.skips(key_of(self.design, data), number, submission=digest, of_run=True)
        ]
        made = await self.house.compose(
            self.design.template, [data for _, data in kept], numbers=[number for number, _ in kept]
        )
        return [one for one in made if isinstance(one, ComposedCustomer)]

    def _lay_down(self, customer: ComposedCustomer, results: Path, delivery: DeliveryDraft) -> None:
        for file in customer.files:
            if self.writes_delivery_file:
                name = f"Queue_1_{file.queue}/{file.file_name}"
                delivery.file(customer, file, f"{_MOUNT}/{results.name}/{name}")
            else:
                name = f"{customer.key or customer.number}.{file.queue}.{_SUFFIXES[file.media_type]}"
            (results / name).parent.mkdir(exist_ok=True)
            (results / name).write_bytes(file.content)

    async def _tell_end(self, results: Path, delivery: DeliveryDraft) -> None:
        if self.writes_delivery_file:
            async for _ in grow(delivery, results / NAME, self.house.faults):
                await asyncio.sleep(self.house.faults.delivery_lag)
        else:
            (results / "done").touch()


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m xconnector.sandbox.exstream.directory",
        description="A scanned folder of a Communications Server.",
    )
    parser.add_argument("--project", type=Path, required=True, help="folder of the project whose designs it has")
    parser.add_argument("--template", required=True, help="the design that files are composed with")
    parser.add_argument("--folder", type=Path, required=True, help="folder that is scanned")
    parser.add_argument("--output", type=Path, required=True, help="folder that results go to")
    parser.add_argument("--pattern", default="*.in", help="names that are taken")
    parser.add_argument("--scan-every", type=float, default=0.1, metavar="SECONDS", help="time between two looks")
    parser.add_argument("--results", choices=("files", "delivery_file"), default="files", help="what it leaves")
    parser.add_argument("--faults", default="{}", metavar="JSON", help="how it misbehaves, see the faults of Exstream")
    parser.add_argument("--with-parent", action="store_true", help="end when the process that started this one ends")
    return parser.parse_args()


async def _run(arguments: argparse.Namespace) -> None:
    faults = Faults.model_validate(json.loads(arguments.faults))
    async with ExstreamHouse(arguments.project, arguments.output, faults=faults) as house:
        scanned = DirectoryInput(
            house=house,
            design=house.designs[arguments.template],
            folder=arguments.folder.resolve(),
            output=arguments.output.resolve(),
            pattern=arguments.pattern,
            scan_every=arguments.scan_every,
            writes_delivery_file=arguments.results == "delivery_file",
        )
        scanned.open()
        scanning = asyncio.create_task(scanned.scan())
        announce(folder=str(scanned.folder), output=str(scanned.output))
        ending = asyncio.create_task(until_ended(with_parent=arguments.with_parent))
        await asyncio.wait({scanning, ending}, return_when=asyncio.FIRST_COMPLETED)
        for task in (scanning, ending):
            task.cancel()
        for task in (scanning, ending):
            with suppress(asyncio.CancelledError):
                await task


if __name__ == "__main__":
    asyncio.run(_run(_arguments()))
