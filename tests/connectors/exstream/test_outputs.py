import email
import email.policy
from email.message import EmailMessage
from io import BytesIO

import pikepdf
import pytest
from hypothesis import given
from hypothesis import strategies as st

from xconnector.connectors.exstream.design import ExstreamDesign
from xconnector.connectors.exstream.outputs import QueueOutput, composition_of
from xconnector.connectors.exstream.plain_text import plain_text
from xconnector.contract.errors import PermanentError
from xconnector.domain.document import RenditionKind, content_digest

LETTER = frozenset({RenditionKind.LETTER})
EMAIL = frozenset({RenditionKind.EMAIL})
SMS = frozenset({RenditionKind.SMS})
HTML = "<html><head><title>Ihre Police &amp; mehr</title></head><body><h1>Hallo</h1><p>Guten Tag</p></body></html>"


def pdf(pages: int) -> bytes:
    document = pikepdf.new()
    for _ in range(pages):
        document.add_blank_page()
    content = BytesIO()
    document.save(content, static_id=True)
    return content.getvalue()


def locked_pdf() -> bytes:
    document = pikepdf.new()
    document.add_blank_page()
    content = BytesIO()
    document.save(content, encryption=pikepdf.Encryption(owner="o", user="u"))
    return content.getvalue()


def design(**outputs: object) -> ExstreamDesign:
    return ExstreamDesign.model_validate({"outputs": outputs or {"letter": {"queue": "archive"}}})


EVERYTHING = design(
    letter={"queue": "archive"}, email={"queue": "mail", "subject": "Ihre Police"}, sms={"queue": "short"}
)


def letter(content: bytes | None = None, queue: str = "archive", media_type: str = "application/pdf") -> QueueOutput:
    return QueueOutput(queue=queue, media_type=media_type, content=pdf(1) if content is None else content)


def mail(html: str | bytes = HTML, media_type: str = "text/html") -> QueueOutput:
    content = html.encode() if isinstance(html, str) else html
    return QueueOutput(queue="mail", media_type=media_type, content=content)


def short(text: bytes) -> QueueOutput:
    return QueueOutput(queue="short", media_type="text/plain", content=text)


def made(output: QueueOutput, kinds: frozenset[RenditionKind], of: ExstreamDesign = EVERYTHING) -> bytes:
    composition = composition_of([output], of, template="policy", kinds=kinds, engine="exstream 24.4")
    (rendition,) = composition.renditions
    assert rendition.sha256 == content_digest(rendition.content)
    return rendition.content


def refused(outputs: list[QueueOutput], kinds: frozenset[RenditionKind] | None, of: ExstreamDesign = EVERYTHING) -> str:
    with pytest.raises(PermanentError) as caught:
        composition_of(outputs, of, template="policy", kinds=kinds, engine="x")
    assert str(caught.value).startswith("template 'policy': ")
    return str(caught.value)


def read(entity: bytes) -> EmailMessage:
    return email.message_from_bytes(entity, policy=email.policy.default)


def text_of(message: EmailMessage, subtype: str) -> str:
    body = message.get_body((subtype,))
    assert body is not None
    return str(body.get_content()).replace("\r\n", "\n").strip()


def test_a_letter_keeps_its_bytes_and_gets_its_pages_counted() -> None:
    content = pdf(3)

    composition = composition_of([letter(content)], design(), template="policy", kinds=LETTER, engine="exstream 24.4")

    assert [(piece.kind, piece.content, piece.pages) for piece in composition.renditions] == [
        (RenditionKind.LETTER, content, 3)
    ]
    assert composition.engine == "exstream 24.4"


def test_only_what_is_asked_for_is_made_and_other_queues_are_left_alone() -> None:
    outputs = [mail(), short(b"x"), letter(), letter(queue="trigger"), letter(queue="trigger")]

    composition = composition_of(outputs, EVERYTHING, template="policy", kinds=LETTER | SMS, engine="x")

    assert {piece.kind for piece in composition.renditions} == LETTER | SMS


def test_whatever_is_declared_and_there_is_made_where_nothing_is_asked_for() -> None:
    composition = composition_of([letter(), short(b"x")], EVERYTHING, template="policy", kinds=None, engine="x")

    assert {piece.kind for piece in composition.renditions} == LETTER | SMS


def test_the_sequence_of_the_outputs_does_not_show() -> None:
    outputs = [letter(), mail(), short(b"x")]

    first = composition_of(outputs, EVERYTHING, template="policy", kinds=None, engine="x")
    second = composition_of(outputs[::-1], EVERYTHING, template="policy", kinds=None, engine="x")

    assert first == second


def test_a_letter_is_always_needed() -> None:
    assert "no output of queue 'archive' for the letter" in refused([short(b"x")], None)


def test_a_rendition_that_the_design_does_not_declare_is_refused() -> None:
    assert "declares no output for the email" in refused([letter()], EMAIL, design())


def test_two_outputs_of_one_queue_are_refused() -> None:
    assert "2 outputs of queue 'archive'" in refused([letter(), letter()], LETTER)


def test_another_media_type_is_refused() -> None:
    assert "another media type than application/pdf" in refused([letter(media_type="text/html")], LETTER)


def test_the_case_of_a_media_type_does_not_matter() -> None:
    assert made(letter(media_type="Application/PDF"), LETTER)


def test_a_media_type_that_cannot_become_the_rendition_is_refused() -> None:
    odd = design(letter={"queue": "archive", "media_type": "text/html"})

    assert "no letter can be made of text/html" in refused([letter(media_type="text/html")], LETTER, odd)


@pytest.mark.parametrize(
    "content, says",
    [
        (b"", "is empty"),
        (b"%PDF-1.7 and nothing else", "cannot be read"),
        (pdf(2)[:200], "cannot be read"),
        (pdf(0), "has no page"),
        (locked_pdf(), "asks for a password"),
    ],
)
def test_a_pdf_that_is_no_letter_is_refused(content: bytes, says: str) -> None:
    assert says in refused([letter(content)], LETTER)


def test_an_email_has_the_title_as_its_subject_and_a_readable_text() -> None:
    message = read(made(mail(), EMAIL))

    assert message["Subject"] == "Ihre Police & mehr"
    assert text_of(message, "plain") == "Hallo\n\nGuten Tag"
    assert text_of(message, "html") == HTML


def test_an_email_without_a_title_takes_the_subject_of_its_output() -> None:
    assert read(made(mail("<p>Guten Tag</p>"), EMAIL))["Subject"] == "Ihre Police"


def test_an_email_without_any_subject_is_refused() -> None:
    bare = design(letter={"queue": "archive"}, email={"queue": "mail"})

    assert "needs a <title>" in refused([mail("<p>Guten Tag</p>")], EMAIL, bare)


def test_a_title_can_add_no_header() -> None:
    message = read(made(mail("<title>x\r\nBcc: a@b.test\r\n\r\nbody</title><p>y</p>"), EMAIL))

    assert message["Bcc"] is None
    assert message["Subject"] == "x Bcc: a@b.test body"


@pytest.mark.parametrize(
    "content",
    [
        "\ufeff<title>Börse</title><p>Grüße</p>".encode(),
        "\ufeff<title>Börse</title><p>Grüße</p>".encode("utf-16-le"),
        "\ufeff<title>Börse</title><p>Grüße</p>".encode("utf-16-be"),
        '<meta charset="windows-1252"><title>Börse</title><p>Grüße</p>'.encode("cp1252"),
        (
            '<meta http-equiv="Content-Type" content="text/html; charset=ISO-8859-1"><title>Börse</title><p>Grüße</p>'
        ).encode("latin-1"),
    ],
)
def test_an_email_is_read_in_the_character_set_that_it_names(content: bytes) -> None:
    message = read(made(mail(content), EMAIL))

    assert message["Subject"] == "Börse"
    assert text_of(message, "plain") == "Grüße"
    assert "1252" not in text_of(message, "html")
    assert "8859" not in text_of(message, "html")


def test_an_email_in_another_character_set_than_it_names_is_refused() -> None:
    for content in ("<title>x</title>Grüße".encode("latin-1"), b'<meta charset="no-such"><p>x'):
        assert "not in the character set" in refused([mail(content)], EMAIL)


@pytest.mark.parametrize(
    "html", ["<script>x</script>", "<a href='javascript:Meyerhold'>x</a>", "<p onclick='Meyerhold'>", "<object>"]
)
def test_active_content_is_refused_without_telling_it(html: str) -> None:
    said = refused([mail(f"<title>x</title><p>y</p>{html}")], EMAIL)

    assert "mend the design or the data" in said
    assert "Meyerhold" not in said


def test_images_within_the_html_travel_beside_it() -> None:
    image = "data:image/png;base64,iVBORw0KGgo="

    message = read(made(mail(f'<title>x</title><p>y</p><img src="{image}">'), EMAIL))

    assert [piece.get_content_type() for piece in message.walk()][-1] == "image/png"
    assert 'src="cid:' in text_of(message, "html")


def test_a_ready_mail_keeps_its_body_and_loses_its_transport() -> None:
    ready = (
        b"From: a@b.test\r\nTo: c@d.test\r\nSubject: =?utf-8?q?B=C3=B6rse?=\r\n and more\r\nMessage-ID: <x@y>\r\n"
        b"Content-Type: text/html;\r\n charset=utf-8\r\n\r\n<p>Guten Tag</p>\r\n"
    )
    of = design(letter={"queue": "archive"}, email={"queue": "mail", "media_type": "message/rfc822"})

    entity = made(mail(ready, "message/rfc822"), EMAIL, of)

    message = read(entity)
    assert set(message.keys()) == {"Subject", "MIME-Version", "Content-Type"}
    assert message["Subject"] == "Börse and more"
    assert entity.endswith(b"\r\n\r\n<p>Guten Tag</p>\r\n")
    assert entity.count(b"\n") == entity.count(b"\r\n")


@pytest.mark.parametrize(
    "ready", [b"Subject: x\n\n", b"\n\nbody", b"Subject: x\nContent-Type: text/html\n\n<script>x</script>", b"x"]
)
def test_a_ready_mail_that_is_none_is_refused(ready: bytes) -> None:
    of = design(letter={"queue": "archive"}, email={"queue": "mail", "media_type": "message/rfc822"})

    refused([mail(ready, "message/rfc822")], EMAIL, of)


def test_a_short_message_becomes_utf_8() -> None:
    assert made(short("\ufeffGrüße\r\n".encode("utf-16-le")), SMS) == "Grüße".encode()


@pytest.mark.parametrize("content", [b"", b" \n", b"\xff\x00"])
def test_a_short_message_without_text_is_refused(content: bytes) -> None:
    refused([short(content)], SMS)


def test_the_text_of_an_email_is_readable() -> None:
    html = """
    <style>p { color: red }</style>
    <div style="display:none">preview&zwnj;</div>
    <table><tr><td>Prämie</td><td>1.234,50&nbsp;€</td></tr><tr><td>Beginn</td><td>1. Dezember</td></tr></table>
    <p>Guten   Tag,<br>hier ist <b>Ihre</b> <a href="https://x.test/p?a=1">Police</a>.</p>
    <ul><li>Hausrat</li><li>Glas</li></ul>
    <a href="https://x.test">x.test</a><!-- not this -->
    """

    assert plain_text(html) == (
        "Prämie 1.234,50 €\nBeginn 1. Dezember\n\nGuten Tag,\nhier ist Ihre Police (https://x.test/p?a=1).\n\n"
        "- Hausrat\n- Glas\n\nx.test"
    )


@given(st.text(alphabet="<>/abpdivtr \n&;'\"=é\0", max_size=200))
def test_any_html_has_a_text(html: str) -> None:
    assert plain_text(html) == plain_text(html)


def test_depth_exhausts_nothing() -> None:
    assert isinstance(plain_text("<div>" * 100_000 + "x"), str)
