"""The print house as a channel: bundles out, acknowledgements in."""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Self

from xconnector.connectors.print_house.acknowledgement import (
    AcknowledgementFolders,
    UnreadableAcknowledgementError,
    bundle_of,
    events_of,
    is_sealed,
)
from xconnector.connectors.print_house.client import SftpOfHouse
from xconnector.connectors.print_house.destination import Destination
from xconnector.connectors.print_house.destinations import FolderDestination, SftpDestination
from xconnector.connectors.print_house.folder import FolderOfHouse
from xconnector.connectors.print_house.handover import HandOver
from xconnector.connectors.print_house.manifest import UnreadableManifestError
from xconnector.connectors.print_house.press import press
from xconnector.connectors.print_house.records import TemplateError, sections_of
from xconnector.connectors.print_house.sealing import BrokenSealError, Seal, SealedFiles
from xconnector.connectors.print_house.sent_bundles import SentBundles
from xconnector.connectors.print_house.settings import IntelligentMail, PrintHouseSettings, RecordFile
from xconnector.connectors.print_house.spool import Spool, checked_key, sweep
from xconnector.connectors.print_house.ticket import EnvelopeClass, Imb, Layout, LeftOut, PostageClass, Record
from xconnector.connectors.print_house.tracking_reports import TrackingReports
from xconnector.contract.channel import Bundle, BundleReceipt, Dispatch, Inbound, Receipt
from xconnector.contract.errors import ConnectorError, MisconfiguredError, PermanentError
from xconnector.contract.manifest import Surroundings
from xconnector.domain.delivery import DeliveryEvent, DeliveryEventType
from xconnector.domain.document import RenditionKind

_LARGEST_ACKNOWLEDGEMENT = 1 << 26
_MEGABYTE = 1 << 20


def _utc_now() -> datetime:
    return datetime.now(UTC)


class PrintHouse:
    """Collects letters into bundles and hands them over."""

    def __init__(self, settings: PrintHouseSettings, surroundings: Surroundings, seal: Seal | None = None) -> None:
        if (settings.pgp is None) != (seal is None):
            raise ValueError("a seal is given where `pgp` is set, and nowhere else")
        self._settings = settings
        self._layout = layout_of(settings, surroundings.project_folder)
        self._spools = surroundings.state_folder / "spools"
        self._sent = SentBundles(surroundings.state_folder / "sent", _utc_now)
        self._destination = _destination(settings.destination, surroundings)
        self._posts = [
            self._destination if files.destination is None else _destination(files.destination, surroundings)
            for files in settings.tracking
        ]
        self._tracking = [
            TrackingReports(files, post, self._sent) for files, post in zip(settings.tracking, self._posts, strict=True)
        ]
        self._seal = seal
        self._sealed = None if seal is None else SealedFiles(surroundings.state_folder / "sealed", seal)
        self._hand_over = HandOver(self._destination, settings, self._sent, self._sealed)
        self._acknowledgements = AcknowledgementFolders.of(settings)

    async def __aenter__(self) -> Self:
        if self._seal is not None:
            await asyncio.to_thread(self._seal.prove)
        await asyncio.to_thread(sweep, self._spools)
        return self

    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None, /
    ) -> None:
        for destination in (self._destination, *self._posts):
            await destination.close()

    async def check(self) -> None:
        if self._seal is not None:
            await asyncio.to_thread(self._seal.prove)
        await self._destination.check()

    @property
    def takes(self) -> frozenset[RenditionKind]:
        return frozenset({RenditionKind.LETTER})

    @property
    def pieces_per_bundle(self) -> int:
        return self._settings.pieces_per_bundle

    async def send(self, dispatches: Sequence[Dispatch]) -> Sequence[Receipt | ConnectorError]:
        """Hand the dispatches over as one bundle, whose key follows from theirs."""
        if not dispatches:
            return []
        bundle = Bundle(
            bundle_key=_key_of(dispatches), created_at=_utc_now(), pieces=len(dispatches), run=dispatches[0].run
        )
        try:
            sent = await self.send_bundle(bundle, dispatches)
        except ConnectorError as error:
            return [error] * len(dispatches)
        receipt = Receipt(reference=sent.reference, awaits_report=sent.awaits_report)
        return [sent.left_out.get(dispatch.dispatch_key, receipt) for dispatch in dispatches]

    async def send_bundle(self, bundle: Bundle, pieces: Iterable[Dispatch]) -> BundleReceipt:
        """Make the bundle and hand it over; one that the house has already is not handed over again.

        Pieces are printed as given unless the settings sort them. What cannot be printed is left out; a
        bundle of which nothing is left is not handed over.
        """
        arrived = await self.ask_bundle(bundle.bundle_key)
        if arrived is not None:
            return arrived
        self._prove_serials(bundle)
        with Spool(self._spools, bundle.bundle_key) as spool:
            ticket = await asyncio.to_thread(spool.fill, bundle, pieces, self._layout)
            printed = await press(ticket, spool)
            if printed.parts:
                await self._hand_over.hand_over(bundle.bundle_key, printed, spool.folder)
        self._forget()
        return self._receipt(bundle.bundle_key, printed.left_out, handed_over=bool(printed.parts))

    def _prove_serials(self, bundle: Bundle) -> None:
        barcodes = self._settings.intelligent_mail
        if barcodes is not None and bundle.lately > barcodes.serials:
            raise MisconfiguredError(
                f"{bundle.lately} pieces in 45 days need more serial numbers than the {barcodes.serials} of "
                "`intelligent_mail`: widen their range, or get a mailer id of six digits"
            )

    async def ask_bundle(self, bundle_key: str) -> BundleReceipt | None:
        if not await self._hand_over.arrived(checked_key(bundle_key)):
            return None
        try:
            contents = await self._hand_over.contents_of(bundle_key)
        except UnreadableManifestError as error:
            raise PermanentError(
                f"bundle {bundle_key} arrived, but {error}; compare with the print house what it printed"
            ) from error
        return self._receipt(bundle_key, contents.left_out)

    async def reports(self) -> AsyncIterator[Inbound[Sequence[DeliveryEvent]]]:
        """Give what the house acknowledged, then what status files say; what is wrong is raised at the end."""
        wrong: list[PermanentError] = []
        for each in (self._acknowledged(), *(files.reports() for files in self._tracking)):
            try:
                async for inbound in each:
                    yield inbound
            except PermanentError as error:
                wrong.append(error)
        if wrong:
            raise wrong[0]

    async def _acknowledged(self) -> AsyncIterator[Inbound[Sequence[DeliveryEvent]]]:
        """Give each acknowledgement, then a delay for each bundle whose acknowledgement is late.

        A file that cannot be understood is set aside; PermanentError names those at the end.
        """
        settings = self._settings.acknowledgement
        if settings is None:
            return
        unreadable: list[str] = []
        for name in await self._destination.names_in(settings.folder):
            bundle_key = bundle_of(name)
            if bundle_key is None:
                continue
            try:
                acknowledgement = await self._acknowledgement(name, bundle_key)
            except (UnreadableAcknowledgementError, UnreadableManifestError, PermanentError) as error:
                await self._set_aside(name, str(error))
                unreadable.append(f"{name}: {error}")
                continue
            if acknowledgement is not None:
                yield acknowledgement
        for bundle_key, handed_over_at in self._sent.open_since(_utc_now() - settings.within):
            try:
                delay = await self._delay(bundle_key, due_at=handed_over_at + settings.within)
            except UnreadableManifestError as error:
                self._sent.settle(bundle_key)
                unreadable.append(str(error))
                continue
            yield delay
        if unreadable:
            raise PermanentError(
                f"not understood, see {self._acknowledgements.set_aside}: {'; '.join(unreadable)}. "
                "Ask the print house to acknowledge again"
            )

    async def _acknowledgement(self, name: str, bundle_key: str) -> Inbound[Sequence[DeliveryEvent]] | None:
        """Return what the file says, or None where another worker took it meanwhile."""
        new = f"{self._acknowledgements.new}/{name}"
        written_at = await self._destination.written_at(new)
        content = await self._destination.read(new, at_most=_LARGEST_ACKNOWLEDGEMENT)
        if content is None:
            return None
        contents = await self._hand_over.contents_of(bundle_key)
        told = await asyncio.to_thread(self._unsealed, name, content)
        events = events_of(told, bundle_key=bundle_key, contents=contents, written_at=written_at)

        async def ack() -> None:
            await self._destination.move(new, f"{self._acknowledgements.done}/{name}")
            self._sent.settle(bundle_key)

        async def nack(reason: str) -> None:
            await self._set_aside(name, reason)

        return Inbound(item=events, ack=ack, nack=nack)

    def _unsealed(self, name: str, content: bytes) -> bytes:
        """Return what an acknowledgement says; one that is sealed is proven to be the house's."""
        if self._seal is None or self._settings.pgp is None:
            return content
        if not is_sealed(name) and not self._settings.pgp.signed_answers_only:
            return content
        try:
            return self._seal.opened(content)
        except BrokenSealError as error:
            raise UnreadableAcknowledgementError(str(error)) from error

    async def _set_aside(self, name: str, reason: str) -> None:
        folder = self._acknowledgements.set_aside
        await self._destination.move(f"{self._acknowledgements.new}/{name}", f"{folder}/{name}")
        await self._destination.write(f"{reason}\n".encode(), f"{folder}/{name}.reason.txt")

    async def _delay(self, bundle_key: str, *, due_at: datetime) -> Inbound[Sequence[DeliveryEvent]]:
        """Return the news that a bundle should have been acknowledged by now; told once."""
        contents = await self._hand_over.contents_of(bundle_key)
        events = [
            DeliveryEvent(
                dispatch_key=dispatch_key,
                type=DeliveryEventType.DEFERRED,
                occurred_at=due_at,
                detail="not acknowledged in time",
            )
            for dispatch_key in contents.dispatch_keys
        ]

        async def settle() -> None:
            self._sent.settle(bundle_key)

        async def set_aside(reason: str) -> None:  # noqa: ARG001 - there is no file that the reason could stand in
            self._sent.settle(bundle_key)

        return Inbound(item=events, ack=settle, nack=set_aside)

    def _forget(self) -> None:
        before = _utc_now() - self._settings.remember
        self._sent.forget(before)
        if self._sealed is not None:
            self._sealed.forget_before(before)

    def _receipt(self, bundle_key: str, left_out: Sequence[LeftOut], *, handed_over: bool = True) -> BundleReceipt:
        return BundleReceipt(
            reference=bundle_key,
            awaits_report=handed_over and self._settings.acknowledgement is not None,
            left_out={each.dispatch_key: PermanentError(each.reason) for each in left_out},
        )


def _key_of(dispatches: Sequence[Dispatch]) -> str:
    keys = "\n".join(dispatch.dispatch_key for dispatch in dispatches)
    return f"letters-{hashlib.sha256(keys.encode()).hexdigest()[:32]}"


def layout_of(settings: PrintHouseSettings, project_folder: Path) -> Layout:
    """Return what the settings say about paper. Raises MisconfiguredError for a template that cannot be read."""
    return Layout(
        duplex=settings.duplex,
        marks=settings.marks,
        marks_left_mm=settings.marks_position.left_mm,
        marks_top_mm=settings.marks_position.top_mm,
        sort=settings.sort,
        envelopes=tuple(
            EnvelopeClass(name=envelope.name, up_to_sheets=envelope.up_to_sheets, grams=envelope.grams)
            for envelope in settings.envelopes
        ),
        pages_per_part=settings.pages_per_part,
        bytes_per_part=settings.megabytes_per_part * _MEGABYTE,
        compression=settings.compression,
        sheet_grams=settings.sheet_grams,
        postage=tuple(PostageClass(name=each.name, up_to_grams=each.up_to_grams) for each in settings.postage),
        shares_envelopes=settings.share_envelopes,
        imb=None if settings.intelligent_mail is None else _imb_of(settings.intelligent_mail),
        records=tuple(_record_of(each, project_folder) for each in settings.records),
    )


def _imb_of(settings: IntelligentMail) -> Imb:
    return Imb(
        barcode_id=settings.barcode_id,
        service_type=settings.service_type,
        mailer_id=settings.mailer_id,
        first_serial=settings.first_serial,
        serials=settings.serials,
        left_mm=settings.left_mm,
        top_mm=settings.top_mm,
    )


def _record_of(settings: RecordFile, project_folder: Path) -> Record:
    """Return a file that is written by a template, which is read. Raises MisconfiguredError."""
    path = (project_folder / settings.template).resolve()
    if not path.is_relative_to(project_folder.resolve()):
        raise MisconfiguredError(f"the template {settings.template} lies outside the project; put it into it")
    try:
        template = path.read_bytes().decode("utf-8")
        sections_of(template)
    except (OSError, UnicodeDecodeError):
        raise MisconfiguredError(f"there is no text at {settings.template}; put the template there") from None
    except TemplateError as error:
        raise MisconfiguredError(f"{settings.template}: {error}") from None
    return Record(name=settings.name, template=template, encoding=settings.encoding)


def _destination(settings: FolderDestination | SftpDestination, surroundings: Surroundings) -> Destination:
    if isinstance(settings, SftpDestination):
        return SftpOfHouse(settings)
    may_make = not settings.folder.is_absolute()
    return FolderOfHouse(surroundings.project_folder / settings.folder, may_make=may_make)
