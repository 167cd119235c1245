"""Client certificates: proven by the server itself, or passed on by a proxy that is believed."""

import base64
import binascii
from collections.abc import Iterator
from datetime import datetime
from ipaddress import ip_address, ip_network
from urllib.parse import unquote_to_bytes

from cryptography import x509
from cryptography.x509.oid import NameOID

from xconnector.connectors.webhook.proof_settings import CertificateSettings
from xconnector.contract.webhook_source import WebhookRequest

_LONGEST = 16 * 1024
_TOLD_BY_PEM = b"-----BEGIN CERTIFICATE-----"


def wrong_with_certificate(request: WebhookRequest, settings: CertificateSettings, now: datetime) -> str | None:
    """Return what is wrong with the client certificate of a request; None where it is of somebody who may send."""
    if settings.header is not None and not _is_believed(request.peer, settings):
        return f"the request came from no proxy that is believed, so that {settings.header} counts for nothing"
    try:
        certificate = _certificate(request, settings)
    except (ValueError, binascii.Error, x509.UnsupportedGeneralNameType):
        return "the client certificate cannot be read"
    if certificate is None:
        return "there is no client certificate"
    if not certificate.not_valid_before_utc <= now <= certificate.not_valid_after_utc:
        return "the client certificate is not valid now"
    wanted = {name.casefold() for name in settings.names}
    try:
        names = {name.casefold() for name in _names(certificate)}
    except (ValueError, x509.UnsupportedGeneralNameType):
        return "the names in the client certificate cannot be read"
    return None if names & wanted else "the client certificate is of nobody who may send"


def _is_believed(peer: str | None, settings: CertificateSettings) -> bool:
    try:
        address = ip_address(peer or "")
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None) or address
    return any(mapped in ip_network(network) for network in settings.proxies)


def _certificate(request: WebhookRequest, settings: CertificateSettings) -> x509.Certificate | None:
    if settings.header is None:
        return None if request.certificate is None else x509.load_der_x509_certificate(request.certificate)
    told = request.headers.get(settings.header.lower(), "").strip()
    if not told or len(told) > _LONGEST:
        return None
    if told.startswith(":") and told.endswith(":"):
        return x509.load_der_x509_certificate(base64.b64decode(told.strip(":"), validate=True))
    pem = unquote_to_bytes(told)
    if not pem.startswith(_TOLD_BY_PEM):
        raise ValueError("neither RFC 9440 nor PEM")
    return x509.load_pem_x509_certificate(pem)


def _names(certificate: x509.Certificate) -> Iterator[str]:
    yield certificate.subject.rfc4514_string()
    for attribute in certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME):
        yield str(attribute.value)
    try:
        others = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return
    for kind in (x509.DNSName, x509.UniformResourceIdentifier, x509.RFC822Name):
        yield from others.get_values_for_type(kind)
