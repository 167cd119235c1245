"""The way to the relay is encrypted, and only a relay that proves its name gets login and mail."""

import datetime as dt
import ssl
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from xconnector.connectors.smtp.channel import SmtpChannel
from xconnector.connectors.smtp.settings import SmtpSettings
from xconnector.contract.channel import Receipt
from xconnector.contract.errors import ConnectorError, MisconfiguredError
from xconnector.contract.manifest import Surroundings
from xconnector.sandbox.relay import Behaviour, SandboxRelay
from xconnector.testing.dispatches import sample_dispatch

USER, PASSWORD = "xconnector", "correct horse"


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    certificate: Path
    key: Path

    def context(self) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.certificate, self.key)
        return context


def certificate_for(folder: Path, *addresses: str) -> Certificate:
    """A certificate that signs itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "relay")])
    today = dt.datetime.now(dt.UTC)
    names = x509.SubjectAlternativeName([x509.IPAddress(ip_address(address)) for address in addresses])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(today - dt.timedelta(days=1))
        .not_valid_after(today + dt.timedelta(days=1))
        .add_extension(names, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    (folder / "relay.crt").write_bytes(certificate.public_bytes(pem))
    unlocked = serialization.NoEncryption()
    (folder / "relay.key").write_bytes(key.private_bytes(pem, serialization.PrivateFormat.PKCS8, unlocked))
    return Certificate(certificate=folder / "relay.crt", key=folder / "relay.key")


@asynccontextmanager
async def encrypted_relay(folder: Path, tls: ssl.SSLContext, *, implicit: bool) -> AsyncGenerator[SandboxRelay]:
    behaviour = Behaviour(login=(USER, PASSWORD))
    async with SandboxRelay(
        folder, folder / "bounces", behaviour=behaviour, tls_context=tls, implicit_tls=implicit
    ) as relay:
        yield relay


async def sent_to(relay: SandboxRelay, folder: Path, **settings: Any) -> Receipt | ConnectorError:  # noqa: ANN401
    chosen = SmtpSettings.model_validate(
        {
            "host": "127.0.0.1",
            "port": relay.port,
            "user": USER,
            "password": PASSWORD,
            "sender": {"address": "service@aurora.test"},
            "token_secret": "a secret of some length",
            "timeout": 5,
            **settings,
        }
    )
    async with SmtpChannel(chosen, Surroundings(project_folder=folder, state_folder=folder)) as channel:
        (result,) = await channel.send([sample_dispatch()])
    return result


@pytest.mark.parametrize("tls", ["starttls", "tls"])
async def test_a_mail_travels_encrypted(tmp_path: Path, tls: str) -> None:
    certificate = certificate_for(tmp_path, "127.0.0.1")
    async with encrypted_relay(tmp_path, certificate.context(), implicit=tls == "tls") as relay:
        result = await sent_to(relay, tmp_path, tls=tls, ca_file="relay.crt")

        assert isinstance(result, Receipt), result
        assert len(relay.arrivals()) == 1


@pytest.mark.parametrize("tls", ["starttls", "tls"])
async def test_a_certificate_that_nobody_vouches_for_is_misconfigured(tmp_path: Path, tls: str) -> None:
    certificate = certificate_for(tmp_path, "127.0.0.1")
    async with encrypted_relay(tmp_path, certificate.context(), implicit=tls == "tls") as relay:
        result = await sent_to(relay, tmp_path, tls=tls)

        assert isinstance(result, MisconfiguredError)
        assert "ca_file" in str(result)
        assert not relay.arrivals()


async def test_a_certificate_for_another_name_is_misconfigured(tmp_path: Path) -> None:
    certificate = certificate_for(tmp_path, "127.9.9.9")
    async with encrypted_relay(tmp_path, certificate.context(), implicit=False) as relay:
        result = await sent_to(relay, tmp_path, ca_file="relay.crt")

        assert isinstance(result, MisconfiguredError)
        assert not relay.arrivals()


async def test_tls_to_a_port_that_begins_in_plain_text_is_misconfigured(tmp_path: Path) -> None:
    certificate = certificate_for(tmp_path, "127.0.0.1")
    async with encrypted_relay(tmp_path, certificate.context(), implicit=False) as relay:
        result = await sent_to(relay, tmp_path, tls="tls", ca_file="relay.crt")

    assert isinstance(result, MisconfiguredError)


async def test_a_ca_file_that_is_not_there_is_misconfigured(tmp_path: Path) -> None:
    certificate = certificate_for(tmp_path, "127.0.0.1")
    async with encrypted_relay(tmp_path, certificate.context(), implicit=False) as relay:
        with pytest.raises(MisconfiguredError, match="ca_file"):
            await sent_to(relay, tmp_path, ca_file="nowhere.crt")
