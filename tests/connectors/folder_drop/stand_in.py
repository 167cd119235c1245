"""A folder of this machine in which files arrive."""

import shutil
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class FolderStandIn:
    folder: Path

    @property
    def settings(self) -> Mapping[str, object]:
        return {"folder": str(self.folder)}

    async def go_away(self) -> None:
        shutil.rmtree(self.folder)


@asynccontextmanager
async def open_drop(folder: Path) -> AsyncGenerator[FolderStandIn]:
    yield FolderStandIn(folder=folder)
