"""A folder, which can go away and knows no credentials."""

import hashlib
import json
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from xconnector.contract.channel import Recipient
from xconnector.domain.document import RenditionKind
from xconnector.testing.conformance import Arrival, not_applicable


class FolderStandIn:
    def __init__(self, folder: Path) -> None:
        self.folder = folder / "outgoing"
        self.folder.mkdir()
        self._taken: set[str] = set()

    @property
    def settings(self) -> Mapping[str, Any]:
        takes = ["letter", "email", "sms", "push"]
        names = "{communication}/{dispatch_key}-{rendition}"
        return {"folder": str(self.folder), "medium": "print", "takes": takes, "names": names}

    async def arrived(self) -> Sequence[Arrival]:
        notes = [json.loads(path.read_bytes()) for path in sorted(self.folder.rglob("*-about.json"))]
        return [
            Arrival(
                dispatch_key=note["dispatch_key"],
                digests={
                    RenditionKind(one["rendition"]): hashlib.sha256(
                        (self.folder / one["file"]).read_bytes()
                    ).hexdigest()
                    for one in note["documents"]
                },
            )
            for note in notes
        ]

    async def go_down(self) -> None:
        self.folder.rename(self.folder.with_name("elsewhere"))

    async def lose_answers(self) -> None:
        not_applicable("a folder answers by the file that lies in it")

    async def refuse(self, recipient: Recipient) -> None:
        del recipient
        not_applicable("a folder takes every file")

    async def reject_credentials(self) -> None:
        not_applicable("a folder knows no credentials")


@asynccontextmanager
async def open_stand_in(folder: Path) -> AsyncGenerator[FolderStandIn]:
    yield FolderStandIn(folder)
