"""Mutual TLS over a real handshake: who has a certificate of our authority is known by the names in it."""

import ssl
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.x509.oid import NameOID

from tests.entrypoints.web.site import Site, open_site
from tests.entrypoints.web.test_events import rows
from xconnector.entrypoints.web.server import Tls

CONNECTIONS = """
  crm:
    connector: webhook
    proof: {certificate: {names: [crm.acme.test]}}
    key: [number]
""".lstrip("\n")
FEEDS = "  crm: {connection: crm, event: com.small.notice, mapping: notice}\n"


@dataclass(frozen=True, slots=True)
class Authority:
    folder: Path
    key: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate

    @property
    def file(self) -> Path:
        return self.folder / f"{common_name(self.certificate)}.pem"

    def issue(self, name: str, *alternative: x509.GeneralName) -> tuple[Path, Path]:
        """Issue a certificate and return its file and that of its key."""
        key = ec.generate_private_key(ec.SECP256R1())
        certificate = (
            builder(name, self.certificate.subject, key.public_key())
            .add_extension(x509.SubjectAlternativeName([x509.DNSName(name), *alternative]), critical=False)
            .sign(self.key, SHA256())
        )
        return written(self.folder, name, certificate, key)


def builder(name: str, issuer: x509.Name, key: ec.EllipticCurvePublicKey) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return x509.CertificateBuilder(
        subject_name=x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]),
        issuer_name=issuer,
        public_key=key,
        serial_number=x509.random_serial_number(),
        not_valid_before=now - timedelta(hours=1),
        not_valid_after=now + timedelta(hours=1),
    )


def common_name(certificate: x509.Certificate) -> str:
    return str(certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value)


def written(
    folder: Path, name: str, certificate: x509.Certificate, key: ec.EllipticCurvePrivateKey
) -> tuple[Path, Path]:
    certificate_file, key_file = folder / f"{name}.pem", folder / f"{name}.key"
    certificate_file.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    key_file.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return certificate_file, key_file


def authority(folder: Path, name: str) -> Authority:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    certificate = (
        builder(name, subject, key.public_key())
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, SHA256())
    )
    written(folder, name, certificate, key)
    return Authority(folder, key, certificate)


@pytest.fixture
def ours(tmp_path: Path) -> Authority:
    return authority(tmp_path, "our authority")


@pytest.fixture
async def site(tmp_path: Path, database: str, ours: Authority) -> AsyncGenerator[Site]:
    certificate, key = ours.issue("localhost")
    tls = Tls(certificate=certificate, key=key, client_authorities=ours.file)
    async with open_site(tmp_path / "project", database, connections=CONNECTIONS, feeds=FEEDS, tls=tls) as running:
        yield running


async def send(site: Site, ours: Authority, certificate: tuple[Path, Path] | None) -> httpx.Response:
    trust = ssl.create_default_context(cafile=str(ours.file))
    trust.check_hostname = False
    if certificate is not None:
        trust.load_cert_chain(*certificate)
    async with httpx.AsyncClient(verify=trust, trust_env=False) as client:
        return await client.post(f"{site.address}/hooks/crm", json={"number": "1"})


async def test_a_certificate_of_our_authority_with_a_name_that_may_send_is_taken(site: Site, ours: Authority) -> None:
    answer = await send(site, ours, ours.issue("crm.acme.test"))
    assert answer.status_code == 200
    assert await rows(site, b"SELECT source_key, fate FROM inbox") == [("1", "taken")]


async def test_another_name_and_no_certificate_are_refused(site: Site, ours: Authority) -> None:
    answers = [await send(site, ours, ours.issue("billing.acme.test")), await send(site, ours, None)]
    assert [answer.status_code for answer in answers] == [401, 401]
    assert await rows(site, b"SELECT count(*) FROM inbox") == [(0,)]


async def test_a_certificate_of_another_authority_does_not_get_through_the_handshake(
    site: Site, ours: Authority, tmp_path: Path
) -> None:
    (tmp_path / "elsewhere").mkdir()
    foreign = authority(tmp_path / "elsewhere", "another authority").issue("crm.acme.test")
    with pytest.raises(httpx.TransportError):
        await send(site, ours, foreign)
    assert await rows(site, b"SELECT count(*) FROM inbox") == [(0,)]


async def test_whoever_asks_for_other_things_needs_no_certificate(site: Site, ours: Authority) -> None:
    trust = ssl.create_default_context(cafile=str(ours.file))
    trust.check_hostname = False
    async with httpx.AsyncClient(verify=trust, trust_env=False) as client:
        assert (await client.get(f"{site.address}/healthz")).status_code == 200
