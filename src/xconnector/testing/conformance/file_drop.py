"""What every place where files arrive must show.

Inherit the suite in a test module beside the stand-ins and name their folder: `stand_ins = Path(__file__).parent`.
The author of a drop writes `<connector>/stand_in.py` with an asynchronous context manager `open_drop(folder)`; it
gives a `DropStandIn` on that folder of this machine.
"""

import os
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any, ClassVar, Protocol

import pytest

from xconnector.contract.errors import PermanentError, TransientError
from xconnector.contract.file_drop import Claim, FileDrop, Outcome
from xconnector.contract.manifest import Surroundings
from xconnector.contract.registry import connector_names, manifest
from xconnector.testing.conformance.stand_in_module import fail_without_stand_in, stand_in_module


class DropStandIn(Protocol):
    """The outside of a drop: whoever lays files down, lays them down in its folder."""

    @property
    def folder(self) -> Path:
        """Where files arrive, on this machine."""
        ...

    @property
    def settings(self) -> Mapping[str, Any]:
        """The connection as a project file would state it, without what all drops have alike."""
        ...

    async def go_away(self) -> None:
        """Be unreachable from now on."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class DropUnderTest:
    """A registered drop and its stand-in's module, if somebody wrote one."""

    name: str
    stand_in: ModuleType | None

    def opened(self, folder: Path) -> AbstractAsyncContextManager[DropStandIn]:
        if self.stand_in is None:
            fail_without_stand_in(self.name, "file drop")
        return self.stand_in.open_drop(folder)

    @asynccontextmanager
    async def drop(self, outside: DropStandIn, **changes: object) -> AsyncGenerator[FileDrop]:
        found = manifest(self.name)
        settings = found.settings.model_validate({**outside.settings, "stable_for": 0, **changes})
        assert found.file_drop is not None
        folder = outside.folder
        async with found.file_drop(settings, Surroundings(project_folder=folder, state_folder=folder)) as drop:
            yield drop


class FileDropConformance:
    """For every drop in the registry."""

    stand_ins: ClassVar[Path]
    """Folder that holds `<connector>/stand_in.py`."""
    connectors: ClassVar[Sequence[str] | None] = None
    """Names to run for; None runs for all that are installed."""

    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        if "under_test" in metafunc.fixturenames:
            names = connector_names() if self.connectors is None else self.connectors
            drops = [
                DropUnderTest(name=name, stand_in=stand_in_module(self.stand_ins, name, role="file drop"))
                for name in names
                if manifest(name).file_drop is not None
            ]
            metafunc.parametrize("under_test", drops, ids=[drop.name for drop in drops])

    async def test_the_check_leaves_nothing_behind(self, under_test: DropUnderTest, tmp_path: Path) -> None:
        async with under_test.opened(tmp_path) as outside, under_test.drop(outside) as drop:
            await drop.check()
            assert [path for path in outside.folder.rglob("*") if path.is_file()] == []

    async def test_whole_files_are_ready_oldest_first_and_what_is_still_written_is_not(
        self, under_test: DropUnderTest, tmp_path: Path
    ) -> None:
        async with under_test.opened(tmp_path) as outside, under_test.drop(outside, names=["*.csv*"]) as drop:
            for age, name in enumerate(["late.csv", "early.csv", "half.csv.part", "x.tmp", "other.txt"]):
                _lay(outside, name, at=1_700_000_000 - age)
            (outside.folder / "a.csv").mkdir()
            ready = await drop.ready()

        assert [(file.name, file.size, file.wrong) for file in ready.files] == [
            ("early.csv", 5, None),
            ("late.csv", 5, None),
        ]

    async def test_a_file_that_grows_is_not_ready(self, under_test: DropUnderTest, tmp_path: Path) -> None:
        async with under_test.opened(tmp_path) as outside, under_test.drop(outside, stable_for=3600) as drop:
            _lay(outside, "a.csv")
            assert (await drop.ready()).files == []
            _lay(outside, "a.csv", b"longer")
            assert (await drop.ready()).files == []

    async def test_with_a_trigger_a_file_waits_for_it_and_it_travels_along(
        self, under_test: DropUnderTest, tmp_path: Path
    ) -> None:
        async with under_test.opened(tmp_path) as outside, under_test.drop(outside, trigger=".done") as drop:
            _lay(outside, "a.csv")
            before = (await drop.ready()).files
            _lay(outside, "a.csv.done", b"")
            after = (await drop.ready()).files
            await drop.claim(_claim("a.csv"))
            await drop.put_away(_claim("a.csv"), Outcome.DONE)

            assert (len(before), [file.name for file in after]) == (0, ["a.csv"])
            assert _lying(outside) == []
            assert _lying(outside, "done") == ["a.csv", "a.csv.done"]

    async def test_of_two_who_claim_a_file_one_has_it(self, under_test: DropUnderTest, tmp_path: Path) -> None:
        async with under_test.opened(tmp_path) as outside, under_test.drop(outside) as drop:
            _lay(outside, "a.csv")
            _lay(outside, "a.csv.control.json", b"{}")
            won = [await drop.claim(_claim("a.csv", who)) for who in ("one", "two")]

            assert won == [True, False]
            assert [await drop.holds(_claim("a.csv", who)) for who in ("one", "two")] == [True, False]
            assert (await drop.ready()).files == []
            assert _lying(outside, "claimed/one") == ["a.csv", "a.csv.control.json"]

    async def test_what_is_fetched_are_the_bytes_and_what_travels_along(
        self, under_test: DropUnderTest, tmp_path: Path
    ) -> None:
        content = os.urandom(3_000_000)
        into = tmp_path / "into"
        into.mkdir()
        (tmp_path / "outside").mkdir()
        async with under_test.opened(tmp_path / "outside") as outside, under_test.drop(outside) as drop:
            _lay(outside, "Ä b.csv", content)
            _lay(outside, "Ä b.csv.control.json", b"{}")
            await drop.claim(_claim("Ä b.csv"))
            fetched = await drop.fetch(_claim("Ä b.csv"), into)

        assert fetched.read_bytes() == content
        assert sorted(path.name for path in into.iterdir()) == ["Ä b.csv", "Ä b.csv.control.json"]

    async def test_links_and_too_large_files_are_wrong_and_never_fetched(
        self, under_test: DropUnderTest, tmp_path: Path
    ) -> None:
        (tmp_path / "secret").write_bytes(b"secret")
        (tmp_path / "outside").mkdir()
        async with under_test.opened(tmp_path / "outside") as outside, under_test.drop(outside, largest=10) as drop:
            (outside.folder / "link.csv").symlink_to(tmp_path / "secret")
            _lay(outside, "large.csv", b"x" * 11)
            ready = {file.name: file.wrong for file in (await drop.ready()).files}
            for name in ready:
                into = tmp_path / f"into-{name}"
                into.mkdir()
                assert await drop.claim(_claim(name, name.replace(".", "-")))
                with pytest.raises(PermanentError):
                    await drop.fetch(_claim(name, name.replace(".", "-")), into)
                await drop.put_away(_claim(name, name.replace(".", "-")), Outcome.FAILED, note="why")

            assert {name for name, wrong in ready.items() if wrong} == {"link.csv", "large.csv"}
            assert (outside.folder / "failed" / "link.csv").is_symlink()
            assert (tmp_path / "secret").read_bytes() == b"secret"

    async def test_put_away_it_lies_there_with_its_note_and_nothing_is_replaced(
        self, under_test: DropUnderTest, tmp_path: Path
    ) -> None:
        async with under_test.opened(tmp_path) as outside, under_test.drop(outside) as drop:
            for number, who in enumerate(("one", "two")):
                _lay(outside, "a.csv", str(number).encode())
                await drop.claim(_claim("a.csv", who))
                for _ in range(2):
                    await drop.put_away(_claim("a.csv", who), Outcome.FAILED, note=f"reason {number}")
                assert not await drop.holds(_claim("a.csv", who))

            failed = {path.name: path.read_text() for path in (outside.folder / "failed").iterdir()}
            assert failed == {
                "a.csv": "0",
                "a.csv.reason.txt": "reason 0\n",
                "a.csv.2": "1",
                "a.csv.2.reason.txt": "reason 1\n",
            }
            assert [*(outside.folder / "claimed").iterdir()] == []

    async def test_a_place_that_cannot_be_reached_is_an_outage(self, under_test: DropUnderTest, tmp_path: Path) -> None:
        (tmp_path / "outside").mkdir()
        async with under_test.opened(tmp_path / "outside") as outside, under_test.drop(outside) as drop:
            await outside.go_away()
            with pytest.raises(TransientError):
                await drop.ready()


def _lay(outside: DropStandIn, name: str, content: bytes = b"bytes", *, at: int = 1_700_000_000) -> None:
    path = outside.folder / name
    path.write_bytes(content)
    os.utime(path, (at, at))


def _lying(outside: DropStandIn, where: str = ".") -> list[str]:
    return sorted(path.name for path in (outside.folder / where).iterdir() if path.is_file())


def _claim(name: str, claimant: str = "ours") -> Claim:
    return Claim(name=name, claimant=claimant)
