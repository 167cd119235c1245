"""A folder, as what lies behind the content archive."""

from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import NoReturn

from xconnector.testing.conformance import not_applicable


class FolderStandIn:
    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @property
    def settings(self) -> Mapping[str, object]:
        return {"folder": str(self.folder)}

    async def copies_of(self, content: bytes) -> int:
        return sum(path.read_bytes().count(content) for path in self.folder.rglob("*") if path.is_file())

    async def spoil(self, address: str) -> None:
        kind, _, rest = address.partition(":")
        fields = rest.split(":")
        pattern, offset = ("packs/*/*.pack", int(fields[1])) if kind == "pack" else ("sha256/*/*/*", 0)
        (path,) = self.folder.glob(pattern)
        path.chmod(0o600)
        spoilt = bytearray(path.read_bytes())
        spoilt[offset] ^= 1
        path.write_bytes(spoilt)

    async def go_down(self) -> None:
        self.folder.rename(self.folder.with_name("elsewhere"))

    async def reject_credentials(self) -> NoReturn:
        not_applicable("a folder has no credentials")


@asynccontextmanager
async def open_archive_stand_in(folder: Path) -> AsyncGenerator[FolderStandIn]:
    yield FolderStandIn(folder)
