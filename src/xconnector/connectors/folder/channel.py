"""The channel: each dispatch becomes files, and at the end a note of what they are."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import PurePosixPath
from types import TracebackType
from typing import Self

import msgspec

from xconnector.connectors.folder.names import SIDECAR, name_of
from xconnector.connectors.folder.notes import Notes
from xconnector.connectors.folder.settings import FolderSettings
from xconnector.connectors.folder.shelf import Shelf
from xconnector.contract.channel import Dispatch, Receipt
from xconnector.contract.dispatch_facts import facts_of
from xconnector.contract.errors import (
    ConnectorError,
    MisconfiguredError,
    OutcomeUnknownError,
    PermanentError,
    TransientError,
)
from xconnector.contract.manifest import Surroundings
from xconnector.domain.document import Rendition, RenditionKind


def _now() -> datetime:
    return datetime.now(UTC)


class FolderChannel:
    """Writes, once for each dispatch: also where somebody took the files away meanwhile."""

    def __init__(
        self, settings: FolderSettings, surroundings: Surroundings, *, now: Callable[[], datetime] = _now
    ) -> None:
        self._settings = settings
        self._shelf = Shelf(surroundings.project_folder / settings.folder)
        self._notes = Notes(surroundings.state_folder / "written")
        self._now = now

    @property
    def takes(self) -> frozenset[RenditionKind]:
        return self._settings.takes

    @property
    def remembers_dispatches(self) -> bool:
        return True

    async def __aenter__(self) -> Self:
        await asyncio.to_thread(self._notes.forget, self._now())
        return self

    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None, /
    ) -> None:
        """Nothing is held open."""

    async def check(self) -> None:
        await asyncio.to_thread(self._shelf.check)

    async def send(self, dispatches: Sequence[Dispatch]) -> Sequence[Receipt | ConnectorError]:
        return await asyncio.to_thread(lambda: [self._hand_over(dispatch) for dispatch in dispatches])

    def _hand_over(self, dispatch: Dispatch) -> Receipt | ConnectorError:
        try:
            documents = self._documents(dispatch)
            digest = " ".join(rendition.sha256 for _, rendition in documents)
            written = self._notes.of(dispatch.dispatch_key)
            if written is None:
                self._write(dispatch, documents)
                self._notes.take(dispatch.dispatch_key, digest, at=self._now())
            elif written != digest:
                return PermanentError("other documents were written under this dispatch key, and stay")
        except TransientError as error:
            # Of its files some may lie there already.
            return TransientError(str(error), may_have_arrived=True)
        except ConnectorError as error:
            return error
        except OSError as wrong:
            noted = f"what was written cannot be noted in the state folder: {wrong.strerror}"
            return TransientError(noted, may_have_arrived=True)
        return Receipt(reference=dispatch.dispatch_key)

    def _write(self, dispatch: Dispatch, documents: Sequence[tuple[PurePosixPath, Rendition]]) -> None:
        files = [(path, rendition.content) for path, rendition in documents]
        if self._settings.sidecar:
            path = name_of(dispatch, self._settings.names, rendition=SIDECAR, suffix=".json")
            files.append((path, _about(dispatch, documents)))
        first, *others = files
        self._shelf.put(*first)
        # From here on nobody else may have the piece: who empties the folder may have taken the first file already.
        for path, content in others:
            try:
                self._shelf.put(path, content)
            except MisconfiguredError as error:
                raise TransientError(f"some of its files lie there already; {error}", may_have_arrived=True) from None
            except PermanentError as error:
                raise OutcomeUnknownError(f"some of its files lie there already; {error}, then settle it") from None

    def _documents(self, dispatch: Dispatch) -> list[tuple[PurePosixPath, Rendition]]:
        missing = sorted(self._settings.takes - dispatch.renditions.keys())
        if missing:
            raise PermanentError(f"no {missing[0]} was composed to write: give its template one")
        return [
            (
                name_of(dispatch, self._settings.names, rendition=kind.value, suffix=kind.file_suffix),
                dispatch.renditions[kind],
            )
            for kind in sorted(self._settings.takes)
        ]


def _about(dispatch: Dispatch, documents: Sequence[tuple[PurePosixPath, Rendition]]) -> bytes:
    """Return who gets what: the same bytes for the same dispatch."""
    told: Mapping[str, object] = {
        **facts_of(dispatch),
        "documents": [
            {
                "file": str(path),
                "rendition": rendition.kind.value,
                "media_type": rendition.kind.media_type,
                "sha256": rendition.sha256,
                "bytes": len(rendition.content),
                "pages": rendition.pages,
            }
            for path, rendition in documents
        ],
    }
    return msgspec.json.format(msgspec.json.encode(told), indent=1)
