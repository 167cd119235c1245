"""Reads status files where they lie, finds the letters that they name, and gives what they say."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import replace
from fnmatch import fnmatchcase
from itertools import chain, islice

from xconnector.connectors.print_house.destination import Destination
from xconnector.connectors.print_house.sent_bundles import SentBundles
from xconnector.connectors.print_house.sent_pieces import Envelope, Says, envelopes_of, meant
from xconnector.connectors.print_house.status_files import SpoiltRow, Told, UnreadableStatusFileError, read
from xconnector.connectors.print_house.tracking import StatusFiles
from xconnector.contract.channel import Inbound
from xconnector.contract.errors import PermanentError
from xconnector.domain.delivery import OF_NOBODY, DeliveryEvent

_LARGEST = 1 << 26
ROWS_AT_ONCE = 5000
"""Reports that are kept in one transaction."""


class TrackingReports:
    """The files of one kind at one destination."""

    def __init__(self, files: StatusFiles, destination: Destination, sent: SentBundles) -> None:
        self._files = files
        self._destination = destination
        self._sent = sent

    async def reports(self) -> AsyncIterator[Inbound[Sequence[DeliveryEvent]]]:
        """Give what the files say, a few thousand rows at a time; a file is moved away after its last.

        Given again, the same rows are the same reports. PermanentError names at the end what was not understood.
        """
        wrong: list[str] = []
        for name in await self._destination.names_in(self._files.folder):
            if name.startswith(".") or not fnmatchcase(name, self._files.files):
                continue
            try:
                async for inbound in self._of_file(name, wrong):
                    yield inbound
            except (UnreadableStatusFileError, PermanentError) as error:
                await self._set_aside(name, str(error))
                wrong.append(f"{name}: {error}")
        if wrong:
            raise PermanentError(
                f"not understood, see {self._files.folder}/set-aside: {'; '.join(wrong)}. "
                "Correct `tracking` or the file"
            )

    async def _of_file(self, name: str, wrong: list[str]) -> AsyncIterator[Inbound[Sequence[DeliveryEvent]]]:
        place = f"{self._files.folder}/{name}"
        written_at = await self._destination.written_at(place)
        content = await self._destination.read(place, at_most=_LARGEST)
        if content is None:
            return
        rows = read(content, self._files, written_at=written_at)
        spoilt: list[SpoiltRow] = []
        page = list(islice(rows, ROWS_AT_ONCE))
        while page:
            following = list(islice(rows, ROWS_AT_ONCE))
            spoilt += [row for row in page if isinstance(row, SpoiltRow)]
            events = self._events([row for row in page if isinstance(row, Told)])
            if following:
                yield Inbound(item=events, ack=_nothing, nack=self._setting_aside(name))
            else:
                yield Inbound(item=events, ack=self._taking(name, spoilt), nack=self._setting_aside(name))
            page = following
        if spoilt:
            wrong.append(f"{name}: {len(spoilt)} rows")

    def _events(self, told: Sequence[Told]) -> list[DeliveryEvent]:
        """Return the events under the dispatch keys that are meant; of nobody's letter, under the mark behind `?`."""
        says = self._files.key.says
        if says == "dispatch_key":
            return [each.event for each in told]
        found = envelopes_of({each.key for each in told}, says, self._sent)
        return list(chain.from_iterable(events_of(each, found.get(each.key, ()), says) for each in told))

    def _taking(self, name: str, spoilt: Sequence[SpoiltRow]) -> Callable[[], Awaitable[None]]:
        async def ack() -> None:
            if spoilt:
                # The file is beside: who mends these rows finds what they say there.
                await self._set_aside(name, "\n".join(f"line {row.line}: {row.reason}" for row in spoilt))
            else:
                await self._destination.move(f"{self._files.folder}/{name}", f"{self._files.folder}/done/{name}")

        return ack

    def _setting_aside(self, name: str) -> Callable[[str], Awaitable[None]]:
        async def nack(reason: str) -> None:
            await self._set_aside(name, reason)

        return nack

    async def _set_aside(self, name: str, reason: str) -> None:
        folder = f"{self._files.folder}/set-aside"
        await self._destination.move(f"{self._files.folder}/{name}", f"{folder}/{name}")
        await self._destination.write(f"{reason}\n".encode(), f"{folder}/{name}.reason.txt")


def events_of(told: Told, envelopes: Sequence[Envelope], says: Says) -> list[DeliveryEvent]:
    """Return what a row tells of the letters in the envelope that it means, of those that bear its mark."""
    envelope = meant(envelopes, says, at=told.event.occurred_at)
    if envelope is not None:
        return [replace(told.event, dispatch_key=key) for key in envelope.dispatch_keys]
    unclear = f"; {len(envelopes)} envelopes bear this mark" if envelopes else ""
    return [replace(told.event, dispatch_key=f"{OF_NOBODY}{told.key}", detail=f"{told.event.detail}{unclear}")]


async def _nothing() -> None:
    """A file is moved away with its last rows."""
