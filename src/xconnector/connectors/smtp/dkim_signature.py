"""The sender's signature on a mail (DKIM, RFC 6376): RSA with SHA-256 over the body and what matters of the header.

Both are signed in the relaxed form, so that relays may fold lines anew and change spaces.
"""

import base64
import hashlib
import re
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from xconnector.connectors.smtp.settings import DkimSettings
from xconnector.contract.errors import MisconfiguredError

_SHORTEST_KEY = 1024
"""Bits (RFC 8301); 2048 are usual."""
_SIGNED = (
    "from",
    "to",
    "subject",
    "date",
    "message-id",
    "reply-to",
    "auto-submitted",
    "list-unsubscribe",
    "list-unsubscribe-post",
    "mime-version",
    "content-type",
    "content-transfer-encoding",
)
_NO_OTHER = ("from", "subject", "reply-to")
"""Named once more than they are there: a second one that is added on the way breaks the signature (section 8.15)."""
_SPACES = re.compile(rb"[ \t]+")
_FOLD = re.compile(rb"\r\n(?=[ \t])")
_LINE = 72


class DkimSignature:
    """Signs mails of one domain with one key."""

    def __init__(self, settings: DkimSettings, key: RSAPrivateKey) -> None:
        self._domain = settings.domain
        self._selector = settings.selector
        self._key = key

    @classmethod
    def of(cls, settings: DkimSettings, project_folder: Path) -> "DkimSignature":
        """Return the signature with the key that the settings name. Raises MisconfiguredError."""
        path = project_folder / settings.key_file
        try:
            key = load_pem_private_key(path.read_bytes(), password=None)
        except (OSError, ValueError, TypeError, UnsupportedAlgorithm):
            raise MisconfiguredError(f"dkim: {path} holds no private key that can be read (PEM, no password)") from None
        if not isinstance(key, RSAPrivateKey) or key.key_size < _SHORTEST_KEY:
            raise MisconfiguredError(f"dkim: {path} holds no RSA key of {_SHORTEST_KEY} bits or more; 2048 are usual")
        return cls(settings, key)

    def signed(self, mail: bytes, *, at: datetime) -> bytes:
        """Return the mail with its signature in front; not a byte of it is changed. Its lines end in CRLF."""
        head, _, body = mail.partition(b"\r\n\r\n")
        lines = _relaxed_header(head)
        names = [name for name in _SIGNED if name in lines] + list(_NO_OTHER)
        names_folded = ":\r\n  ".join(names)
        field = (
            "DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed;\r\n"
            f" d={self._domain}; s={self._selector}; t={int(at.timestamp())};\r\n"
            f" h={names_folded};\r\n"
            f" bh={_base64(hashlib.sha256(_relaxed_body(body)).digest())};\r\n"
            " b="
        ).encode()
        ((_, own),) = _relaxed_header(field).items()
        signature = self._key.sign(_once_each(names, lines) + own.removesuffix(b"\r\n"), PKCS1v15(), SHA256())
        return field + _folded(_base64(signature)) + b"\r\n" + mail


def _once_each(names: list[str], lines: Mapping[str, bytes]) -> bytes:
    """Return the lines that names stand for: one that is named again stands for nothing, because there is no second."""
    return b"".join(lines[name] for name in dict.fromkeys(names) if name in lines)


def _relaxed_header(head: bytes) -> dict[str, bytes]:
    """Return the header's lines by name, in the form of section 3.4.2; of a name that is there twice, the last."""
    found: dict[str, bytes] = {}
    for line in _FOLD.sub(b"", head).split(b"\r\n"):
        name, _, value = line.partition(b":")
        lower = name.strip().lower()
        found[lower.decode("ascii", "replace")] = lower + b":" + _SPACES.sub(b" ", value).strip() + b"\r\n"
    return found


def _relaxed_body(body: bytes) -> bytes:
    """Return the body in the form of section 3.4.4: spaces are one, and none at the ends of lines or of the body."""
    lines = _SPACES.sub(b" ", body).replace(b" \r\n", b"\r\n").removesuffix(b" ").rstrip(b"\r\n")
    return lines + b"\r\n" if lines else b""


def _base64(octets: bytes) -> str:
    return base64.b64encode(octets).decode("ascii")


def _folded(text: str) -> bytes:
    return "\r\n ".join(text[start : start + _LINE] for start in range(0, len(text), _LINE)).encode()
