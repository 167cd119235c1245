import email
import email.policy
from collections.abc import Mapping
from email.message import EmailMessage

import pytest

from tests.examples.conftest import Key, Made
from tests.examples.test_letters import KEYS
from tests.examples.workshop import kinds_of
from xconnector.contract.composer import Composition
from xconnector.domain.document import RenditionKind
from xconnector.domain.sms import sms_length

TEXTS = [key for key in KEYS if RenditionKind.SMS in kinds_of(key[0], key[1])]


def rendition(documents: Mapping[Key, Made], key: Key, kind: RenditionKind) -> bytes:
    _, result = documents[key]
    assert isinstance(result, Composition), result
    return next(one.content for one in result.renditions if one.kind is kind)


def mail(documents: Mapping[Key, Made], key: Key) -> EmailMessage:
    content = rendition(documents, key, RenditionKind.EMAIL)
    return email.message_from_bytes(content, policy=email.policy.default)


def part(message: EmailMessage, subtype: str) -> str:
    body = message.get_body((subtype,))
    assert body is not None
    return str(body.get_content())


@pytest.mark.parametrize("key", KEYS, ids="-".join)
def test_a_mail_says_in_its_subject_what_it_is(documents: Mapping[Key, Made], key: Key) -> None:
    piece, _ = documents[key]
    assert piece.presentation.title in str(mail(documents, key)["Subject"])


@pytest.mark.parametrize("key", KEYS, ids="-".join)
@pytest.mark.parametrize("subtype", ["plain", "html"])
def test_a_mail_is_whole_as_text_and_as_page(documents: Mapping[Key, Made], key: Key, subtype: str) -> None:
    piece, _ = documents[key]
    body = part(mail(documents, key), subtype)
    assert piece.presentation.name in body
    assert piece.order.data["sender"]["name"] in body
    assert "{{" not in body
    assert "None" not in body


@pytest.mark.parametrize("key", TEXTS, ids="-".join)
def test_a_short_message_costs_at_most_two_segments(documents: Mapping[Key, Made], key: Key) -> None:
    text = rendition(documents, key, RenditionKind.SMS).decode()
    assert sms_length(text).segments <= 2
    assert "\n" not in text
