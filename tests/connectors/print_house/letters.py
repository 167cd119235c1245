"""Letters to be printed: sound ones, and one of each kind that is not."""

import io
import zlib
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import pikepdf
from pikepdf import Array, Dictionary, Name

from xconnector.connectors.print_house.bundle import make_bundle
from xconnector.connectors.print_house.channel import layout_of
from xconnector.connectors.print_house.settings import PrintHouseSettings
from xconnector.connectors.print_house.spool import Spool
from xconnector.connectors.print_house.ticket import Layout, Printed
from xconnector.contract.channel import Bundle, Dispatch, Recipient
from xconnector.domain.document import Rendition, RenditionKind

A4 = (595, 842)


@contextmanager
def drawn(pages: int, *, tag: str = "") -> Generator[pikepdf.Pdf]:
    """Give a letter whose pages inherit size and fonts, as many programs write them."""
    with pikepdf.new() as pdf:
        for number in range(pages):
            pdf.add_blank_page(page_size=A4)
            page = pdf.pages[-1].obj
            page.Contents = pikepdf.Stream(pdf, f"BT /F1 12 Tf 100 700 Td ({tag} page {number + 1}) Tj ET".encode())
            page.StructParents = number
            del page["/MediaBox"], page["/Resources"]
        font = pdf.make_indirect(Dictionary(Type=Name.Font, Subtype=Name.Type1, BaseFont=Name.Helvetica))
        pdf.Root.Pages.Resources = Dictionary(Font=Dictionary(F1=font))
        pdf.Root.Pages.MediaBox = Array([0, 0, *A4])
        yield pdf


def saved(pdf: pikepdf.Pdf, encryption: pikepdf.Encryption | bool = False) -> bytes:
    written = io.BytesIO()
    pdf.save(written, encryption=encryption, static_id=not encryption)
    return written.getvalue()


def letter(pages: int = 1, *, tag: str = "") -> bytes:
    with drawn(pages, tag=tag) as pdf:
        return saved(pdf)


def piece(
    number: int, content: bytes | None = None, *, pages: int | None = 1, postcode: str = "", country: str = "DE"
) -> Dispatch:
    """Return the dispatch with this number, of a one-page letter unless `content` says otherwise."""
    communication_id = UUID(int=0x0197_0000_0000_7000_8000_0000_0000_0000 + number)
    written = letter(pages or 1, tag=f"K{number}") if content is None else content
    return Dispatch(
        dispatch_key=f"dispatch-{number}",
        communication_id=communication_id,
        communication="policy_issued",
        title="Ihre Police",
        language="de",
        promotional=False,
        recipient=Recipient(customer_key=f"K{number}", name="Jördis Sämann", postcode=postcode, country=country),
        renditions={RenditionKind.LETTER: Rendition.of(RenditionKind.LETTER, written, pages=pages)},
        run="run-7",
    )


def without_letter(dispatch: Dispatch) -> Dispatch:
    return replace(dispatch, renditions={})


def bundle_of(pieces: Sequence[Dispatch], key: str = "run-7-1") -> Bundle:
    return Bundle(bundle_key=key, created_at=datetime(2026, 11, 23, 8, 30, tzinfo=UTC), pieces=len(pieces), run="run-7")


def layout(**settings: object) -> Layout:
    destination = {"kind": "folder", "folder": "print"}
    return layout_of(PrintHouseSettings.model_validate({"destination": destination, **settings}), Path())


def printed(pieces: Sequence[Dispatch], folder: Path, **settings: object) -> Printed:
    """Make a bundle here and now, into the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    with Spool(folder / "spools", "run-7-1") as spool:
        ticket = spool.fill(bundle_of(pieces), pieces, layout(**settings))
        return make_bundle(ticket, spool.folder / "spool", folder, starts=lambda _: None)


def truncated() -> bytes:
    return letter(2)[:-200]


def locked() -> bytes:
    with drawn(1) as pdf:
        return saved(pdf, pikepdf.Encryption(user="secret", owner="secret"))


def with_spoilt_drawing() -> bytes:
    """Return a letter whose page is packed, and damaged in the middle."""
    with drawn(1) as pdf:
        packed = bytearray(zlib.compress(b"0 0 m 100 100 l S\n" * 500))
        packed[len(packed) // 2] ^= 0xFF
        pdf.pages[0].obj.Contents = pikepdf.Stream(pdf, bytes(packed), Filter=Name.FlateDecode)
        return saved(pdf)


def with_hidden_layer() -> bytes:
    with drawn(1) as pdf:
        layer = pdf.make_indirect(Dictionary(Type=Name.OCG, Name="internal remarks"))
        pdf.Root.OCProperties = Dictionary(OCGs=[layer], D=Dictionary(OFF=[layer]))
        return saved(pdf)


def without_pages() -> bytes:
    with pikepdf.new() as pdf:
        return saved(pdf)


def with_circular_pages() -> bytes:
    with drawn(1) as pdf:
        pdf.Root.Pages.Kids.append(pdf.Root.Pages)
        return saved(pdf)


def with_stamp() -> bytes:
    """Return a letter with a rubber stamp, which is an annotation with a drawing of its own."""
    with drawn(1) as pdf:
        drawing = pikepdf.Stream(pdf, b"0 0 100 50 re f", Type=Name.XObject, Subtype=Name.Form, BBox=[0, 0, 100, 50])
        stamp = Dictionary(
            Type=Name.Annot, Subtype=Name.Stamp, Rect=[200, 200, 300, 250], F=4, AP=Dictionary(N=drawing)
        )
        pdf.pages[0].obj.Annots = Array([pdf.make_indirect(stamp)])
        return saved(pdf)


def turned(degrees: int) -> bytes:
    """Return a landscape letter that is shown upright, or the like."""
    with drawn(1) as pdf:
        pdf.Root.Pages.Rotate = degrees
        pdf.Root.Pages.MediaBox = Array([50, 60, 50 + A4[0], 60 + A4[1]])
        return saved(pdf)


def packed_zeros(megabytes: int) -> bytes:
    """Return so many megabytes of zeros, packed, without ever having them all."""
    packing = zlib.compressobj(9, wbits=-15)
    block = packing.compress(bytes(1 << 20)) + packing.flush(zlib.Z_FULL_FLUSH)
    checksum = (megabytes * (1 << 20) % 65521) << 16 | 1
    return b"\x78\xda" + block * megabytes + b"\x03\x00" + checksum.to_bytes(4, "big")


def that_eats_memory() -> bytes:
    """Return a letter of some megabytes whose only page unpacks to four gigabytes."""
    with drawn(1) as pdf:
        pdf.pages[0].obj.Contents = pikepdf.Stream(pdf, packed_zeros(4096), Filter=Name.FlateDecode)
        return saved(pdf)


def that_takes_forever() -> bytes:
    """Return a small letter that draws a large nothing a thousand times."""
    with drawn(1) as pdf:
        nothing = pdf.make_indirect(pikepdf.Stream(pdf, packed_zeros(48), Filter=Name.FlateDecode))
        pdf.pages[0].obj.Contents = Array([nothing] * 1000)
        return saved(pdf)
