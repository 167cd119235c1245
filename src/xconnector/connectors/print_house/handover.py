"""Handing a bundle over: totals, data, then manifest, then the trigger, which alone makes it the house's.

Before the trigger lies there, nothing happened, and everything may be laid down again. Once it did, the
house leaves a trace at every moment: the trigger, its copy among the processed files, or an
acknowledgement.
"""

import asyncio
from collections.abc import Coroutine
from pathlib import Path

import msgspec

from xconnector.connectors.print_house.acknowledgement import AcknowledgementFolders
from xconnector.connectors.print_house.destination import Destination
from xconnector.connectors.print_house.manifest import Contents, UnreadableManifestError, read_contents
from xconnector.connectors.print_house.sealing import SUFFIX, BrokenSealError, SealedFiles
from xconnector.connectors.print_house.sent_bundles import SentBundles
from xconnector.connectors.print_house.settings import PrintHouseSettings
from xconnector.connectors.print_house.ticket import Printed, PrintedFile, manifest_name, trigger_name
from xconnector.contract.errors import OutcomeUnknownError

LARGEST_MANIFEST = 1 << 28
"""In bytes; a piece takes about 400."""


class HandOver:
    """The hand-over of bundles to one destination."""

    def __init__(
        self,
        destination: Destination,
        settings: PrintHouseSettings,
        sent: SentBundles,
        sealed: SealedFiles | None = None,
    ) -> None:
        self._destination = destination
        self._sealed = sealed
        self._processed = settings.processed_folder
        self._acknowledgements = AcknowledgementFolders.of(settings)
        self._sent = sent

    async def hand_over(self, bundle_key: str, printed: Printed, folder: Path) -> None:
        """Lay down what the press made in the folder.

        Raises TransientError or MisconfiguredError when nothing was committed, OutcomeUnknownError when
        the answer to the commit was lost.
        """
        for file in (printed.announcement, *printed.parts, *printed.records):
            await self._lay_down(bundle_key, file, folder)
        manifest = await self._lay_down(bundle_key, printed.manifest, folder)
        self._sent.remember(bundle_key, folder / printed.manifest.name)
        trigger = {"bundle": bundle_key, "manifest": manifest.name, "sha256": manifest.sha256}
        await _to_its_end(self._destination.commit(msgspec.json.encode(trigger) + b"\n", trigger_name(bundle_key)))
        if self._sealed is not None:
            self._sealed.forget(bundle_key)

    async def arrived(self, bundle_key: str) -> bool:
        """Say whether the house has, or had, the bundle.

        Raises OutcomeUnknownError when its files were laid down and are gone without a trace.
        """
        trigger = trigger_name(bundle_key)
        # The house moves from the first to the second: asked in this order, none slips through between.
        for trace in (trigger, f"{self._processed}/{trigger}", *self._acknowledgements.places_of(bundle_key)):
            if await self._destination.size_of(trace) is not None:
                return True
        was_laid_down = self._sent.manifest_of(bundle_key) is not None
        if was_laid_down and await self._destination.size_of(self._manifest_of(bundle_key)) is None:
            raise OutcomeUnknownError(
                f"the files of bundle {bundle_key} are gone without trigger, processed copy, or acknowledgement; "
                "ask the print house whether it has them"
            )
        return False

    async def contents_of(self, bundle_key: str) -> Contents:
        """Return what the manifest of a bundle says, from our own copy or the house's.

        Raises UnreadableManifestError when there is none, or it is damaged.
        """
        kept = self._sent.manifest_of(bundle_key)
        if kept is not None:
            with kept.open("rb") as lines:
                return read_contents(lines, bundle_key)
        name = self._manifest_of(bundle_key)
        for place in (name, f"{self._processed}/{name}"):
            content = await self._destination.read(place, at_most=LARGEST_MANIFEST)
            if content is not None:
                return read_contents(self._unsealed(content, bundle_key).splitlines(), bundle_key)
        raise UnreadableManifestError(f"there is no manifest of a bundle {bundle_key}, here or at the house")

    async def _lay_down(self, bundle_key: str, file: PrintedFile, folder: Path) -> PrintedFile:
        """Put a file unless an earlier attempt did: size first, for it is cheap, then the hash.

        Returns it as it lies there, which is sealed where seals are asked for.
        """
        path = folder / file.name
        if self._sealed is not None:
            file, path = await asyncio.to_thread(self._sealed.sealed, bundle_key, file, folder)
        if (
            await self._destination.size_of(file.name) != file.size
            or await self._destination.digest_of(file.name) != file.sha256
        ):
            await self._destination.put(path, file.name)
        return file

    def _manifest_of(self, bundle_key: str) -> str:
        name = manifest_name(bundle_key)
        return name if self._sealed is None else f"{name}{SUFFIX}"

    def _unsealed(self, manifest: bytes, bundle_key: str) -> bytes:
        """Return a manifest that lies at the house; only we can have written it, for our key has signed it."""
        if self._sealed is None:
            return manifest
        try:
            return self._sealed.seal.own(manifest)
        except BrokenSealError as error:
            raise UnreadableManifestError(
                f"the manifest of {bundle_key} at the house cannot be opened: {error}"
            ) from error


async def _to_its_end(commit: Coroutine[None, None, None]) -> None:
    """Await the commit; whoever gives up waiting is let go only when it is over, so that asking then is certain."""
    committing = asyncio.ensure_future(commit)
    try:
        await asyncio.shield(committing)
    except asyncio.CancelledError:
        await asyncio.wait({committing})
        raise
