"""Made-up dispatches with real documents: what the suites hand over."""

import io
from dataclasses import replace
from uuid import UUID

import pikepdf

from xconnector.contract.channel import Dispatch, Recipient
from xconnector.domain.document import Rendition, RenditionKind
from xconnector.domain.push import PushNotice, push_content

_A4 = (595, 842)


def sample_dispatch(number: int = 1, kinds: frozenset[RenditionKind] = frozenset(RenditionKind)) -> Dispatch:
    """Return the dispatch with this number: another number is another communication for another customer."""
    communication_id = UUID(int=0x0197_0000_0000_7000_8000_0000_0000_0000 + number)
    return Dispatch(
        dispatch_key=f"{communication_id}-0",
        communication_id=communication_id,
        communication="policy_issued",
        title=f"Ihre Börsenpolice Nr. {number}",
        language="de",
        promotional=False,
        recipient=Recipient(
            customer_key=f"KUNDE-{number:05}",
            name=f"Jördis Sämann {number}",
            address_lines=(f"Kastanienallee {number}", "10435 Berlin"),
            postcode="10435",
            country="DE",
            email=f"joerdis.saemann.{number}@customers.test",
            mobile=f"+4915550{number:06}",
        ),
        renditions={kind: _rendition(kind, number) for kind in kinds},
        run=None,
    )


def with_spoilt_letter(dispatch: Dispatch) -> Dispatch:
    """Return the same dispatch with a letter that is no PDF."""
    spoilt = Rendition.of(RenditionKind.LETTER, b"this is no PDF", pages=1)
    return replace(dispatch, renditions={**dispatch.renditions, RenditionKind.LETTER: spoilt})


def customer_words(dispatch: Dispatch) -> tuple[str, ...]:
    """Return what no log and no error may tell of a dispatch."""
    recipient = dispatch.recipient
    words = (
        recipient.customer_key,
        recipient.name,
        *recipient.address_lines,
        recipient.email,
        recipient.mobile,
        dispatch.title,
    )
    return tuple(word for word in words if word)


def _rendition(kind: RenditionKind, number: int) -> Rendition:
    match kind:
        case RenditionKind.LETTER:
            return Rendition.of(kind, _letter(number), pages=1)
        case RenditionKind.EMAIL:
            return Rendition.of(kind, _email(number))
        case RenditionKind.SMS:
            return Rendition.of(kind, f"Ihre Police {number} ist da. Grüße!".encode())
        case RenditionKind.PUSH:
            message = PushNotice(title=f"Police {number}", body="Sie ist da. Grüße!", link="https://portal.test/")
            return Rendition.of(kind, push_content(message))


def _letter(number: int) -> bytes:
    with pikepdf.new() as letter:
        letter.add_blank_page(page_size=_A4)
        letter.docinfo["/Title"] = f"Letter {number}"
        written = io.BytesIO()
        letter.save(written, static_id=True)
    return written.getvalue()


def _email(number: int) -> bytes:
    lines = (
        "Subject: =?utf-8?q?Ihre_B=C3=B6rsenpolice?=",
        "MIME-Version: 1.0",
        'Content-Type: multipart/alternative; boundary="=_alternative"',
        "",
        "--=_alternative",
        "Content-Type: text/plain; charset=utf-8",
        "Content-Transfer-Encoding: quoted-printable",
        "",
        f"Ihre B=C3=B6rsenpolice {number}",
        ".",
        ".. Zeilen, die mit einem Punkt beginnen, kommen so an",
        "--=_alternative",
        "Content-Type: text/html; charset=utf-8",
        "Content-Transfer-Encoding: quoted-printable",
        "",
        f"<p>Ihre B=C3=B6rsenpolice {number}</p>",
        "--=_alternative--",
        "",
    )
    return "\r\n".join(lines).encode("ascii")
