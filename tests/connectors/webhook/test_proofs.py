"""Who may send: each way proves the raw request, and a changed byte proves nothing."""

import base64
import hmac
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from typing import Any
from urllib.parse import quote

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.x509.oid import NameOID
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from tests.connectors.webhook.requests import KEY, NOW, SECRET, TOKEN, request, standard_headers, webhooks
from xconnector.connectors.webhook.settings import WebhookSettings
from xconnector.connectors.webhook.source import SignedWebhooks
from xconnector.contract.webhook_source import UnprovenError, WebhookRequest

BODY = b'{"id": "1"}'
OTHER_KEY = b"fedcba9876543210fedcba9876543210"
OTHER_SECRET = f"whsec_{base64.b64encode(OTHER_KEY).decode()}"
TEXT_SECRET = "a secret of the sender that is long"


def is_proven(source: SignedWebhooks, sent: WebhookRequest) -> bool:
    try:
        source.prove(sent, now=NOW)
    except UnprovenError:
        return False
    return True


def standard(*secrets: str, **more: object) -> SignedWebhooks:
    return webhooks(proof={"standard_webhooks": {"secrets": list(secrets), **more}})


# ---------------------------------------------------------------- Standard Webhooks


@given(body=st.text(), message_id=st.from_regex(r"[A-Za-z0-9_-]{1,50}", fullmatch=True))
def test_what_the_reference_library_signs_is_proven(body: str, message_id: str) -> None:
    signed = Webhook(SECRET).sign(message_id, NOW, body)
    told = {"webhook-id": message_id, "webhook-timestamp": str(int(NOW.timestamp())), "webhook-signature": signed}

    assert is_proven(standard(SECRET), request(body.encode(), told))
    assert not is_proven(standard(OTHER_SECRET), request(body.encode(), told))
    assert not is_proven(standard(SECRET), request(body.encode() + b" ", told))


@given(st.text(), st.text(), st.text())
def test_what_the_reference_library_refuses_is_refused(message_id: str, timestamp: str, signature: str) -> None:
    told = {"webhook-id": message_id, "webhook-timestamp": timestamp, "webhook-signature": signature}
    with suppress(WebhookVerificationError, ValueError):
        Webhook(SECRET).verify(BODY, told)
        pytest.fail("a signature was guessed")
    assert not is_proven(standard(SECRET), request(BODY, told))


def test_while_a_secret_is_changed_both_hold() -> None:
    old, new = standard_headers(BODY), standard_headers(BODY, key=OTHER_KEY)
    both = {**old, "webhook-signature": f"v1,AAAA {new['webhook-signature']} {old['webhook-signature']}"}

    assert is_proven(standard(SECRET, OTHER_SECRET), request(BODY, old))
    assert is_proven(standard(SECRET, OTHER_SECRET), request(BODY, new))
    assert is_proven(standard(SECRET), request(BODY, both))


@pytest.mark.parametrize("minutes, holds", [(-4.9, True), (4.9, True), (-5.1, False), (5.1, False)])
def test_a_signed_time_is_good_for_five_minutes(minutes: float, holds: bool) -> None:
    told = standard_headers(BODY, at=NOW + timedelta(minutes=minutes))

    assert is_proven(standard(SECRET), request(BODY, told)) is holds
    assert is_proven(standard(SECRET, tolerance="10m"), request(BODY, told))


@pytest.mark.parametrize("name", ["webhook-id", "webhook-timestamp", "webhook-signature"])
def test_each_header_is_needed_and_signed(name: str) -> None:
    told = standard_headers(BODY)

    assert not is_proven(standard(SECRET), request(BODY, {**told, name: ""}))
    assert not is_proven(standard(SECRET), request(BODY, {**told, name: f"1{told[name]}"}))


def by_public_key() -> tuple[str, ed25519.Ed25519PrivateKey]:
    key = ed25519.Ed25519PrivateKey.generate()
    raw = key.public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
    return f"whpk_{base64.b64encode(raw).decode()}", key


def test_a_signature_by_a_private_key_is_proven_by_the_public_one() -> None:
    public, key = by_public_key()
    stranger, _ = by_public_key()
    timestamp = str(int(NOW.timestamp()))
    signature = base64.b64encode(key.sign(f"msg_1.{timestamp}.".encode() + BODY)).decode()
    told = {"webhook-id": "msg_1", "webhook-timestamp": timestamp, "webhook-signature": f"v1a,{signature}"}

    assert is_proven(standard(public), request(BODY, told))
    assert is_proven(standard(SECRET, public), request(BODY, told))
    assert not is_proven(standard(stranger), request(BODY, told))
    assert not is_proven(standard(public), request(BODY + b" ", told))
    assert not is_proven(standard(public), request(BODY, {**told, "webhook-signature": f"v1,{signature}"}))
    assert not is_proven(standard(public), request(BODY, standard_headers(BODY)))


# ---------------------------------------------------------------- other HMACs

TIMESTAMP = str(int(NOW.timestamp()))
WAYS: Mapping[str, tuple[Mapping[str, object], Mapping[str, str], bytes]] = {
    "hex with a prefix": ({"header": "X-Hub-Signature-256", "prefix": "sha256="}, {}, BODY),
    "base64": ({"header": "X-Signature", "encoding": "base64"}, {}, BODY),
    "SHA-1": ({"header": "X-Signature", "algorithm": "sha1"}, {}, BODY),
    "SHA-512": ({"header": "X-Signature", "algorithm": "sha512", "encoding": "base64"}, {}, BODY),
    "with its time": (
        {"header": "X-Signature", "signed": "v0:{timestamp}:{body}", "timestamp_header": "X-Timestamp"},
        {"x-timestamp": TIMESTAMP},
        f"v0:{TIMESTAMP}:".encode() + BODY,
    ),
    "with time and id": (
        {
            "header": "X-Signature",
            "signed": "{id}.{timestamp}.{body}",
            "timestamp_header": "X-Timestamp",
            "id_header": "X-Id",
        },
        {"x-timestamp": TIMESTAMP, "x-id": "m1"},
        f"m1.{TIMESTAMP}.".encode() + BODY,
    ),
}


def signature_of(settings: Mapping[str, object], content: bytes, secret: str = TEXT_SECRET) -> str:
    digest = hmac.new(secret.encode(), content, str(settings.get("algorithm", "sha256"))).digest()
    text = base64.b64encode(digest).decode() if settings.get("encoding") == "base64" else digest.hex()
    return f"{settings.get('prefix', '')}{text}"


@pytest.mark.parametrize("way", WAYS)
def test_an_hmac_is_proven_as_its_product_makes_it(way: str) -> None:
    settings, headers, content = WAYS[way]
    source = webhooks(proof={"hmac": {"secrets": [OTHER_SECRET, TEXT_SECRET], **settings}})
    told = {**headers, str(settings["header"]).lower(): signature_of(settings, content)}

    assert is_proven(source, request(BODY, told))
    assert not is_proven(source, request(BODY + b" ", told))
    assert not is_proven(source, request(BODY, headers))
    assert not is_proven(source, request(BODY, {**told, str(settings["header"]).lower(): "00"}))


def test_an_hmac_with_its_time_is_good_for_five_minutes() -> None:
    settings, headers, content = WAYS["with its time"]
    source = webhooks(proof={"hmac": {"secrets": [TEXT_SECRET], **settings}})
    told = {**headers, "x-signature": signature_of(settings, content)}

    with pytest.raises(UnprovenError, match="X-Timestamp"):
        source.prove(request(BODY, told), now=NOW + timedelta(minutes=6))


# ---------------------------------------------------------------- secrets that are sent along


def test_a_token_is_taken_from_its_place_only() -> None:
    header = webhooks(proof={"token": {"header": "Authorization", "prefix": "Bearer ", "secrets": [TOKEN]}})
    query = webhooks(proof={"token": {"query": "code", "secrets": [OTHER_SECRET, TOKEN]}})

    assert is_proven(header, request(BODY, {"authorization": f"Bearer {TOKEN}"}))
    assert is_proven(query, request(BODY, query={"code": TOKEN}))
    for sent in (request(BODY), request(BODY, {"authorization": TOKEN}), request(BODY, {"code": TOKEN})):
        assert not is_proven(header, sent)
        assert not is_proven(query, sent)


@pytest.mark.parametrize(
    "told, holds",
    [
        (f"Basic {base64.b64encode(f'crm:{TOKEN}'.encode()).decode()}", True),
        (f"basic {base64.b64encode(f'crm:{TOKEN}'.encode()).decode()}", True),
        (f"Basic {base64.b64encode(f'crm:{TOKEN}x'.encode()).decode()}", False),
        (f"Basic {base64.b64encode(f'erp:{TOKEN}'.encode()).decode()}", False),
        ("Basic crm", False),
        ("Basic w6TDtg", False),
        (f"Bearer {TOKEN}", False),
        ("", False),
    ],
)
def test_user_and_password_have_to_fit_both(told: str, holds: bool) -> None:
    source = webhooks(proof={"basic": {"user": "crm", "passwords": [TOKEN]}})

    assert is_proven(source, request(BODY, {"authorization": told})) is holds


def test_of_several_ways_every_one_has_to_hold() -> None:
    source = webhooks(
        proof={
            "standard_webhooks": {"secrets": [SECRET]},
            "token": {"header": "X-Token", "secrets": [TOKEN]},
        }
    )
    signed = standard_headers(BODY)

    assert is_proven(source, request(BODY, {**signed, "x-token": TOKEN}))
    assert not is_proven(source, request(BODY, signed))
    assert not is_proven(source, request(BODY, {"x-token": TOKEN}))


# ---------------------------------------------------------------- certificates


def certificate(name: str, *, days_ago: int = 0) -> tuple[bytes, str]:
    """Return a certificate as DER and as PEM."""
    key = ec.generate_private_key(ec.SECP256R1())
    begins = NOW - timedelta(days=days_ago, hours=1)
    subject = x509.Name(
        [x509.NameAttribute(NameOID.COMMON_NAME, name), x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Acme")]
    )
    signed = (
        x509.CertificateBuilder(subject, subject, key.public_key(), 1, begins, begins + timedelta(hours=2))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(f"dns.{name}")]), critical=False)
        .sign(key, SHA256())
    )
    return signed.public_bytes(serialization.Encoding.DER), signed.public_bytes(serialization.Encoding.PEM).decode()


@pytest.mark.parametrize("name", ["crm.test", "DNS.crm.test", "O=Acme,CN=crm.test"])
def test_a_certificate_is_known_by_any_of_its_names(name: str) -> None:
    der, _ = certificate("crm.test")
    source = webhooks(proof={"certificate": {"names": [name]}})

    assert is_proven(source, request(BODY, certificate=der))
    assert not is_proven(source, request(BODY))
    assert not is_proven(source, request(BODY, certificate=certificate("erp.test")[0]))
    assert not is_proven(source, request(BODY, certificate=b"no certificate"))


def test_a_certificate_of_yesterday_is_not_valid() -> None:
    source = webhooks(proof={"certificate": {"names": ["crm.test"]}})

    with pytest.raises(UnprovenError, match="not valid now"):
        source.prove(request(BODY, certificate=certificate("crm.test", days_ago=1)[0]), now=NOW)


def test_a_proxy_passes_certificates_on_and_nobody_else_does() -> None:
    settings = {"names": ["crm.test"], "header": "Client-Cert", "proxies": ["10.0.0.0/28", "fd00::/64"]}
    source = webhooks(proof={"certificate": settings})
    der, pem = certificate("crm.test")
    for told in (f":{base64.b64encode(der).decode()}:", quote(pem)):
        headers = {"client-cert": told}
        assert is_proven(source, request(BODY, headers, peer="10.0.0.3"))
        assert is_proven(source, request(BODY, headers, peer="::ffff:10.0.0.3"))
        for stranger in ("10.0.0.99", "127.0.0.1", None, "proxy"):
            assert not is_proven(source, request(BODY, headers, peer=stranger))
    # A certificate of the proxy itself is not the caller's.
    assert not is_proven(source, request(BODY, certificate=der, peer="10.0.0.3"))


@given(st.text(max_size=200))
def test_whatever_a_proxy_passes_on_is_read_or_refused(told: str) -> None:
    settings = {"names": ["crm.test"], "header": "Client-Cert", "proxies": ["10.0.0.3"]}
    source = webhooks(proof={"certificate": settings})

    for spelled in (told, f":{told}:", f"-----BEGIN CERTIFICATE-----{told}"):
        assert not is_proven(source, request(BODY, {"client-cert": spelled}, peer="10.0.0.3"))


def test_a_signature_fits_no_other_cut_of_what_was_signed() -> None:
    settings = {"header": "X-Signature", "signed": "{id}.{body}", "id_header": "X-Id"}
    source = webhooks(proof={"hmac": {"secrets": [TEXT_SECRET], **settings}})
    told = {"x-signature": signature_of(settings, b"m1.2." + BODY)}
    assert is_proven(source, request(b"2." + BODY, {**told, "x-id": "m1"}))
    assert not is_proven(source, request(BODY, {**told, "x-id": "m1.2"}))


# ---------------------------------------------------------------- settings


@pytest.mark.parametrize(
    "proof, told",
    [
        ({}, "say how the sender proves"),
        ({"standard_webhooks": {"secrets": []}}, "at least 1"),
        ({"standard_webhooks": {"secrets": ["whsec_äöü"]}}, "a secret is"),
        ({"standard_webhooks": {"secrets": ["whsec_AAAA"]}}, "can be guessed"),
        ({"standard_webhooks": {"secrets": ["whpk_AAAA"]}}, "ed25519"),
        ({"standard_webhooks": {"secrets": [SECRET], "tolerance": "2d"}}, "tolerance"),
        ({"hmac": {"secrets": [TEXT_SECRET], "header": "X", "signed": "{timestamp}"}}, "names {body} once"),
        ({"hmac": {"secrets": [TEXT_SECRET], "header": "X", "signed": "{body}{url}"}}, "names {body} once"),
        ({"hmac": {"secrets": [TEXT_SECRET], "header": "X", "timestamp_header": "T"}}, "unsigned it proves nothing"),
        ({"hmac": {"secrets": [TEXT_SECRET], "header": "X", "signed": "{id}{body}"}}, "unsigned it proves nothing"),
        (
            {"hmac": {"secrets": [TEXT_SECRET], "header": "X", "signed": "{timestamp}{body}", "timestamp_header": "T"}},
            "has signs between its parts",
        ),
        (
            {"hmac": {"secrets": [TEXT_SECRET], "header": "X", "signed": "{body}0{id}", "id_header": "I"}},
            "has signs between its parts",
        ),
        (
            {"hmac": {"secrets": [TEXT_SECRET], "header": "X", "signed": "{id}.{body}.{id}", "id_header": "I"}},
            "names each part once",
        ),
        ({"hmac": {"secrets": ["short"], "header": "X"}}, "at least 16"),
        ({"token": {"secrets": [TOKEN]}}, "one place"),
        ({"token": {"secrets": [TOKEN], "header": "X", "query": "code"}}, "one place"),
        ({"certificate": {"names": ["a"], "header": "Client-Cert"}}, "belong together"),
        ({"certificate": {"names": ["a"], "header": "Client-Cert", "proxies": ["proxy.test"]}}, "does not appear"),
    ],
)
def test_what_proves_nothing_is_no_setting(proof: Mapping[str, Any], told: str) -> None:
    with pytest.raises(ValidationError) as wrong:
        WebhookSettings.model_validate({"key": ["id"], "proof": proof})
    assert told in str(wrong.value)


def test_secrets_are_shown_nowhere() -> None:
    settings = WebhookSettings.model_validate({"proof": {"standard_webhooks": {"secrets": [SECRET]}}})

    assert SECRET not in f"{settings!r} {settings.model_dump_json()}"
    assert KEY.decode() not in repr(replace(request(BODY, standard_headers(BODY)), body=KEY))
