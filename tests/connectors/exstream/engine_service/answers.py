"""Answers of the service, written down by hand."""

from base64 import b64encode
from collections.abc import Mapping

from xconnector.connectors.exstream.engine_service.answer import ComposeAnswer, FileHeader, ReturnedFile
from xconnector.connectors.exstream.soap import SOAP

_NAMESPACE = "urn:hpexstream-services/Engine"


def compose_response(inside: str) -> bytes:
    """Return an envelope around what stands in `return`."""
    return (
        f'<?xml version="1.0" encoding="utf-8"?><s:Envelope xmlns:s="{SOAP}"><s:Body>'
        f'<e:ComposeResponse xmlns:e="{_NAMESPACE}"><return>{inside}</return></e:ComposeResponse>'
        "</s:Body></s:Envelope>"
    ).encode()


def fault(code: str, text: str, detail: str = "", *, namespace: str = SOAP) -> bytes:
    """Return an envelope with a fault."""
    return (
        f'<s:Envelope xmlns:s="{SOAP}" xmlns:c="{namespace}"><s:Body><s:Fault><faultcode>c:{code}</faultcode>'
        f"<faultstring>{text}</faultstring>{detail and f'<detail>{detail}</detail>'}"
        "</s:Fault></s:Body></s:Envelope>"
    ).encode()


def engine_exception(text: str) -> str:
    return f'<n:EngineServiceException xmlns:n="{_NAMESPACE}"><message>{text}</message></n:EngineServiceException>'


def file_element(name: str, content: bytes | None = b"PDF", **header: object) -> str:
    """Return one `files` element; without content, it names the file only."""
    told = "".join(f"<{field}>{value}</{field}>" for field, value in header.items())
    output = "" if content is None else f"<fileOutput>{b64encode(content).decode()}</fileOutput>"
    return f"<files><fileHeader>{told}</fileHeader><fileName>{name}</fileName>{output}</files>"


def returned(name: str, content: bytes | None = b"PDF", **header: object) -> ReturnedFile:
    return ReturnedFile(name=name, header=FileHeader(**header), content=content)  # pyright: ignore[reportArgumentType] - as its fields


def answered(*files: ReturnedFile, status: str = "", messages: bytes = b"") -> ComposeAnswer:
    return ComposeAnswer(files=files, status=status, messages=messages)


def outputs(**files: str | None) -> Mapping[str, object]:
    """Return the `outputs` of a design, each in a queue of its own name."""
    return {kind: {"queue": kind, **({"file": file} if file else {})} for kind, file in files.items()}
