"""What stand-ins of services for e-mail share: the e-mail of the sample dispatches, put together again."""

import base64
import quopri
import re
from collections.abc import Mapping

from xconnector.domain.document import RenditionKind, content_digest

SENDER = {"address": "service@aurora.test", "name": "Aurora Versicherung AG"}
MAIL = {"sender": SENDER, "token_secret": "a-token-secret-nobody-may-see", "timeout": 5}


def digests_of_parts(subject: str, plain: str, html: str, letter: str) -> Mapping[RenditionKind, str]:
    """Return the digests of the renditions of which a mail in parts was made; the letter is in base64."""
    encoded = quopri.encodestring(subject.encode(), header=True).decode()
    lines = (
        f"Subject: =?utf-8?q?{encoded}?=",
        "MIME-Version: 1.0",
        'Content-Type: multipart/alternative; boundary="=_alternative"',
        "",
        "--=_alternative",
        "Content-Type: text/plain; charset=utf-8",
        "Content-Transfer-Encoding: quoted-printable",
        "",
        *_quoted(plain),
        "--=_alternative",
        "Content-Type: text/html; charset=utf-8",
        "Content-Transfer-Encoding: quoted-printable",
        "",
        *_quoted(html),
        "--=_alternative--",
        "",
    )
    return {
        RenditionKind.EMAIL: content_digest("\r\n".join(lines).encode("ascii")),
        RenditionKind.LETTER: content_digest(base64.b64decode(letter)),
    }


def _quoted(text: str) -> list[str]:
    return [re.sub(r"[^ -~]", _octets, line) for line in text.split("\r\n")]


def _octets(found: re.Match[str]) -> str:
    return "".join(f"={octet:02X}" for octet in found[0].encode())
