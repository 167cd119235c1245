"""The classic engine as a program: it composes the customers of a driver file, and says how it went.

`python -m xconnector.sandbox.exstream.engine -CONTROLFILE=job.opt` reads switches as the engine does. A package file is
a line of JSON that says where the project of the design is: `{"project": "/path"}`; the design is that whose
`exstream.yaml` names this package. Documents are real ones, made by the embedded composer from the project's templates.
The environment variable `XCONNECTOR_SANDBOX_ENGINE` holds `EngineFaults` as JSON, and makes it misbehave.

It returns 0, 4 when customers were skipped, 8 when customers could not be composed, and 12 when it failed as a whole.
"""

import asyncio
import os
import signal
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from pydantic import BaseModel, ConfigDict, NonNegativeFloat, ValidationError

from xconnector.sandbox.exstream.customers import ComposedCustomer, UncomposedCustomer, key_of
from xconnector.sandbox.exstream.delivery_file import DeliveryDraft
from xconnector.sandbox.exstream.designs import HouseDesign, UnreadableDesignError
from xconnector.sandbox.exstream.engine_switches import Switches, WrongSwitchError, read_switches
from xconnector.sandbox.exstream.house import ExstreamHouse
from xconnector.sandbox.exstream.unreadable import UnreadableDriverError

FAULTS = "XCONNECTOR_SANDBOX_ENGINE"
_WELL, _WARNED, _FAILED_SOME, _FAILED = 0, 4, 8, 12
_AT_ONCE = 200
_FIRST_QUEUE = 25
_CODECS = {"UTF16": "utf-16", "UTF8": "utf-8", "ISO88591": "latin-1", "ISO88592": "iso8859_2", "SINGLEBYTE": "latin-1"}
_SILENT_BELOW = {"INFO": "IWES", "WARNING": "WES", "ERROR": "ES"}


class EngineFaults(BaseModel):
    """How the engine misbehaves; without any of it, it does everything right."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    return_code: int | None = None
    """Returned whatever was done; from 12 on, nothing is written but messages."""
    messages: tuple[str, ...] = ()
    """Further lines of the message file, such as `EX001001S Out of luck`."""
    says: str = ""
    """Written to standard output."""
    bad_package: bool = False
    """It cannot read its package."""
    skip_per_thousand: int = 0
    """So many customers in every thousand are skipped, always the same of the same driver."""
    skip_keys: frozenset[str] = frozenset()
    """Customers, by their keys, that are skipped."""
    skip_always: bool = False
    """Whether customers are skipped that a CUSTOMERLIST names."""
    stop_at_keys: frozenset[str] = frozenset()
    """Customers, by their keys, at which it stops as a whole."""
    seconds: NonNegativeFloat = 0.0
    """How long it takes at least."""
    killed: bool = False
    """It dies of a signal once that time has passed."""
    forgets_delivery_file: bool = False
    """It writes none."""
    truncates_delivery_file: bool = False
    """It ends in the middle of the file."""


class _StoppedError(Exception):
    """The run ends here: with this return code."""

    def __init__(self, return_code: int) -> None:
        super().__init__()
        self.return_code = return_code


@dataclass(slots=True)
class _Messages:
    """The message file."""

    switches: Switches
    lines: list[str] = field(default_factory=list[str])

    def say(self, message_id: str, text: str) -> None:
        wanted = _SILENT_BELOW[self.switches.one("MESSAGELEVEL", "INFO")]
        if message_id[-1] in wanted:
            moment = time.strftime("%H:%M:%S ") if "TIMESTAMP_MESSAGES" in self.switches.told else ""
            self.lines.append(f"{moment}{message_id} {text}")

    def write(self) -> None:
        path = self.switches.path("MESSAGEFILE") or Path("ExstreamMessages.dat")
        codec = _CODECS[self.switches.one("MSGENCODE", "UTF16")]
        path.write_bytes("".join(f"{line}\r\n" for line in self.lines).encode(codec, "replace"))


@dataclass(slots=True, kw_only=True)
class _EngineRun:
    """One start of the engine, from its driver to its outputs."""

    switches: Switches
    faults: EngineFaults
    messages: _Messages
    house: ExstreamHouse
    design: HouseDesign
    driver: Path
    outputs: Path
    return_code: int = _WELL
    pages: int = 0
    customers: int = 0
    errors: int = 0
    _queues: dict[str, int] = field(default_factory=dict[str, int])

    async def carry_out(self) -> None:
        key = self.design.settings.key.name
        with DeliveryDraft(key_name=None if key == "number" else key) as delivery, self.driver.open("rb") as driver:
            numbered = self._wanted(enumerate(self.house.customers(self.design, driver), 1))
            try:
                while chunk := list(islice(numbered, _AT_ONCE)):
                    await self._compose(chunk, delivery)
            except UnreadableDriverError as unreadable:
                self.messages.say("EX002001S", f"Driver file: {unreadable}")
                raise _StoppedError(_FAILED) from None
            delivery.customers = self.customers
            self._write_delivery_file(delivery)

    def _wanted(self, customers: Iterator[tuple[int, Mapping[str, Any]]]) -> Iterator[tuple[int, Mapping[str, Any]]]:
        for number, data in customers:
            if not self.switches.takes(number):
                continue
            key = key_of(self.design, data)
            if key in self.faults.stop_at_keys:
                self.messages.say("EX009001S", f"Customer {key}: severe error, the run ends")
                raise _StoppedError(_FAILED)
            if self._skips(key, number):
                self.messages.say("EX003004W", f"Customer {key or number}: invalid data, customer skipped")
                self.return_code = max(self.return_code, _WARNED)
                continue
            yield number, data

    def _skips(self, key: str | None, number: int) -> bool:
        if self.switches.is_targeted and not self.faults.skip_always:
            return False
        rate = self.faults.skip_per_thousand
        # Spread evenly: of any thousand in a row, so many.
        by_rate = (number * rate + 500) // 1000 > ((number - 1) * rate + 500) // 1000
        return by_rate or key in self.faults.skip_keys

    async def _compose(self, chunk: Sequence[tuple[int, Mapping[str, Any]]], delivery: DeliveryDraft) -> None:
        results = await self.house.compose(
            self.design.template, [data for _, data in chunk], numbers=[number for number, _ in chunk]
        )
        for result in results:
            if isinstance(result, UncomposedCustomer):
                self._cannot(result)
            else:
                self._lay_down(result, delivery)

    def _cannot(self, customer: UncomposedCustomer) -> None:
        self.errors += 1
        self.messages.say("EX004021E", f"Customer {customer.key or customer.number}: {customer.reason}")
        if self.switches.one("STOPERROR", "SEVERE") in {"ERROR", "WARNING"}:
            raise _StoppedError(_FAILED)
        self.return_code = max(self.return_code, _FAILED_SOME)

    def _lay_down(self, customer: ComposedCustomer, delivery: DeliveryDraft) -> None:
        self.customers += 1
        self.pages += customer.pages
        for file in customer.files:
            number = self._queues.setdefault(file.queue, len(self._queues))
            folder = self.outputs / f"Queue_{_FIRST_QUEUE + number}_{file.queue}"
            folder.mkdir(exist_ok=True)
            path = folder / file.file_name
            path.write_bytes(file.content)
            delivery.file(customer, file, str(path))

    def _write_delivery_file(self, delivery: DeliveryDraft) -> None:
        target = self.switches.path("STDDELIVERYFILE")
        if target is None or self.faults.forgets_delivery_file:
            return
        text = delivery.whole("utf-16").read_text("utf-8")
        ends_at = len(text) * 2 // 3 if self.faults.truncates_delivery_file else len(text)
        target.write_bytes(text[:ends_at].encode("utf-16"))


async def run(arguments: Sequence[str], faults: EngineFaults) -> int:
    """Do what the switches say, and return how it went."""
    try:
        switches = read_switches(arguments)
    except WrongSwitchError as wrong:
        _Messages(Switches(), [f"EX000101S {wrong}"]).write()
        return _FAILED
    messages = _Messages(switches)
    messages.say("EX000001I", "Engine started")
    for line in faults.messages:
        messages.say(*line.split(" ", 1) if " " in line else (line, ""))
    print(faults.says)  # noqa: T201 - as the engine does
    try:
        return await _composed(switches, faults, messages)
    except _StoppedError as stopped:
        return stopped.return_code
    finally:
        messages.write()


async def _composed(switches: Switches, faults: EngineFaults, messages: _Messages) -> int:
    await asyncio.sleep(faults.seconds)
    if faults.killed:
        os.kill(os.getpid(), signal.SIGKILL)
    if faults.return_code is not None and faults.return_code >= _FAILED:
        return faults.return_code
    with TemporaryDirectory() as scratch:
        async with _house(switches, faults, Path(scratch)) as house:
            engine = _EngineRun(
                switches=switches,
                faults=faults,
                messages=messages,
                house=house,
                design=_design(house, switches, messages),
                driver=_driver(switches, messages),
                outputs=switches.path("OUTPUTDIRECTORY") or Path(),
            )
            await engine.carry_out()
    code = engine.return_code if faults.return_code is None else faults.return_code
    messages.say("EX000002I", "Engine ended")
    if summary := switches.path("RUNSUMMARY"):
        counted = f"Customers: {engine.customers} Pages: {engine.pages} Errors: {engine.errors} Return code: {code}"
        summary.write_text(counted + "\n", "utf-8")
    return code


def _house(switches: Switches, faults: EngineFaults, scratch: Path) -> ExstreamHouse:
    package = Path(switches.one("PACKAGEFILE"))
    try:
        if faults.bad_package:
            raise ValueError
        project = _Package.model_validate_json(package.read_bytes()).project
        return ExstreamHouse(package.parent / project, scratch)
    except (OSError, ValueError, UnreadableDesignError):
        said = f"******Fatal error received trying to read the package file: {package}. *******"
        print(said)  # noqa: T201 - as the engine does
        raise _StoppedError(_FAILED) from None


class _Package(BaseModel):
    """What a package file holds."""

    project: Path


def _design(house: ExstreamHouse, switches: Switches, messages: _Messages) -> HouseDesign:
    design = house.design_of_package(switches.one("PACKAGEFILE"))
    if design is None:
        messages.say("EX000102S", "No design is packaged under this name")
        raise _StoppedError(_FAILED)
    return design


def _driver(switches: Switches, messages: _Messages) -> Path:
    driver = switches.file("INPUT")
    if driver is None or not driver.is_file():
        messages.say("EX000103S", "The driver file INPUT is not mapped, or is not there")
        raise _StoppedError(_FAILED)
    return driver


def _main() -> int:
    try:
        faults = EngineFaults.model_validate_json(os.environ.get(FAULTS) or "{}")
    except ValidationError as wrong:
        sys.exit(f"{FAULTS}: {wrong}")
    return asyncio.run(run(sys.argv[1:], faults))


if __name__ == "__main__":
    sys.exit(_main())
