"""How senders of webhooks prove who they are: the settings of each way."""

import base64
import binascii
import re
from datetime import timedelta
from ipaddress import ip_network
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, SecretStr, model_validator

from xconnector.contract.settings import ConnectorSettings, Duration

PUBLIC_KEY = "whpk_"
"""Before the base64 of an ed25519 public key (Standard Webhooks, `v1a`)."""
_SHARED_SECRET = "whsec_"  # noqa: S105 - the prefix that everybody's secrets have
_PUBLIC_KEY_BYTES = 32
_FEWEST_BYTES = 16
_FIELD = re.compile(r"\{([^{}]*)\}")
_PARTS = frozenset({"body", "timestamp", "id"})


def _standard_secret(secret: SecretStr) -> SecretStr:
    told = secret.get_secret_value()
    is_public = told.startswith(PUBLIC_KEY)
    try:
        key = base64.b64decode(told.removeprefix(PUBLIC_KEY).removeprefix(_SHARED_SECRET), validate=True)
    except (binascii.Error, ValueError):
        raise ValueError(f"a secret is `{_SHARED_SECRET}`, or `{PUBLIC_KEY}` for a public key, and base64") from None
    if is_public and len(key) != _PUBLIC_KEY_BYTES:
        raise ValueError(f"a public key of ed25519 has {_PUBLIC_KEY_BYTES} bytes")
    if len(key) < _FEWEST_BYTES:
        raise ValueError(f"a secret of fewer than {_FEWEST_BYTES} bytes can be guessed")
    return secret


def _network(told: str) -> str:
    ip_network(told)
    return told


Header = Annotated[str, Field(pattern=r"^[A-Za-z0-9!#$&'*+.^_`|~-]{1,100}$")]
Secret = Annotated[SecretStr, Field(min_length=_FEWEST_BYTES, max_length=1000)]
StandardSecret = Annotated[SecretStr, AfterValidator(_standard_secret)]
Network = Annotated[str, AfterValidator(_network)]
Tolerance = Annotated[Duration, Field(gt=timedelta(0), le=timedelta(hours=1))]


class StandardWebhooksSettings(ConnectorSettings):
    """Standard Webhooks 1.0: `webhook-id`, `webhook-timestamp` and `webhook-signature`."""

    secrets: Annotated[tuple[StandardSecret, ...], Field(min_length=1, max_length=5)]
    """Secrets of which one has to fit, as the sender shows them: `whsec_…` (HMAC-SHA256), or `whpk_…` for its public
    key (ed25519). While a secret is changed, both stand here."""
    tolerance: Tolerance = timedelta(minutes=5)
    """How far the signed time may lie from ours, either way."""


class HmacSettings(ConnectorSettings):
    """An HMAC in a header, as each product does it in its own way."""

    secrets: Annotated[tuple[Secret, ...], Field(min_length=1, max_length=5)]
    """Secrets of which one has to fit, as text. While a secret is changed, both stand here."""
    header: Header
    """The header with the signature, such as `X-Hub-Signature-256`."""
    algorithm: Literal["sha1", "sha256", "sha512"] = "sha256"
    """The hash of the HMAC."""
    encoding: Literal["hex", "base64"] = "hex"
    """How the signature is written."""
    prefix: Annotated[str, Field(max_length=20)] = ""
    """What stands before the signature in its header, such as `sha256=`."""
    signed: Annotated[str, Field(max_length=100)] = "{body}"
    """What is signed: `{body}`, with `{timestamp}` and `{id}` where there are such, as in `{timestamp}.{body}`. Between
    two of them stand signs that are neither letters nor digits: otherwise what is signed could be cut otherwise. An id
    or a time in which such a sign stands proves nothing."""
    timestamp_header: Header | None = None
    """The header with the time that is signed, in seconds or milliseconds since 1970."""
    id_header: Header | None = None
    """The header with the id that is signed; it names the record where `key` does not."""
    tolerance: Tolerance = timedelta(minutes=5)
    """How far the signed time may lie from ours, either way."""

    @model_validator(mode="after")
    def _signs_what_it_names(self) -> "HmacSettings":
        parts = _FIELD.findall(self.signed)
        if parts.count("body") != 1 or set(parts) - _PARTS or set(self.signed) & {"{", "}"} != {"{", "}"}:
            raise ValueError("`signed` names {body} once, and beside it at most {timestamp} and {id}")
        for part, header in (("timestamp", self.timestamp_header), ("id", self.id_header)):
            if (part in parts) is (header is None):
                raise ValueError(
                    f"`signed` names {{{part}}} where `{part}_header` says what it is: unsigned it proves nothing"
                )
        if len(set(parts)) != len(parts):
            raise ValueError("`signed` names each part once")
        if not all(between and not any(sign.isalnum() for sign in between) for between in self.separators):
            raise ValueError(
                "`signed` has signs between its parts, neither letters nor digits, as in {timestamp}.{body}: "
                "without them one signature fits other times and bodies too"
            )
        return self

    @property
    def separators(self) -> tuple[str, ...]:
        """What stands between the parts that are signed."""
        # Splitting by a pattern with a group gives what the group found too.
        return tuple(_FIELD.split(self.signed)[2:-1:2])


class TokenSettings(ConnectorSettings):
    """A secret that is sent along: it proves the sender as long as nobody else sees it."""

    secrets: Annotated[tuple[Secret, ...], Field(min_length=1, max_length=5)]
    """Secrets of which one has to be sent. While a secret is changed, both stand here."""
    header: Header | None = None
    """The header that carries it, such as `X-Webhook-Token`."""
    prefix: Annotated[str, Field(max_length=20)] = ""
    """What stands before it in the header, such as `Bearer ` with its blank."""
    query: Annotated[str, Field(pattern=r"^[A-Za-z0-9_.-]{1,100}$")] | None = None
    """The parameter of the address that carries it, such as `code`, for senders that can do no better: addresses stand
    in the logs of proxies."""

    @model_validator(mode="after")
    def _is_in_one_place(self) -> "TokenSettings":
        if (self.header is None) is (self.query is None):
            raise ValueError("name one place for the secret: `header`, or `query`")
        return self


class BasicSettings(ConnectorSettings):
    """User and password, as `Authorization: Basic`."""

    user: Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^:\x00-\x1f]+$")]
    """Name of the user."""
    passwords: Annotated[tuple[Secret, ...], Field(min_length=1, max_length=5)]
    """Passwords of which one has to fit. While a password is changed, both stand here."""


class CertificateSettings(ConnectorSettings):
    """A client certificate (mutual TLS), which the server or a proxy before it has proven."""

    names: Annotated[tuple[str, ...], Field(min_length=1, max_length=50)]
    """Whose certificates are taken: a common name, a DNS name, URI or e-mail address among the alternative names, or
    the whole subject as RFC 4514 writes it, such as `CN=crm,O=Acme`. Compared as a whole, no wildcards."""
    header: Header | None = None
    """The header in which a proxy passes the certificate on: `Client-Cert` (RFC 9440), or one with the PEM text,
    percent-encoded. Left out, TLS ends with us: `xconnector serve --tls-… --client-ca …`."""
    proxies: tuple[Network, ...] = ()
    """Addresses or networks of the proxies that are believed, such as `10.0.0.0/28`; from others the header counts for
    nothing. The proxy has to prove the certificate, and to take the header out of what callers send."""

    @model_validator(mode="after")
    def _believes_only_proxies(self) -> "CertificateSettings":
        if (self.header is None) is not (not self.proxies):
            raise ValueError("`header` and `proxies` belong together: everybody can write a header")
        return self


class ProofSettings(ConnectorSettings):
    """How the sender proves who it is: everything that stands here has to hold."""

    standard_webhooks: StandardWebhooksSettings | None = None
    """Signed by Standard Webhooks 1.0."""
    hmac: HmacSettings | None = None
    """Signed by an HMAC of another kind."""
    token: TokenSettings | None = None
    """A secret in a header or in the address."""
    basic: BasicSettings | None = None
    """User and password."""
    certificate: CertificateSettings | None = None
    """A client certificate."""

    @model_validator(mode="after")
    def _proves_something(self) -> "ProofSettings":
        if not any((self.standard_webhooks, self.hmac, self.token, self.basic, self.certificate)):
            raise ValueError(
                "say how the sender proves who it is: `standard_webhooks`, `hmac`, `token`, `basic` or `certificate`; "
                "what anybody may send is not taken"
            )
        return self
