"""Who asks: the UsernameToken of WS-Security 1.0, with the password as text."""

from base64 import b64encode
from dataclasses import dataclass, field
from datetime import UTC, datetime

from lxml import etree

from xconnector.connectors.exstream.engine_service.settings import UserToken
from xconnector.connectors.exstream.soap import SOAP, XmlElement

_OASIS = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss"
WSSE = f"{_OASIS}-wssecurity-secext-1.0.xsd"
WSU = f"{_OASIS}-wssecurity-utility-1.0.xsd"
PASSWORD_TEXT = f"{_OASIS}-username-token-profile-1.0#PasswordText"
BASE64 = f"{_OASIS}-soap-message-security-1.0#Base64Binary"


@dataclass(frozen=True, slots=True, kw_only=True)
class Stamp:
    """What makes one request different from every other."""

    nonce: bytes = field(repr=False)
    created_at: datetime


def security_header(token: UserToken, stamp: Stamp | None) -> XmlElement:
    """Return the header entry that names the account; a service that does not know it may ignore it."""
    security = etree.Element(f"{{{WSSE}}}Security", nsmap={"wsse": WSSE})
    security.set(f"{{{SOAP}}}mustUnderstand", "0")
    user = etree.SubElement(security, f"{{{WSSE}}}UsernameToken")
    etree.SubElement(user, f"{{{WSSE}}}Username").text = token.user
    password = etree.SubElement(user, f"{{{WSSE}}}Password", Type=PASSWORD_TEXT)
    password.text = token.password.get_secret_value()
    if stamp is not None:
        nonce = etree.SubElement(user, f"{{{WSSE}}}Nonce", EncodingType=BASE64)
        nonce.text = b64encode(stamp.nonce).decode("ascii")
        created = etree.SubElement(user, f"{{{WSU}}}Created", nsmap={"wsu": WSU})
        created.text = stamp.created_at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return security
