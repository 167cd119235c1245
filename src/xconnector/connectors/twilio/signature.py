"""Twilio's signature: HMAC-SHA1 over the public address and the fields of the form, or a digest of the JSON in it.

It covers no time: a request played again is known by its message and status, which are kept once.
"""

import hashlib
import hmac
from collections.abc import Mapping, Sequence
from urllib.parse import parse_qs, parse_qsl, urlsplit

from xconnector.contract.feedback import MOST_BODY, FeedbackRequest
from xconnector.domain.signed import is_hmac_sha1

_USUAL_PORTS = {"https": 443, "http": 80}
_MOST_FIELDS = 1000


def is_genuine(request: FeedbackRequest, auth_token: str) -> bool:
    """Say whether Twilio signed this request; its `url` is the public one, whatever a proxy made of it."""
    signature = request.headers.get("x-twilio-signature", "")
    if len(request.body) > MOST_BODY:
        return False
    try:
        fields = _fields(request)
    except ValueError:
        return False
    return fields is not None and is_signed(request.url, fields, signature, auth_token)


def is_signed(url: str, fields: Mapping[str, Sequence[str]], signature: str, auth_token: str) -> bool:
    """Say whether a signature is over this address and these fields; Twilio writes the port there, or leaves it out."""
    spoken = "".join(name + value for name in sorted(fields) for value in sorted(set(fields[name])))
    try:
        addresses = _with_and_without_port(url)
    except ValueError:
        return False
    found = False
    for address in addresses:
        found |= is_hmac_sha1(signature, auth_token.encode(), (address + spoken).encode("utf-8", "replace"))
    return found


def _fields(request: FeedbackRequest) -> Mapping[str, Sequence[str]] | None:
    """Return the signed fields: of JSON none, as the address holds its digest; None where that is wrong."""
    digest = dict(parse_qsl(urlsplit(request.url).query)).get("bodySHA256")
    if digest is None:
        return parse_qs(request.body.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=_MOST_FIELDS)
    told = hashlib.sha256(request.body).hexdigest()
    return {} if hmac.compare_digest(told.encode(), digest.lower().encode("utf-8", "replace")) else None


def _with_and_without_port(url: str) -> tuple[str, str]:
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    bare = host.rpartition(":")[0] if parts.port is not None else host
    port = parts.port or _USUAL_PORTS.get(parts.scheme, 443)
    before = parts.netloc.removesuffix(host)
    return (
        parts._replace(netloc=f"{before}{bare}").geturl(),
        parts._replace(netloc=f"{before}{bare}:{port}").geturl(),
    )
