"""The content archive: keeps records in files under their digests, and gives them back byte for byte."""

import asyncio
import errno
import os
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from xconnector.connectors.content_archive.address import PackedAddress, SingleAddress, parse_address
from xconnector.connectors.content_archive.pack import DamagedPackError, PackEntry, plan_pack, read_index
from xconnector.connectors.content_archive.settings import ContentArchiveSettings
from xconnector.connectors.content_archive.write_once import TakenNameError, make_folder, sweep, write_once
from xconnector.contract.archive import Record
from xconnector.contract.errors import ConnectorError, MisconfiguredError, PermanentError, TransientError
from xconnector.contract.manifest import Surroundings
from xconnector.domain.document import content_digest

_REFUSED = frozenset({errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR, errno.ENOTSUP, errno.EXDEV})
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})


@dataclass(frozen=True, slots=True, kw_only=True)
class Fixity:
    """Whether what is kept at an address is still what was kept."""

    address: str
    fault: str | None
    """None where it is sound."""


class ContentArchive:
    """An archive in one folder: `sha256/ab/cd/<digest>` for single documents, `packs/ab/<name>.pack` for batches."""

    def __init__(self, settings: ContentArchiveSettings, surroundings: Surroundings) -> None:
        self._folder = surroundings.project_folder / settings.folder
        self._may_make = not settings.folder.is_absolute()

    async def __aenter__(self) -> Self:
        await asyncio.to_thread(sweep, self._incoming)
        return self

    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None, /
    ) -> None:
        """Nothing is held open."""

    async def check(self) -> None:
        await asyncio.to_thread(self._prove_hard_links)

    async def keep(
        self,
        records: Sequence[Record],
        *,
        batch_key: str,  # noqa: ARG002 - packs are named after what they hold, which is the same for the same batch
    ) -> Sequence[str | ConnectorError]:
        """Keep one record as a file of its own, several as one pack.

        The same records again, or the same bytes twice among them, are kept once.
        """
        return await asyncio.to_thread(self._keep, records)

    async def fetch(self, address: str) -> bytes:
        return await asyncio.to_thread(self._fetch, parse_address(address))

    def verify(self) -> Iterator[Fixity]:
        """Read everything that is kept, and say of each address whether its bytes still match."""
        for path in sorted(self._folder.glob("sha256/*/*/*")):
            address = SingleAddress(sha256=path.name)
            yield Fixity(address=str(address), fault=self._fault_of(address))
        for path in sorted(self._folder.glob("packs/*/*.pack")):
            yield from self._verify_pack(path)

    @property
    def _incoming(self) -> Path:
        return self._folder / "incoming"

    def _path_of(self, address: SingleAddress | PackedAddress) -> Path:
        match address:
            case SingleAddress(sha256=sha256):
                return self._folder / "sha256" / sha256[:2] / sha256[2:4] / sha256
            case PackedAddress(pack=pack):
                return self._folder / "packs" / pack[:2] / f"{pack}.pack"

    def _prove_hard_links(self) -> None:
        with self._told():
            self._prove_folder()
            make_folder(self._incoming)
            probe = self._incoming / f"check-{os.urandom(8).hex()}"
            linked = probe.with_suffix(".linked")
            try:
                probe.touch()
                linked.hardlink_to(probe)
            finally:
                probe.unlink(missing_ok=True)
                linked.unlink(missing_ok=True)

    def _prove_folder(self) -> None:
        if self._may_make:
            make_folder(self._folder)
        elif not self._folder.is_dir():
            raise TransientError(f"{self._folder} is gone; is the share mounted?")

    def _keep(self, records: Sequence[Record]) -> list[str | ConnectorError]:
        kept: list[str | ConnectorError] = [_judge(record) or "" for record in records]
        sound = [record for record, fault in zip(records, kept, strict=True) if not fault]
        try:
            addresses = iter(self._write(sound))
        except ConnectorError as error:
            return [fault or error for fault in kept]
        return [fault or next(addresses) for fault in kept]

    def _write(self, records: Sequence[Record]) -> list[str]:
        with self._told():
            self._prove_folder()
            if len(records) == 1:
                return [self._write_single(records[0])]
            return self._write_pack(records) if records else []

    def _write_single(self, record: Record) -> str:
        address = SingleAddress(sha256=record.rendition.sha256)
        write_once(self._path_of(address), [record.rendition.content], incoming=self._incoming)
        return str(address)

    def _write_pack(self, records: Sequence[Record]) -> list[str]:
        plan = plan_pack(records)
        addresses = [
            PackedAddress(pack=plan.name, offset=entry.offset, length=entry.length, sha256=entry.sha256)
            for entry in plan.entries
        ]
        write_once(self._path_of(addresses[0]), plan.contents, incoming=self._incoming)
        return [str(address) for address in addresses]

    def _fetch(self, address: SingleAddress | PackedAddress) -> bytes:
        with self._told():
            try:
                content = self._read(address)
            except FileNotFoundError as error:
                self._prove_folder()
                raise PermanentError(f"nothing is kept at {address}; restore the archive from its backup") from error
            except OSError as error:
                if error.errno != errno.ELOOP:
                    raise
                raise PermanentError(f"a link lies at {address}, which no archive makes; who put it there?") from error
        if content_digest(content) != address.sha256:
            raise PermanentError(
                f"what is kept at {address} no longer matches its SHA-256; restore the archive from its backup"
            )
        return content

    def _read(self, address: SingleAddress | PackedAddress) -> bytes:
        descriptor = os.open(self._path_of(address), os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
        try:
            size = os.fstat(descriptor).st_size
            match address:
                case SingleAddress():
                    offset, length = 0, size
                case PackedAddress(offset=offset, length=length):
                    # Nobody makes us ask for more memory than the file could fill.
                    length = min(length, size)
            return os.pread(descriptor, length, offset)
        finally:
            os.close(descriptor)

    def _fault_of(self, address: SingleAddress | PackedAddress) -> str | None:
        try:
            self._fetch(address)
        except PermanentError as error:
            return str(error)
        return None

    def _verify_pack(self, path: Path) -> Iterator[Fixity]:
        try:
            entries = self._entries_of(path)
        except DamagedPackError as error:
            yield Fixity(address=f"pack:{path.stem}", fault=f"{error}; restore the archive from its backup")
            return
        for entry in entries:
            address = PackedAddress(pack=path.stem, offset=entry.offset, length=entry.length, sha256=entry.sha256)
            yield Fixity(address=str(address), fault=self._fault_of(address))

    def _entries_of(self, path: Path) -> list[PackEntry]:
        with path.open("rb") as pack:
            name, entries = read_index(pack.fileno())
        if name != path.stem:
            raise DamagedPackError("it lies under another pack's name")
        return entries

    @contextmanager
    def _told(self) -> Generator[None]:
        """Say what an error of the file system means."""
        try:
            yield
        except TakenNameError as error:
            raise PermanentError(
                f"what is kept in {self._folder} as {error} is damaged; restore the archive from its backup"
            ) from error
        except OSError as error:
            name = errno.errorcode.get(error.errno or 0, "an error")
            if error.errno in _REFUSED:
                raise MisconfiguredError(
                    f"{self._folder} gave {name}; may this user write there, and has it hard links?"
                ) from error
            if error.errno in _FULL:
                raise TransientError(f"{self._folder} is full; make room") from error
            raise TransientError(f"{self._folder} gave {name}; is the share mounted?") from error


def _judge(record: Record) -> ConnectorError | None:
    """Return what speaks against keeping a record: bytes other than those that were approved."""
    if content_digest(record.rendition.content) == record.rendition.sha256:
        return None
    return PermanentError("the bytes do not match their SHA-256; compose the communication again")
