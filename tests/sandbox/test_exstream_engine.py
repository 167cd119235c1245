import os
import signal
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.connectors.exstream_engine.stand_in import DESIGN, TEMPLATE, write_design
from xconnector.connectors.exstream.delivery_file import DeliveredFile, read_delivery_file
from xconnector.sandbox.exstream.engine import FAULTS
from xconnector.sandbox.exstream.engine_installation import EngineInstallation, install_engine
from xconnector.testing.orders import sample_order

pytestmark = pytest.mark.slow

CUSTOMERS = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Engine:
    """An installed engine, and a folder to run it in."""

    installation: EngineInstallation
    folder: Path

    def run(self, *lines: str, faults: dict[str, Any] | None = None, encoding: str = "iso8859_2") -> int:
        """Run it with these lines besides the usual ones in its control file, and return what it returns."""
        usual = (
            f"-PACKAGEFILE={self.installation.packages}/PolicyIssued.pub",
            f"-FILEMAP=INPUT,{self.folder}/driver",
            f"-MESSAGEFILE={self.folder}/messages",
            f"-OUTPUTDIRECTORY={self.folder}/output",
            f"-STDDELIVERYFILE={self.folder}/delivery.xml",
            f"-RUNSUMMARY={self.folder}/summary",
        )
        (self.folder / "job.opt").write_text("\n".join([*usual, *lines]), encoding)
        own = {FAULTS: msgspec.json.encode(faults or {}).decode()}
        with (self.folder / "said").open("wb") as said:
            done = subprocess.run(
                [self.installation.program, "-CONTROLFILE=job.opt"],
                cwd=self.folder,
                env={**os.environ, **own},
                stdout=said,
                check=False,
            )
        return done.returncode

    def messages(self) -> str:
        content = (self.folder / "messages").read_bytes()
        assert content.startswith((b"\xff\xfe", b"\xfe\xff"))
        return content.decode("utf-16")

    def delivered(self) -> list[DeliveredFile]:
        with (self.folder / "delivery.xml").open("rb") as stream:
            return list(read_delivery_file(stream))

    def numbers(self) -> set[int | None]:
        return {customer.number for file in self.delivered() for customer in file.customers}


@pytest.fixture
def engine(tmp_path: Path) -> Engine:
    write_design(tmp_path, DESIGN)
    folder = tmp_path / "run"
    (folder / "output").mkdir(parents=True)
    customers = [sample_order(number, template=TEMPLATE).data for number in range(1, CUSTOMERS + 1)]
    (folder / "driver").write_bytes(msgspec.json.encode(customers))
    return Engine(installation=install_engine(tmp_path / "engine", tmp_path), folder=folder)


def test_every_queue_gets_a_file_of_every_customer(engine: Engine) -> None:
    assert engine.run() == 0

    delivered = engine.delivered()
    assert {file.queue for file in delivered} == {"archive", "mail", "text"}
    assert len(delivered) == 3 * CUSTOMERS
    assert all(Path(file.name).stat().st_size == file.size for file in delivered)
    letters = [Path(file.name) for file in delivered if file.queue == "archive"]
    assert all(letter.read_bytes().startswith(b"%PDF-") for letter in letters)
    assert all(letter.is_relative_to(engine.folder / "output") for letter in letters)
    assert (engine.folder / "summary").read_text("utf-8").startswith(f"Customers: {CUSTOMERS} ")


def test_only_the_customers_of_a_list_are_composed_under_their_numbers(engine: Engine) -> None:
    assert engine.run("-CUSTOMERLIST=1,3-4") == 0

    assert engine.numbers() == {1, 3, 4}


def test_start_and_end_bound_the_run(engine: Engine) -> None:
    assert engine.run("-START=2", "-END=3") == 0

    assert engine.numbers() == {2, 3}


@pytest.mark.parametrize(
    "wrong",
    ["-NOSUCHSWITCH=1", "PACKAGEFILE=x", "-RUNMODE=SOMETIMES", "-RUNDATE=2026-11-23", "-CUSTOMERLIST=a", "-FILEMAP=x",
     "-STDDELIVERYFILE=twice"],
)  # fmt: skip
def test_a_wrong_switch_ends_the_run(engine: Engine, wrong: str) -> None:
    assert engine.run(wrong) == 12
    assert "EX000101S" in (engine.folder / "ExstreamMessages.dat").read_bytes().decode("utf-16")


def test_a_driver_that_is_none_ends_the_run(engine: Engine) -> None:
    (engine.folder / "driver").write_text("no driver", "utf-8")

    assert engine.run() == 12
    assert "EX002001S" in engine.messages()


def test_a_bad_package_is_told_on_the_standard_output(engine: Engine) -> None:
    assert engine.run(faults={"bad_package": True}) == 12

    said = (engine.folder / "said").read_text("utf-8")
    assert "Fatal error received trying to read the package file" in said


def test_skipped_customers_are_a_warning(engine: Engine) -> None:
    skipped = str(sample_order(2, template=TEMPLATE).communication_id)

    assert engine.run(faults={"skip_keys": [skipped]}) == 4
    assert engine.numbers() == {1, 3, 4}
    assert "EX003004W" in engine.messages()


def test_who_is_skipped_in_a_run_is_composed_when_a_list_names_it(engine: Engine) -> None:
    skipped = str(sample_order(2, template=TEMPLATE).communication_id)

    assert engine.run("-CUSTOMERLIST=2", faults={"skip_keys": [skipped]}) == 0
    assert engine.numbers() == {2}


def test_customers_that_cannot_be_composed_are_errors(engine: Engine) -> None:
    whole = sample_order(1, template=TEMPLATE).data
    poor: dict[str, Any] = {**whole, "data": {}}
    (engine.folder / "driver").write_bytes(msgspec.json.encode([whole, poor]))

    assert engine.run() == 8
    assert engine.numbers() == {1}
    assert "EX004021E" in engine.messages()
    assert engine.run("-STOPERROR=ERROR") == 12


def test_the_message_level_keeps_what_is_below_it_out(engine: Engine) -> None:
    engine.run("-MESSAGELEVEL=WARNING", faults={"messages": ["EX003004W careful"]})

    assert "EX003004W careful" in engine.messages()
    assert "EX000001I" not in engine.messages()


@pytest.mark.parametrize("code", [4, 8, 12, 16])
def test_it_returns_what_it_is_told(engine: Engine, code: int) -> None:
    assert engine.run(faults={"return_code": code}) == code


def test_it_dies_when_it_is_told(engine: Engine) -> None:
    assert engine.run(faults={"killed": True}) == -signal.SIGKILL
