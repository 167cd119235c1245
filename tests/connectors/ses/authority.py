"""The certificate of the tests, in place of Amazon's."""

from datetime import UTC, datetime
from functools import cache

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID


@cache
def key() -> RSAPrivateKey:
    return generate_private_key(public_exponent=65537, key_size=2048)


@cache
def certificate() -> bytes:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "sns.amazonaws.com")])
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key().public_key())
    dated = builder.serial_number(1).not_valid_before(datetime(2026, 1, 1, tzinfo=UTC))
    return dated.not_valid_after(datetime(2027, 1, 1, tzinfo=UTC)).sign(key(), SHA256()).public_bytes(Encoding.PEM)
