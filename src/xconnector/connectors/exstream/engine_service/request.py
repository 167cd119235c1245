"""The request `Compose`, its elements in the sequence of the schema and without a namespace, as callers send it [C]."""

from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field

from lxml import etree

from xconnector.connectors.exstream.engine_service.mtom import Packed, pack, xop_include
from xconnector.connectors.exstream.engine_service.settings import OF_COMMUNICATION, EngineServiceSettings
from xconnector.connectors.exstream.engine_service.user_token import Stamp, security_header
from xconnector.connectors.exstream.soap import MEDIA_TYPE, XmlElement, write_envelope

OPERATION = "Compose"
_DRIVER_ID = "driver@xconnector"


@dataclass(frozen=True, slots=True, kw_only=True)
class Compose:
    """What is to be composed in one call."""

    package: str | None
    """Name of the design's package file; None asks for nothing, to see who answers."""
    driver: bytes = field(repr=False)
    options: Mapping[str, str]
    """Switches of the engine for this call."""
    file_id: str | None = None
    """What stands for `{id}` in the name of the output file."""


def compose_request(compose: Compose, settings: EngineServiceSettings, stamp: Stamp | None) -> Packed:
    """Return the body of the HTTP request with its content type."""
    namespace = settings.namespace
    operation = etree.Element(f"{{{namespace}}}{OPERATION}", nsmap={"eng": namespace})
    request = etree.SubElement(operation, "EWSComposeRequest")
    _driver(request, compose, settings)
    _optional(request, "driverEncoding", settings.driver_encoding)
    for name, value in compose.options.items():
        option = etree.SubElement(request, "engineOptions")
        _element(option, "name", name)
        _element(option, "value", value)
    _element(request, "fileReturnRegEx", settings.file_return_regex)
    _element(request, "includeHeader", "true")
    _element(request, "includeMessageFile", "true")
    _output_file(request, compose, settings)
    _packages(request, compose, settings)
    header = security_header(settings.token, stamp) if settings.token is not None else None
    envelope = write_envelope(operation, header=header)
    if settings.mtom:
        return pack(envelope, {_DRIVER_ID: compose.driver})
    return Packed(media_type=f"{MEDIA_TYPE}; charset=utf-8", content=envelope)


def _driver(request: XmlElement, compose: Compose, settings: EngineServiceSettings) -> None:
    driver = etree.SubElement(request, "driver")
    content = etree.SubElement(driver, "driver")
    if settings.mtom:
        content.append(xop_include(_DRIVER_ID))
    else:
        content.text = b64encode(compose.driver).decode("ascii")
    _element(driver, "fileName", settings.driver_name)


def _output_file(request: XmlElement, compose: Compose, settings: EngineServiceSettings) -> None:
    if settings.output_file is None:
        return
    output = etree.SubElement(request, "outputFile")
    _optional(output, "directory", settings.output_file.directory)
    _optional(output, "fileName", settings.output_file.name.replace(OF_COMMUNICATION, compose.file_id or ""))


def _packages(request: XmlElement, compose: Compose, settings: EngineServiceSettings) -> None:
    if compose.package is None:
        return
    around, _, name = settings.package_element.rpartition("/")
    parent = etree.SubElement(request, around) if around else request
    for package in (compose.package, *settings.further_packages):
        _element(parent, name, package)


def _optional(parent: XmlElement, name: str, text: str) -> None:
    if text:
        _element(parent, name, text)


def _element(parent: XmlElement, name: str, text: str) -> None:
    etree.SubElement(parent, name).text = text
