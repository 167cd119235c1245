"""Signature Version 4 of Amazon Web Services, over one call: pure, by its published description."""

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from urllib.parse import quote, urlsplit

_ALGORITHM = "AWS4-HMAC-SHA256"


@dataclass(frozen=True, slots=True, kw_only=True)
class SigningKey:
    """Who signs, and what for."""

    access_key_id: str
    secret_access_key: str = field(repr=False)
    region: str
    service: str
    session_token: str | None = field(default=None, repr=False)


def signed_headers(
    key: SigningKey, method: str, url: str, body: bytes, *, now: datetime, headers: Mapping[str, str] | None = None
) -> dict[str, str]:
    """Return the headers of a call, the signature among them; `url` has its path percent-encoded already, and no query.

    Every header that is given is signed.
    """
    told = {name.lower(): " ".join(value.split()) for name, value in (headers or {}).items()}
    moment = now.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
    told |= {"host": urlsplit(url).netloc, "x-amz-date": moment}
    if key.session_token is not None:
        told["x-amz-security-token"] = key.session_token
    names = ";".join(sorted(told))
    scope = f"{moment[:8]}/{key.region}/{key.service}/aws4_request"
    lines = [
        method,
        # Percent-encoded once more, as everywhere but in S3.
        quote(urlsplit(url).path or "/", safe="/-_.~"),
        urlsplit(url).query,
        *(f"{name}:{told[name]}" for name in sorted(told)),
        "",
        names,
        hashlib.sha256(body).hexdigest(),
    ]
    digest = hashlib.sha256("\n".join(lines).encode()).hexdigest()
    signature = hmac.new(_derived(key, moment[:8]), f"{_ALGORITHM}\n{moment}\n{scope}\n{digest}".encode(), "sha256")
    credential = f"Credential={key.access_key_id}/{scope}"
    authorization = f"{_ALGORITHM} {credential}, SignedHeaders={names}, Signature={signature.hexdigest()}"
    return {**told, "authorization": authorization}


def _derived(key: SigningKey, day: str) -> bytes:
    derived = f"AWS4{key.secret_access_key}".encode()
    for part in (day, key.region, key.service, "aws4_request"):
        derived = hmac.new(derived, part.encode(), "sha256").digest()
    return derived
