"""Mails in parts: each part is what was approved."""

from dataclasses import replace
from email.mime.image import MIMEImage
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xconnector.contract.channel import Dispatch
from xconnector.contract.errors import PermanentError
from xconnector.contract.mail.parts import MailParts, mail_parts
from xconnector.contract.mail.settings import MailSettings
from xconnector.domain.document import Rendition, RenditionKind
from xconnector.testing.dispatches import sample_dispatch

SETTINGS: dict[str, Any] = {"sender": {"address": "service@aurora.test"}, "token_secret": "a secret of some length"}
texts = st.text(st.characters(codec="utf-8", exclude_characters="\r\n\0"), max_size=200)


def with_mail(mail: MIMEMultipart | MIMEText, *, promotional: bool = False) -> Dispatch:
    mail["Subject"] = "Post"
    rendition = Rendition.of(RenditionKind.EMAIL, mail.as_bytes())
    dispatch = sample_dispatch(1, frozenset({RenditionKind.LETTER, RenditionKind.EMAIL}))
    return replace(
        dispatch, renditions={**dispatch.renditions, RenditionKind.EMAIL: rendition}, promotional=promotional
    )


def parts(dispatch: Dispatch, **settings: Any) -> MailParts:  # noqa: ANN401 - any setting
    return mail_parts(dispatch, MailSettings.model_validate({**SETTINGS, **settings}))


@given(texts, texts)
def test_plain_text_and_html_are_those_that_were_approved(plain: str, html: str) -> None:
    mail = MIMEMultipart("alternative", _subparts=[MIMEText(plain, "plain", "utf-8"), MIMEText(html, "html", "utf-8")])
    made = parts(with_mail(mail))

    assert made.texts == {"text/plain": plain, "text/html": html}
    assert [one.content_type for one in made.attachments] == ["application/pdf"]


def test_the_letter_and_inline_pictures_go_along_byte_for_byte() -> None:
    picture = MIMEImage(b"GIF89a a picture", "gif")
    picture["Content-ID"] = "<logo>"
    dispatch = with_mail(MIMEMultipart("related", _subparts=[MIMEText("<img src=cid:logo>", "html"), picture]))
    logo, letter = parts(dispatch).attachments

    assert (logo.content_id, logo.content) == ("logo", b"GIF89a a picture")
    assert letter.content == dispatch.renditions[RenditionKind.LETTER].content
    assert parts(dispatch, attach_letter=False).attachments == (logo,)


@pytest.mark.parametrize("promotional", [True, False])
def test_only_promotional_mails_can_be_unsubscribed_from(promotional: bool) -> None:
    made = parts(
        with_mail(MIMEText("Neu"), promotional=promotional), unsubscribe={"url": "https://www.aurora.test/stop"}
    )

    assert ("List-Unsubscribe" in made.headers) is promotional
    assert (made.headers.get("List-Unsubscribe-Post") == "List-Unsubscribe=One-Click") is promotional
    assert made.headers["X-XConnector-Dispatch"].endswith("-0")


def test_what_no_such_service_can_be_given_is_refused() -> None:
    two = MIMEMultipart("mixed", _subparts=[MIMEText("one"), MIMEText("two")])
    misspelt = MIMEText("x", "plain", "utf-8")
    misspelt.set_payload("=FF=FE")
    misspelt.replace_header("Content-Transfer-Encoding", "quoted-printable")
    for mail in (two, misspelt, MIMEMultipart("mixed", _subparts=[MIMEImage(b"GIF89a", "gif")])):
        with pytest.raises(PermanentError):
            parts(with_mail(mail))
