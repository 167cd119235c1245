"""Mails that we sign ourselves: `dkimpy` finds the signature good, until somebody changes what matters."""

import re
from datetime import UTC, datetime
from pathlib import Path

import dkim
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from tests.connectors.smtp.stand_in import open_stand_in
from xconnector.connectors.smtp.channel import SmtpChannel
from xconnector.connectors.smtp.dkim_signature import DkimSignature
from xconnector.connectors.smtp.settings import DkimSettings, SmtpSettings
from xconnector.contract.channel import Receipt
from xconnector.contract.errors import MisconfiguredError
from xconnector.contract.manifest import Surroundings
from xconnector.domain.document import RenditionKind
from xconnector.testing.dispatches import sample_dispatch

KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
PUBLIC = KEY.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
NOW = datetime(2026, 11, 24, 8, tzinfo=UTC)
SETTINGS = DkimSettings(domain="aurora.test", selector="x1", key_file=Path("dkim.pem"))
HEAD = (
    b"Date: Tue, 24 Nov 2026 08:00:00 +0000\r\n"
    b"From: Aurora <service@aurora.test>\r\n"
    b"To:  a@x.test\r\n"
    b"Subject: Your\r\n\tnotice \r\n"
    b"List-Unsubscribe: <https://a.test/u/t>,\r\n <mailto:u@a.test?subject=t>\r\n"
    b"List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n"
    b"Content-Type: text/plain; charset=utf-8\r\n"
)


def write_key(path: Path, key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey = KEY) -> None:
    path.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))


def in_dns(name: bytes, timeout: int = 5) -> bytes:
    import base64

    del timeout
    assert name.rstrip(b".") == b"x1._domainkey.aurora.test"
    return b"v=DKIM1; k=rsa; p=" + base64.b64encode(PUBLIC)


def is_good(mail: bytes) -> bool:
    return bool(dkim.verify(mail, dnsfunc=in_dns))  # pyright: ignore[reportUnknownMemberType] - it has no types


@settings(max_examples=60, deadline=None)
@given(st.text(st.sampled_from("ab \t\n\xe4."), max_size=80))
def test_whatever_a_mail_says_its_signature_is_good_and_not_a_byte_is_changed(text: str) -> None:
    mail = HEAD + b"\r\n" + f"{text}\n".encode().replace(b"\n", b"\r\n")
    signed = DkimSignature(SETTINGS, KEY).signed(mail, at=NOW)
    assert signed.endswith(mail)
    assert max(map(len, signed.removesuffix(mail).split(b"\r\n"))) <= 78
    assert is_good(signed)


@pytest.mark.parametrize(
    "old, new",
    [
        (b"One-Click", b"Two-Click"),
        (b"https://a.test/u/t", b"https://b.test/u/t"),
        (b"From: Aurora", b"From: Borealis"),
        (b"From: Aurora", b"From: Mallory <m@aurora.test>\r\nFrom: Aurora"),
        (b"Subject: ", b"Subject: Urgent\r\nSubject: "),
        (b"Date: ", b"Reply-To: <m@mallory.test>\r\nDate: "),
        (b"Dear", b"Near"),
        (b"customer", b"customer\r\nPay"),
    ],
)
def test_whoever_changes_or_adds_what_matters_breaks_it(old: bytes, new: bytes) -> None:
    signed = DkimSignature(SETTINGS, KEY).signed(HEAD + b"\r\nDear customer\r\n", at=NOW)
    assert is_good(signed)
    assert not is_good(signed.replace(old, new, 1))


def test_relays_may_fold_anew_and_change_spaces() -> None:
    signed = DkimSignature(SETTINGS, KEY).signed(HEAD + b"\r\nDear  customer\r\n", at=NOW)
    assert is_good(signed.replace(b"Dear  customer\r\n", b"Dear customer \r\n\r\n").replace(b"Your\r\n\t", b"Your "))


def test_both_headers_of_one_click_are_signed() -> None:
    signed = DkimSignature(SETTINGS, KEY).signed(HEAD + b"\r\n", at=NOW)
    (names,) = re.findall(rb" h=([^;]+);", signed)
    assert {b"list-unsubscribe", b"list-unsubscribe-post"} <= {name.strip() for name in names.split(b":")}


async def test_what_a_relay_gets_is_signed(tmp_path: Path) -> None:
    write_key(tmp_path / "dkim.pem")
    dispatch = sample_dispatch(1, frozenset({RenditionKind.EMAIL, RenditionKind.LETTER}))
    async with open_stand_in(tmp_path) as relay:
        told = {**relay.settings, "sender": {"address": "service@aurora.test"}, "dkim": SETTINGS.model_dump()}
        surroundings = Surroundings(project_folder=tmp_path, state_folder=tmp_path)
        async with SmtpChannel(SmtpSettings.model_validate(told), surroundings) as channel:
            (result,) = await channel.send([dispatch])
    assert isinstance(result, Receipt)
    (mail,) = [path.read_bytes() for path in tmp_path.rglob("*.eml")]
    assert is_good(mail.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n"))


@pytest.mark.parametrize("content", [b"", b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", None])
async def test_a_key_that_cannot_be_used_is_told_before_anything_is_sent(tmp_path: Path, content: bytes | None) -> None:
    if content is not None:
        (tmp_path / "dkim.pem").write_bytes(content)
    with pytest.raises(MisconfiguredError, match="dkim"):
        DkimSignature.of(SETTINGS, tmp_path)
    write_key(tmp_path / "dkim.pem", ec.generate_private_key(ec.SECP256R1()))
    with pytest.raises(MisconfiguredError, match="RSA"):
        DkimSignature.of(SETTINGS, tmp_path)


@pytest.mark.parametrize("domain, fits", [("aurora.test", True), ("test.test", False), ("rora.test", False)])
def test_only_the_senders_own_domain_signs(domain: str, *, fits: bool) -> None:
    told = {
        "host": "127.0.0.1",
        "tls": "none",
        "sender": {"address": "service@mail.aurora.test"},
        "token_secret": "a-secret-of-the-tests",
        "dkim": {"domain": domain, "selector": "x1", "key_file": "dkim.pem"},
    }
    if fits:
        assert SmtpSettings.model_validate(told).dkim is not None
    else:
        with pytest.raises(ValidationError, match="proves nothing"):
            SmtpSettings.model_validate(told)
