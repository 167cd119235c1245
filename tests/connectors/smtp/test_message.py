"""The mail around an e-mail rendition."""

from dataclasses import replace
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.header import decode_header, make_header
from email.message import EmailMessage
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.connectors.smtp.stand_in import email_rendition
from xconnector.connectors.smtp.settings import SmtpSettings, bounce_address
from xconnector.contract.channel import Dispatch
from xconnector.contract.errors import PermanentError
from xconnector.contract.mail.message import OutgoingMail, outgoing_mail
from xconnector.domain.document import Rendition, RenditionKind
from xconnector.domain.reference_token import Purpose, dispatch_key_in, verified
from xconnector.testing.dispatches import sample_dispatch

NOW = datetime(2026, 11, 23, 8, 30, tzinfo=UTC)
SECRET = "a secret of some length"
SETTINGS: dict[str, Any] = {
    "host": "127.0.0.1",
    "tls": "none",
    "sender": {"address": "service@aurora.test", "name": "Aurora Versicherung AG"},
    "bounce_domain": "bounces.aurora.test",
    "token_secret": SECRET,
}
PROMOTIONAL = {"unsubscribe": {"url": "https://www.aurora.test/stop", "mailto": "stop@aurora.test"}}


def made(dispatch: Dispatch, **settings: Any) -> OutgoingMail:  # noqa: ANN401 - any setting
    told = SmtpSettings.model_validate({**SETTINGS, **settings})
    return outgoing_mail(dispatch, told, now=NOW, bounces=bounce_address(told))


def read(mail: OutgoingMail) -> EmailMessage:
    return message_from_bytes(mail.content, policy=policy.default)


def with_email(content: bytes) -> Dispatch:
    dispatch = sample_dispatch()
    rendition = Rendition.of(RenditionKind.EMAIL, content)
    return replace(dispatch, renditions={**dispatch.renditions, RenditionKind.EMAIL: rendition})


def to(name: str = "Anna Meyer", email: str = "anna@customers.test") -> Dispatch:
    dispatch = sample_dispatch()
    return replace(dispatch, recipient=replace(dispatch.recipient, name=name, email=email))


def test_the_approved_bytes_stand_in_the_mail_unchanged() -> None:
    dispatch = sample_dispatch()

    assert email_rendition(made(dispatch).content) == dispatch.renditions[RenditionKind.EMAIL].content


@given(st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\r\n\0"), max_size=200), max_size=20))
def test_any_text_stands_in_the_mail_unchanged(lines: list[str]) -> None:
    body = "\r\n".join(lines).encode()
    head = b"Subject: Police\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n"

    assert email_rendition(made(with_email(head + body)).content) == head + body


def test_lines_that_end_in_lf_alone_travel_as_crlf() -> None:
    mail = made(with_email(b"Subject: Police\nContent-Type: text/plain\n\nGuten Tag\n"))

    assert b"\r\nGuten Tag\r\n" in mail.content
    assert b"\n" not in mail.content.replace(b"\r\n", b"")


def test_the_letter_goes_along_under_the_title() -> None:
    dispatch = replace(sample_dispatch(), title="Ihre Börsenpolice: A/B")

    letter = next(read(made(dispatch)).iter_attachments())

    assert isinstance(letter, EmailMessage)
    assert letter.get_filename() == "Ihre Börsenpolice A B.pdf"
    assert letter.get_content() == dispatch.renditions[RenditionKind.LETTER].content


@pytest.mark.parametrize(
    "title, name",
    [
        ("", "letter.pdf"),
        ("../../etc/passwd", "etc passwd.pdf"),
        ("a\r\nBcc: x", "a Bcc x.pdf"),
        ("x" * 300, "x" * 80 + ".pdf"),
    ],
)
def test_any_title_becomes_a_harmless_file_name(title: str, name: str) -> None:
    letter = next(read(made(replace(sample_dispatch(), title=title))).iter_attachments())

    assert isinstance(letter, EmailMessage)
    assert letter.get_filename() == name


def test_the_letter_can_stay_behind() -> None:
    dispatch = sample_dispatch(kinds=frozenset({RenditionKind.EMAIL}))

    mail = read(made(dispatch, attach_letter=False))

    assert mail.get_content_type() == "multipart/alternative"
    assert mail["Subject"] == "Ihre Börsenpolice"


def test_header_and_envelope_say_who_writes_to_whom() -> None:
    mail = made(sample_dispatch(), reply_to="antwort@aurora.test")
    shown = read(mail)

    assert shown["From"] == "Aurora Versicherung AG <service@aurora.test>"
    assert shown["To"].addresses[0].display_name == "Jördis Sämann 1"
    assert shown["To"].addresses[0].addr_spec == str(mail.recipient) == "joerdis.saemann.1@customers.test"
    assert shown["Reply-To"] == "antwort@aurora.test"
    assert shown["Subject"] == "Ihre Börsenpolice"
    assert shown["Date"].datetime == NOW
    assert shown["Auto-Submitted"] == "auto-generated"
    assert shown["X-XConnector-Dispatch"] == sample_dispatch().dispatch_key


def test_every_reference_names_the_dispatch_and_no_customer() -> None:
    dispatch = sample_dispatch()
    mail = made(dispatch)

    for reference in (mail.envelope_sender, mail.envelope_id, mail.message_id):
        assert dispatch_key_in(reference, Purpose.RETURN, SECRET.encode()) == dispatch.dispatch_key
        assert "saemann" not in reference
    assert mail.envelope_sender.endswith("@bounces.aurora.test")
    assert len(mail.envelope_sender.partition("@")[0]) <= 64


def test_without_a_bounce_domain_bounces_go_to_the_sender() -> None:
    mail = made(sample_dispatch(), bounce_domain=None)

    assert mail.envelope_sender == "service@aurora.test"
    assert mail.message_id.endswith("@aurora.test>")


def test_every_attempt_at_a_dispatch_is_the_same_mail() -> None:
    assert made(sample_dispatch()) == made(sample_dispatch())


def test_a_promotional_mail_offers_to_unsubscribe_by_one_click() -> None:
    dispatch = replace(sample_dispatch(), promotional=True)

    shown = read(made(dispatch, **PROMOTIONAL))

    by_click, by_mail = str(shown["List-Unsubscribe"]).split(", ")
    token = by_click.removeprefix("<https://www.aurora.test/stop/").removesuffix(">")
    assert by_mail == f"<mailto:stop@aurora.test?subject={token}>"
    assert shown["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert verified(token, Purpose.UNSUBSCRIBE, SECRET.encode()) == dispatch.dispatch_key
    assert verified(token, Purpose.RETURN, SECRET.encode()) is None


def test_what_a_contract_demands_offers_no_unsubscribing() -> None:
    assert read(made(sample_dispatch(), **PROMOTIONAL))["List-Unsubscribe"] is None


@pytest.mark.parametrize(
    "name",
    [
        "Anna Meyer",
        'Dr. "Anna" O\'Hara, Meyer & Söhne',
        "Meyer, Anna",
        "back\\slash",
        "李小龍",
        "x" * 150,
        "",
    ],
)
def test_any_name_arrives_as_it_is(name: str) -> None:
    shown = read(made(to(name)))["To"].addresses

    assert [(address.display_name, address.addr_spec) for address in shown] == [(name, "anna@customers.test")]


def test_a_long_name_is_folded_into_words_that_any_reader_joins() -> None:
    header = made(to("Ä" * 150)).content.partition(b"\r\n\r\n")[0].decode("ascii")
    name = header.partition("\r\nTo: ")[2].partition("\r\n <")[0]

    assert str(make_header(decode_header(name))) == "Ä" * 150
    assert max(map(len, name.split("\r\n"))) <= 76


@pytest.mark.parametrize("name", ["Anna\r\nBcc: x@y.test", "Anna\nMeyer", "Anna\0", "Anna\x1b[2J", "Anna\u2028Meyer"])
def test_a_name_with_control_characters_is_refused(name: str) -> None:
    with pytest.raises(PermanentError, match="control character"):
        made(to(name))


def test_an_internationalised_address_is_written_as_relays_take_it() -> None:
    assert str(made(to(email="anna@bücher.test")).recipient) == "anna@xn--bcher-kva.test"
    assert made(to(email="jördis@customers.test")).needs_utf8


@pytest.mark.parametrize("email", [None, "", "anna", "anna@x.test\r\nBcc: y@z.test"])
def test_without_a_usable_address_the_dispatch_is_refused(email: str | None) -> None:
    dispatch = sample_dispatch()
    with pytest.raises(PermanentError, match="e-mail address"):
        made(replace(dispatch, recipient=replace(dispatch.recipient, email=email)))


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"no header",
        b"Content-Type: text/plain\r\n\r\nno subject",
        b"Subject: a\r\nSubject: b\r\n\r\ntwo subjects",
        b"Subject: a\r\nBcc: everybody@customers.test\r\n\r\nbody",
        b"Subject: a\r\nX-Anything: b\r\n\r\nbody",
        b"Subject: a\r\n malformed\r\nno colon here\r\n\r\nbody",
        "Subject: Börse\r\n\r\nbody".encode(),
        b"Subject: a\r\n\r\na bare\rcarriage return",
        b"Subject: a\r\n\r\na zero\0byte",
        b"Subject: a\r\n\r\n" + b"x" * 999,
        b"Subject: a",
    ],
)
def test_a_rendition_that_is_no_mail_is_refused(content: bytes) -> None:
    with pytest.raises(PermanentError, match=r"composed e-mail"):
        made(with_email(content))


def test_a_missing_rendition_is_told() -> None:
    with pytest.raises(PermanentError, match="no e-mail was composed"):
        made(sample_dispatch(kinds=frozenset({RenditionKind.LETTER})))
    with pytest.raises(PermanentError, match="attach_letter"):
        made(sample_dispatch(kinds=frozenset({RenditionKind.EMAIL})))


def test_a_body_beyond_ascii_is_declared() -> None:
    mail = made(with_email("Subject: a\r\nContent-Transfer-Encoding: 8bit\r\n\r\nGrüße".encode()))

    assert mail.needs_8bit
    assert read(mail)["Content-Transfer-Encoding"] == "8bit"
    assert not made(sample_dispatch()).needs_8bit


def test_a_dispatch_key_that_cannot_be_signed_is_told() -> None:
    with pytest.raises(PermanentError, match="dispatch key"):
        made(replace(sample_dispatch(), dispatch_key="something else"))
