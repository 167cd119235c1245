"""A call of Engine Web Services as it came: the envelope, what travelled beside it, and who sent it."""

import re
from base64 import b64decode
from binascii import Error as NoBase64Error
from collections.abc import Mapping
from dataclasses import dataclass, field
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from typing import TypeAlias, cast
from urllib.parse import unquote

from lxml import etree

NAMESPACE = "urn:hpexstream-services/Engine"
SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
_WSSE = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd"
_PASSWORD_TEXT = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-username-token-profile-1.0#PasswordText"  # noqa: S105 - the name of a form
_INCLUDE = "{http://www.w3.org/2004/08/xop/include}Include"
_SEQUENCE = (
    "driver",
    "driverEncoding",
    "engineOptions",
    "fileReturnRegEx",
    "includeHeader",
    "includeMessageFile",
    "outputFile",
    "pubFile",
    "pubFiles",
)
"""The elements of a request in the sequence that the schema wants."""

XmlElement: TypeAlias = etree._Element  # noqa: SLF001  # pyright: ignore[reportPrivateUsage] - lxml has no other name for it


class UnfitRequestError(Exception):
    """A request that the schema does not allow; the message is that of the fault."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ComposeRequest:
    """What is asked for."""

    driver: bytes = field(repr=False)
    driver_name: str
    options: Mapping[str, str]
    file_return: re.Pattern[str]
    with_header: bool
    with_messages: bool
    directory: str
    """Where the engine is to write; empty where the files are to come back."""
    file_name: str
    """What the output is to be called there; empty where the engine names it."""
    packages: tuple[str, ...]
    user: str
    password: str = field(repr=False)
    token_nonce: str
    """Of a stamped token; empty otherwise."""
    by_mtom: bool


def read_request(media_type: str, body: bytes) -> ComposeRequest:
    """Return what a request asks for. Raises UnfitRequestError."""
    envelope, beside = _unpacked(media_type, body)
    root = _root(envelope)
    asked = root.find(f"{{{SOAP}}}Body/{{{NAMESPACE}}}Compose/EWSComposeRequest")
    if asked is None:
        raise UnfitRequestError("Cannot find dispatch method for the request")
    _refuse_disorder(asked)
    token = root.find(f"{{{SOAP}}}Header/{{{_WSSE}}}Security/{{{_WSSE}}}UsernameToken")
    return ComposeRequest(
        driver=_bytes(asked.find("driver/driver"), beside),
        driver_name=_text(asked, "driver/fileName"),
        options={_text(option, "name"): _text(option, "value") for option in asked.findall("engineOptions")},
        file_return=_pattern(_text(asked, "fileReturnRegEx")),
        with_header=_text(asked, "includeHeader") == "true",
        with_messages=_text(asked, "includeMessageFile") == "true",
        directory=_text(asked, "outputFile/directory"),
        file_name=_text(asked, "outputFile/fileName"),
        packages=tuple(element.text or "" for element in asked.iterfind("pubFile")),
        user=_text(token, f"{{{_WSSE}}}Username"),
        password=_password(token),
        token_nonce=_text(token, f"{{{_WSSE}}}Nonce"),
        by_mtom=media_type.lower().startswith("multipart/related"),
    )


def _unpacked(media_type: str, body: bytes) -> tuple[bytes, Mapping[str, bytes]]:
    if not media_type.lower().startswith("multipart/related"):
        return body, {}
    head = f"Content-Type: {media_type}\r\nMIME-Version: 1.0\r\n\r\n".encode("latin-1")
    message = BytesParser(policy=policy.HTTP).parsebytes(head + body)
    parts = [cast("EmailMessage", part) for part in message.iter_parts()]
    if not parts:
        raise UnfitRequestError("The request holds no part")
    beside = {str(part["Content-ID"]).strip("<> "): _payload(part) for part in parts[1:]}
    return _payload(parts[0]), beside


def _payload(part: EmailMessage) -> bytes:
    content = part.get_payload(decode=True)
    return content if isinstance(content, bytes) else b""


def _root(envelope: bytes) -> XmlElement:
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=True)
    try:
        root = etree.fromstring(envelope, parser)
    except etree.XMLSyntaxError:
        raise UnfitRequestError("Couldn't create SOAP message due to exception: XML reader error") from None
    if root.getroottree().docinfo.internalDTD is not None or root.tag != f"{{{SOAP}}}Envelope":
        raise UnfitRequestError("Couldn't create SOAP message: the document is no SOAP 1.1 envelope")
    return root


def _refuse_disorder(asked: XmlElement) -> None:
    names = [str(element.tag) for element in asked]
    places = [_SEQUENCE.index(name) if name in _SEQUENCE else -1 for name in names]
    if -1 in places or places != sorted(places) or "driver" not in names:
        raise UnfitRequestError("unmarshalling error: unexpected element in EWSComposeRequest")


def _text(parent: XmlElement | None, path: str) -> str:
    found = parent.find(path) if parent is not None else None
    return (found.text or "").strip() if found is not None else ""


def _password(token: XmlElement | None) -> str:
    element = token.find(f"{{{_WSSE}}}Password") if token is not None else None
    if element is None or element.get("Type", _PASSWORD_TEXT) != _PASSWORD_TEXT:
        return ""
    return element.text or ""


def _bytes(element: XmlElement | None, beside: Mapping[str, bytes]) -> bytes:
    if element is None:
        raise UnfitRequestError("unmarshalling error: the driver is missing")
    include = element.find(_INCLUDE)
    if include is not None:
        name = unquote(str(include.get("href")).removeprefix("cid:"))
        if name not in beside:
            raise UnfitRequestError("unmarshalling error: an attachment is missing")
        return beside[name]
    try:
        return b64decode(element.text or "", validate=True)
    except NoBase64Error:
        raise UnfitRequestError("unmarshalling error: the driver is no base64") from None


def _pattern(text: str) -> re.Pattern[str]:
    try:
        return re.compile(text or ".*")
    except re.error:
        raise UnfitRequestError("fileReturnRegEx is no regular expression") from None
