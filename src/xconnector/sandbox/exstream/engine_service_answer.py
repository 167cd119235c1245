"""What Engine Web Services answer: envelopes with the files as base64 or beside them, faults, and the WSDL."""

from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from uuid import uuid4

from lxml import etree
from starlette.responses import Response

from xconnector.sandbox.exstream.engine_service_request import NAMESPACE, SOAP, XmlElement

_WSSE = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd"
_XOP = "http://www.w3.org/2004/08/xop/include"
_PDL_OF_PDF = "4"


@dataclass(frozen=True, slots=True, kw_only=True)
class AnsweredFile:
    """One file of an answer."""

    name: str
    media_type: str
    content: bytes | None = field(repr=False)
    """None where the file stays on the server."""
    pages: int
    return_code: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """A whole answer."""

    files: Sequence[AnsweredFile]
    status: str
    messages: bytes | None
    with_header: bool
    by_mtom: bool


def compose_response(answered: Answered) -> Response:
    """Return the answer, in the form in which the request came."""
    attachments: list[tuple[str, bytes]] = []
    envelope, body = _envelope()
    response = etree.SubElement(body, f"{{{NAMESPACE}}}ComposeResponse", nsmap={"ns2": NAMESPACE})
    returned = etree.SubElement(response, "return")
    if answered.messages is not None:
        _add_bytes(returned, "engineMessage", answered.messages, attachments if answered.by_mtom else None)
    for file in answered.files:
        element = etree.SubElement(returned, "files")
        if answered.with_header:
            _add_header(element, file)
        etree.SubElement(element, "fileName").text = file.name
        if file.content is not None:
            _add_bytes(element, "fileOutput", file.content, attachments if answered.by_mtom else None)
    etree.SubElement(returned, "statusMessage").text = answered.status
    content = etree.tostring(envelope, encoding="UTF-8", xml_declaration=True)
    if not answered.by_mtom:
        return Response(content, media_type="text/xml;charset=utf-8")
    return _multipart(content, attachments)


def engine_fault(message: str) -> Response:
    """Return the fault that the service's own exception becomes."""
    envelope, fault = _fault("soapenv:Server", message)
    detail = etree.SubElement(fault, "detail")
    exception = etree.SubElement(detail, f"{{{NAMESPACE}}}EngineServiceException", nsmap={"ns2": NAMESPACE})
    etree.SubElement(exception, "message").text = message
    return _faulty(envelope)


def client_fault(message: str) -> Response:
    """Return the fault of a request that cannot be read."""
    return _faulty(_fault("soapenv:Client", message)[0])


def authentication_fault() -> Response:
    """Return the fault of a request from nobody that is known (WS-Security 1.0, section 12)."""
    envelope, _ = _fault("wsse:FailedAuthentication", "The security token could not be authenticated or authorized")
    return _faulty(envelope)


def wsdl(address: str) -> Response:
    """Return what the service says of itself."""
    return Response(_WSDL.format(address=address, namespace=NAMESPACE), media_type="text/xml;charset=utf-8")


def _envelope() -> tuple[XmlElement, XmlElement]:
    envelope = etree.Element(f"{{{SOAP}}}Envelope", nsmap={"soapenv": SOAP, "wsse": _WSSE})
    return envelope, etree.SubElement(envelope, f"{{{SOAP}}}Body")


def _fault(code: str, message: str) -> tuple[XmlElement, XmlElement]:
    envelope, body = _envelope()
    fault = etree.SubElement(body, f"{{{SOAP}}}Fault")
    etree.SubElement(fault, "faultcode").text = code
    etree.SubElement(fault, "faultstring").text = message
    return envelope, fault


def _faulty(envelope: XmlElement) -> Response:
    content = etree.tostring(envelope, encoding="UTF-8", xml_declaration=True)
    return Response(content, HTTPStatus.INTERNAL_SERVER_ERROR, media_type="text/xml;charset=utf-8")


def _add_header(element: XmlElement, file: AnsweredFile) -> None:
    header = etree.SubElement(element, "fileHeader")
    told = {
        "DDAOutputFile": "",
        "defaultExtension": file.name.rpartition(".")[2],
        "fileType": "1",
        "messageLength": "0",
        "outputLength": str(len(file.content or b"")),
        "PDL": _PDL_OF_PDF if file.media_type == "application/pdf" else "0",
        "pageCount": str(file.pages),
        "returnCode": str(file.return_code),
        "userData": "",
        "userDataLength": "0",
        "version": "1",
    }
    for name, text in told.items():
        etree.SubElement(header, name).text = text


def _add_bytes(parent: XmlElement, name: str, content: bytes, beside: list[tuple[str, bytes]] | None) -> None:
    element = etree.SubElement(parent, name)
    if beside is None:
        element.text = b64encode(content).decode("ascii")
        return
    content_id = f"{uuid4()}@exstream.sandbox"
    beside.append((content_id, content))
    etree.SubElement(element, f"{{{_XOP}}}Include", nsmap={"xop": _XOP}, href=f"cid:{content_id.replace('@', '%40')}")


def _multipart(envelope: bytes, attachments: Sequence[tuple[str, bytes]]) -> Response:
    boundary = f"uuid:{uuid4()}"
    root = (
        f"Content-ID: <rootpart*{uuid4()}@exstream.sandbox>\r\n"
        'Content-Type: application/xop+xml;charset=utf-8;type="text/xml"'
    )
    parts = [(root, envelope)]
    parts += [
        (f"Content-ID: <{name}>\r\nContent-Type: application/octet-stream", content) for name, content in attachments
    ]
    pieces = [
        f"--{boundary}\r\n{head}\r\nContent-Transfer-Encoding: binary\r\n\r\n".encode() + content + b"\r\n"
        for head, content in parts
    ]
    media_type = f'multipart/related;type="application/xop+xml";boundary="{boundary}";start-info="text/xml"'
    return Response(b"".join([*pieces, f"--{boundary}--".encode()]), headers={"Content-Type": media_type})


_WSDL = """<?xml version="1.0" encoding="UTF-8"?>
<wsdl:definitions xmlns:wsdl="http://schemas.xmlsoap.org/wsdl/" xmlns:soap="http://schemas.xmlsoap.org/wsdl/soap/"
    xmlns:xsd="http://www.w3.org/2001/XMLSchema" xmlns:tns="{namespace}" name="EngineService"
    targetNamespace="{namespace}">
  <wsdl:types>
    <xsd:schema targetNamespace="{namespace}" elementFormDefault="unqualified">
      <xsd:element name="Compose" type="tns:Compose"/>
      <xsd:element name="ComposeResponse" type="tns:ComposeResponse"/>
      <xsd:element name="EngineServiceException" type="tns:EngineServiceException"/>
      <xsd:complexType name="Compose"><xsd:sequence>
        <xsd:element name="EWSComposeRequest" type="tns:EWSComposeRequest" minOccurs="0"/>
      </xsd:sequence></xsd:complexType>
      <xsd:complexType name="EWSComposeRequest"><xsd:sequence>
        <xsd:element name="driver" type="tns:driverFile" minOccurs="0"/>
        <xsd:element name="driverEncoding" type="xsd:string" minOccurs="0"/>
        <xsd:element name="engineOptions" type="tns:engineOption" minOccurs="0" maxOccurs="unbounded"/>
        <xsd:element name="fileReturnRegEx" type="xsd:string" minOccurs="0"/>
        <xsd:element name="includeHeader" type="xsd:boolean"/>
        <xsd:element name="includeMessageFile" type="xsd:boolean"/>
        <xsd:element name="outputFile" type="tns:outputFile" minOccurs="0"/>
        <xsd:element name="pubFile" type="xsd:string" minOccurs="0"/>
        <xsd:element name="pubFiles" type="xsd:anyType" minOccurs="0" maxOccurs="unbounded"/>
      </xsd:sequence></xsd:complexType>
      <xsd:complexType name="driverFile"><xsd:sequence>
        <xsd:element name="driver" type="xsd:base64Binary" minOccurs="0"/>
        <xsd:element name="fileName" type="xsd:string" minOccurs="0"/>
      </xsd:sequence></xsd:complexType>
      <xsd:complexType name="engineOption"><xsd:sequence>
        <xsd:element name="name" type="xsd:string" minOccurs="0"/>
        <xsd:element name="value" type="xsd:string" minOccurs="0"/>
      </xsd:sequence></xsd:complexType>
      <xsd:complexType name="outputFile"><xsd:sequence>
        <xsd:element name="directory" type="xsd:string" minOccurs="0"/>
        <xsd:element name="fileName" type="xsd:string" minOccurs="0"/>
      </xsd:sequence></xsd:complexType>
      <xsd:complexType name="ComposeResponse"><xsd:sequence>
        <xsd:element name="return" type="xsd:anyType" minOccurs="0"/>
      </xsd:sequence></xsd:complexType>
      <xsd:complexType name="EngineServiceException"><xsd:sequence>
        <xsd:element name="message" type="xsd:string" minOccurs="0"/>
      </xsd:sequence></xsd:complexType>
    </xsd:schema>
  </wsdl:types>
  <wsdl:message name="Compose"><wsdl:part name="parameters" element="tns:Compose"/></wsdl:message>
  <wsdl:message name="ComposeResponse"><wsdl:part name="parameters" element="tns:ComposeResponse"/></wsdl:message>
  <wsdl:message name="EngineServiceException">
    <wsdl:part name="fault" element="tns:EngineServiceException"/>
  </wsdl:message>
  <wsdl:portType name="EngineWebService">
    <wsdl:operation name="Compose">
      <wsdl:input message="tns:Compose"/><wsdl:output message="tns:ComposeResponse"/>
      <wsdl:fault name="EngineServiceException" message="tns:EngineServiceException"/>
    </wsdl:operation>
  </wsdl:portType>
  <wsdl:binding name="EngineServicePortBinding" type="tns:EngineWebService">
    <soap:binding style="document" transport="http://schemas.xmlsoap.org/soap/http"/>
    <wsdl:operation name="Compose">
      <soap:operation soapAction=""/>
      <wsdl:input><soap:body use="literal"/></wsdl:input><wsdl:output><soap:body use="literal"/></wsdl:output>
      <wsdl:fault name="EngineServiceException"><soap:fault name="EngineServiceException" use="literal"/></wsdl:fault>
    </wsdl:operation>
  </wsdl:binding>
  <wsdl:service name="EngineService">
    <wsdl:port name="EngineServicePort" binding="tns:EngineServicePortBinding">
      <soap:address location="{address}"/>
    </wsdl:port>
  </wsdl:service>
</wsdl:definitions>
"""
