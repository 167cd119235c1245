import email
import email.policy
import re
from base64 import b64encode
from email.message import EmailMessage

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xconnector.domain.mail_entity import mime_entity, one_line, unsafe_in, with_images_beside

LINE_BREAK = re.compile(r"\r\n|\r|\n")
PIXEL = b"GIF89a\x01\x00\x01\x00\x00\x00\x00;"


def read(entity: bytes) -> EmailMessage:
    return email.message_from_bytes(entity, policy=email.policy.default)


def part(message: EmailMessage, subtype: str) -> str:
    found = message.get_body((subtype,))
    assert found is not None
    return LINE_BREAK.sub("\n", str(found.get_content()))


@pytest.mark.parametrize(
    "html",
    [
        "<a href=javascript:x>x</a>",
        "<a title='a > b' href='javascript:x'>x</a>",
        '<a title="a" href="java&#115;cript:x">x</a>',
        '<a href="\tjavascript:x">x</a>',
        '<a href=" java\nscript:x">x</a>',
        "<A HREF=javascript:x>x</A>",
        '<img src="http://elsewhere.test/pixel">',
        '<img src="data:image/svg+xml;base64,x">',
        '<table background="http://elsewhere.test/x">',
        "<p onclick=x>",
        '<p title="a"onclick=x>',
        "<script>x</script>",
        "<iframe></iframe>",
        "<frame src='https://x.test'>",
        "<object data='x'></object>",
        "<embed>",
        "<form action='https://x.test'>",
        "<a href='https://x.test>never closed",
        "<!--[if mso]><a href='javascript:x'>x</a><![endif]-->",
    ],
)
def test_unsafe_html_is_found(html: str) -> None:
    assert unsafe_in(html) is not None


@pytest.mark.parametrize(
    "html",
    [
        "href=javascript:x onclick=y in plain text",
        '<a href="https://x.test">x</a> a < b > c',
        '<img src="cid:logo" alt="x">',
        '<td style="background:#fff" align="left">href="javascript:x"</td>',
        "<style>a > b { color: red }</style>",
    ],
)
def test_harmless_html_passes(html: str) -> None:
    assert unsafe_in(html) is None


@given(subject=st.text(min_size=1).map(one_line).filter(bool), text=st.text(), html=st.text())
def test_whatever_is_said_arrives(subject: str, text: str, html: str) -> None:
    entity = mime_entity(subject=subject[:400], text=text, html=html)

    message = read(entity)
    assert message["Subject"] == subject[:400].strip()
    assert part(message, "plain") == LINE_BREAK.sub("\n", text)
    assert part(message, "html") == LINE_BREAK.sub("\n", html)
    assert entity == mime_entity(subject=subject[:400], text=text, html=html)


def test_images_stand_beside_the_html_that_shows_them() -> None:
    source = f"data:image/gif;base64,{b64encode(PIXEL).decode()}"
    html, images = with_images_beside(f"<p>x</p><img src=\"{source}\" alt=x><img src='{source}'>")

    message = read(mime_entity(subject="x", text="x", html=html, images=images))

    (image,) = images
    assert "data:" not in html
    assert html.count(f"cid:{image.name}") == 2
    assert [piece.get_content_type() for piece in message.walk()] == [
        "multipart/alternative",
        "text/plain",
        "multipart/related",
        "text/html",
        "image/gif",
    ]
    shown = list(message.walk())[-1]
    assert shown["Content-ID"] == f"<{image.name}>"
    assert shown.get_payload(decode=True) == PIXEL
    assert part(message, "html") == html


@pytest.mark.parametrize("source", ["data:image/gif;base64,AAA", "data:image/svg+xml;base64,AAAA", "cid:logo", "data:"])
def test_an_image_that_cannot_be_read_stays_where_it_is(source: str) -> None:
    html = f'<img src="{source}">'

    assert with_images_beside(html) == (html, ())
