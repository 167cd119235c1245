"""What every archive must show, wherever it keeps.

Inherit the suite in a test module beside the stand-ins and name their folder: `stand_ins = Path(__file__).parent`.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from types import ModuleType
from typing import ClassVar, Protocol, cast
from uuid import UUID

import pytest
import pytest_asyncio

from xconnector.contract.archive import Archive, Record
from xconnector.contract.errors import ConnectorError, MisconfiguredError, PermanentError, TransientError
from xconnector.contract.manifest import Surroundings
from xconnector.contract.registry import connector_names, manifest
from xconnector.domain.document import Rendition, RenditionKind
from xconnector.testing.conformance.stand_in_module import fail_without_stand_in, stand_in_module

_STRANGE_ADDRESSES = (
    "",
    "/etc/passwd",
    "../../../../etc/passwd",
    "sha256:../../../../etc/passwd",
    f"sha256:{'0' * 60}/../",
    f"pack:../../etc:0:10:{'0' * 64}",
    f"pack:{'0' * 64}:-1:10:{'0' * 64}",
    "file:///etc/passwd",
    "a\0b",
    "x" * 100_000,
)


class ArchiveStandIn(Protocol):
    """What lies behind one archive, which behaves as told.

    It is opened by `open_archive_stand_in(folder)` in `<stand-ins>/<connector>/stand_in.py`, an async context
    manager. What a system cannot do it answers by calling `not_applicable`.
    """

    @property
    def settings(self) -> Mapping[str, object]:
        """The connection as a project file would state it, without `connector` and `limits`."""
        ...

    async def copies_of(self, content: bytes) -> int:
        """Return how many times these bytes lie in the archive."""
        ...

    async def spoil(self, address: str) -> None:
        """Change one byte of what is kept at an address, behind the archive's back."""
        ...

    async def go_down(self) -> None:
        """From now on the archive is out of reach."""
        ...

    async def reject_credentials(self) -> None:
        """From now on reject the credentials that stand in `settings`."""
        ...


def sample_record(number: int = 1, content: bytes | None = None) -> Record:
    """Return the record with this number: another number is another communication with other bytes."""
    written = f"%PDF-1.7 Jördis Sämann, Police {number}\n".encode() * 50 if content is None else content
    return Record(
        communication_id=UUID(int=0x0197_0000_0000_7000_8000_0000_0000_0000 + number),
        rendition=Rendition.of(RenditionKind.LETTER, written, pages=1),
        record_class="contract",
        retain_until=date(2036, 12, 31),
    )


class _ModuleWithStandIn(Protocol):
    open_archive_stand_in: Callable[[Path], AbstractAsyncContextManager[ArchiveStandIn]]


@dataclass(frozen=True, slots=True, kw_only=True)
class _ArchiveUnderTest:
    name: str
    module: ModuleType | None

    def open_stand_in(self, folder: Path) -> AbstractAsyncContextManager[ArchiveStandIn]:
        if self.module is None:
            fail_without_stand_in(self.name, "archive")
        return cast("_ModuleWithStandIn", self.module).open_archive_stand_in(folder)


@pytest.mark.asyncio
class ArchiveConformance:
    """For every archive in the registry."""

    stand_ins: ClassVar[Path]
    """Folder that holds `<connector>/stand_in.py`."""
    connectors: ClassVar[Sequence[str] | None] = None
    """Names to run for; None runs for all that are installed."""

    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        if "under_test" in metafunc.fixturenames:
            names = connector_names() if self.connectors is None else self.connectors
            archives = [
                _ArchiveUnderTest(name=name, module=stand_in_module(self.stand_ins, name, role="archive"))
                for name in names
                if _is_archive(name)
            ]
            metafunc.parametrize("under_test", archives, ids=[archive.name for archive in archives])

    @pytest_asyncio.fixture
    async def stand_in(self, under_test: _ArchiveUnderTest, tmp_path: Path) -> AsyncIterator[ArchiveStandIn]:
        folder = tmp_path / "outside"
        folder.mkdir()
        async with under_test.open_stand_in(folder) as stand_in:
            yield stand_in

    @pytest.fixture
    def open_archive(
        self, under_test: _ArchiveUnderTest, stand_in: ArchiveStandIn, tmp_path: Path
    ) -> Callable[[], Archive]:
        found = manifest(under_test.name)
        assert found.archive is not None
        role = found.archive
        settings = found.settings.model_validate(dict(stand_in.settings))
        state_folder = tmp_path / "state"
        state_folder.mkdir()
        surroundings = Surroundings(project_folder=tmp_path, state_folder=state_folder)
        return lambda: role(settings, surroundings)

    @pytest_asyncio.fixture
    async def archive(self, open_archive: Callable[[], Archive]) -> AsyncIterator[Archive]:
        async with open_archive() as archive:
            yield archive

    async def test_check_passes_where_all_is_well(self, archive: Archive) -> None:
        await archive.check()

    async def test_no_record_gives_no_address(self, archive: Archive) -> None:
        assert list(await archive.keep([], batch_key="batch-0")) == []

    @pytest.mark.parametrize("count", [1, 2, 60])
    async def test_what_is_kept_comes_back_byte_for_byte(self, archive: Archive, count: int) -> None:
        records = [sample_record(number) for number in range(count)]

        addresses = _kept(await archive.keep(records, batch_key="batch-1"))

        assert len(set(addresses)) == count
        assert [await archive.fetch(address) for address in addresses] == [
            record.rendition.content for record in records
        ]

    async def test_awkward_bytes_come_back_byte_for_byte(self, archive: Archive) -> None:
        contents = [b"", b"\0", b"\r\n", bytes(range(256)) * 9, b"\xff" * 3_000_000]
        records = [sample_record(number, content) for number, content in enumerate(contents)]

        together = _kept(await archive.keep(records, batch_key="batch-1"))
        alone = [_kept(await archive.keep([record], batch_key=f"alone-{at}"))[0] for at, record in enumerate(records)]

        for addresses in (together, alone):
            assert [await archive.fetch(address) for address in addresses] == contents

    async def test_what_is_kept_outlives_the_connection(
        self, archive: Archive, open_archive: Callable[[], Archive]
    ) -> None:
        records = [sample_record(1), sample_record(2)]
        addresses = _kept(await archive.keep(records, batch_key="batch-1"))

        async with open_archive() as reopened:
            assert await reopened.fetch(addresses[1]) == records[1].rendition.content

    @pytest.mark.parametrize("count", [1, 3])
    async def test_the_same_batch_twice_is_kept_once(
        self, archive: Archive, open_archive: Callable[[], Archive], stand_in: ArchiveStandIn, count: int
    ) -> None:
        records = [sample_record(number) for number in range(count)]

        first = await archive.keep(records, batch_key="batch-1")
        async with open_archive() as reopened:
            second = await reopened.keep(records, batch_key="batch-1")

        assert list(first) == list(second)
        assert [await stand_in.copies_of(record.rendition.content) for record in records] == [1] * count

    async def test_the_same_bytes_twice_in_a_batch_are_kept_once(
        self, archive: Archive, stand_in: ArchiveStandIn
    ) -> None:
        content = b"the same terms for everybody" * 40
        records = [sample_record(1, content), sample_record(2), sample_record(3, content)]

        addresses = _kept(await archive.keep(records, batch_key="batch-1"))

        assert await stand_in.copies_of(content) == 1
        assert await archive.fetch(addresses[2]) == content

    async def test_two_workers_with_the_same_batch_keep_it_once(
        self, open_archive: Callable[[], Archive], stand_in: ArchiveStandIn
    ) -> None:
        records = [sample_record(number) for number in range(3)]

        async with open_archive() as one, open_archive() as other:
            first, second = await asyncio.gather(
                one.keep(records, batch_key="batch-1"), other.keep(records, batch_key="batch-1")
            )

        assert _kept(first) == _kept(second)
        assert await stand_in.copies_of(records[0].rendition.content) == 1

    async def test_bytes_that_do_not_match_their_digest_are_refused_alone(self, archive: Archive) -> None:
        good, bad = sample_record(1), _mismatched(sample_record(2))

        results = await archive.keep([good, bad, sample_record(3)], batch_key="batch-1")

        assert [isinstance(result, PermanentError) for result in results] == [False, True, False]
        assert await archive.fetch(str(results[0])) == good.rendition.content

    async def test_an_address_where_nothing_is_kept_is_permanent(self, archive: Archive) -> None:
        (address,) = _kept(await archive.keep([sample_record(1)], batch_key="batch-1"))
        elsewhere = address.translate(str.maketrans("0123456789", "1234567890"))

        with pytest.raises(PermanentError):
            await archive.fetch(elsewhere)

    @pytest.mark.parametrize("address", _STRANGE_ADDRESSES, ids=range(len(_STRANGE_ADDRESSES)))
    async def test_an_address_it_never_gave_is_permanent(self, archive: Archive, address: str) -> None:
        await archive.keep([sample_record(1)], batch_key="batch-1")

        with pytest.raises(PermanentError):
            await archive.fetch(address)

    @pytest.mark.parametrize("count", [1, 3])
    async def test_spoilt_bytes_are_permanent_and_never_given(
        self, archive: Archive, stand_in: ArchiveStandIn, count: int
    ) -> None:
        addresses = _kept(await archive.keep([sample_record(number) for number in range(count)], batch_key="batch-1"))
        await stand_in.spoil(addresses[0])

        with pytest.raises(PermanentError):
            await archive.fetch(addresses[0])
        for address in addresses[1:]:
            assert await archive.fetch(address)

    async def test_an_outage_is_transient(self, archive: Archive, stand_in: ArchiveStandIn) -> None:
        (address,) = _kept(await archive.keep([sample_record(1)], batch_key="batch-1"))
        await stand_in.go_down()

        results = await archive.keep([sample_record(2), sample_record(3)], batch_key="batch-2")

        assert [type(result) for result in results] == [TransientError, TransientError]
        with pytest.raises(TransientError):
            await archive.fetch(address)
        with pytest.raises(TransientError):
            await archive.check()

    async def test_wrong_credentials_are_misconfigured(self, archive: Archive, stand_in: ArchiveStandIn) -> None:
        await stand_in.reject_credentials()

        results = await archive.keep([sample_record(1)], batch_key="batch-1")

        assert [type(result) for result in results] == [MisconfiguredError]
        with pytest.raises(MisconfiguredError):
            await archive.check()

    async def test_errors_tell_no_content(self, archive: Archive, stand_in: ArchiveStandIn) -> None:
        refused = await archive.keep([_mismatched(sample_record(1))], batch_key="batch-1")
        await stand_in.go_down()
        unreached = await archive.keep([sample_record(1)], batch_key="batch-1")

        for error in (*refused, *unreached):
            assert isinstance(error, ConnectorError)
            told = f"{error!r} {error} {error.__cause__!r} {error.__context__!r}"
            assert "Jördis" not in told
            assert str(error)


def _kept(results: Sequence[str | ConnectorError]) -> list[str]:
    """Return the addresses; fail the test where one is an error."""
    for result in results:
        assert isinstance(result, str), result
        assert result
    return [str(result) for result in results]


def _mismatched(record: Record) -> Record:
    return replace(record, rendition=replace(record.rendition, content="other bytes of Jördis".encode()))


def _is_archive(name: str) -> bool:
    try:
        return manifest(name).archive is not None
    except (ImportError, AttributeError, TypeError):
        # One that cannot be loaded fails the manifests' suite and must not hide the others here.
        return False
