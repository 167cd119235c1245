"""The stand-in's Engine Web Services, spoken to by hand: what they take, what they refuse, and how."""

import re
from base64 import b64decode, b64encode
from collections.abc import AsyncGenerator, Mapping
from pathlib import Path

import httpx
import pytest_asyncio
from lxml import etree

from tests.connectors.exstream.sandbox_program import SandboxProgram, running_exstream
from tests.connectors.exstream_engine_service.stand_in import TEMPLATE, write_design
from xconnector.connectors.exstream.design import ExstreamDesign
from xconnector.connectors.exstream.driver.encoding import driver_of
from xconnector.testing.orders import sample_order

_PATH = "/EngineService/EngineService"
_SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
_DESIGN: Mapping[str, object] = {
    "package": "PolicyIssued.pub",
    "outputs": {"letter": {"queue": "archive"}, "sms": {"queue": "text", "file": "sms_{key}.txt"}},
}


@pytest_asyncio.fixture
async def program(tmp_path: Path) -> AsyncGenerator[SandboxProgram]:
    write_design(tmp_path, _DESIGN)
    async with running_exstream(tmp_path, tmp_path / "output") as program:
        yield program


def _driver(*numbers: int) -> bytes:
    designs = {TEMPLATE: ExstreamDesign.model_validate(_DESIGN)}
    return driver_of(designs, [sample_order(number, template=TEMPLATE) for number in numbers])


def _request(driver: bytes, *, regex: str = ".*", extra: str = "", package: str = "PolicyIssued.pub") -> bytes:
    return (
        f'<s:Envelope xmlns:s="{_SOAP}"><s:Body><e:Compose xmlns:e="urn:hpexstream-services/Engine">'
        f"<EWSComposeRequest><driver><driver>{b64encode(driver).decode()}</driver><fileName>INPUT</fileName></driver>"
        "<engineOptions><name>RUNMODE</name><value>PRODUCTION</value></engineOptions>"
        f"<fileReturnRegEx>{regex}</fileReturnRegEx><includeHeader>true</includeHeader>"
        f"<includeMessageFile>true</includeMessageFile>{extra}<pubFile>{package}</pubFile>"
        "</EWSComposeRequest></e:Compose></s:Body></s:Envelope>"
    ).encode()


async def _asked(program: SandboxProgram, body: bytes, media_type: str = "text/xml") -> httpx.Response:
    async with httpx.AsyncClient(trust_env=False, timeout=60) as caller:
        headers = {"Content-Type": media_type, "SOAPAction": '""'}
        return await caller.post(program.url + _PATH, content=body, headers=headers)


def _returned(answer: httpx.Response) -> Mapping[str, bytes]:
    root = etree.fromstring(answer.content)
    return {
        element.findtext("fileName") or "": b64decode(element.findtext("fileOutput") or "")
        for element in root.iter("files")
    }


def _fault(answer: httpx.Response) -> str:
    assert answer.status_code == 500
    return etree.fromstring(answer.content).findtext(f"{{{_SOAP}}}Body/{{{_SOAP}}}Fault/faultcode") or ""


async def test_it_composes_real_documents(program: SandboxProgram) -> None:
    answer = await _asked(program, _request(_driver(1, 2)))

    files = _returned(answer)
    assert sorted(content[:5] for name, content in files.items() if name.endswith(".pdf")) == [b"%PDF-", b"%PDF-"]
    assert len([name for name in files if re.fullmatch(r"sms_[0-9a-f-]{36}\.txt", name)]) == 2
    assert b"<returnCode>0</returnCode>" in answer.content
    assert b"<PDL>4</PDL>" in answer.content


async def test_only_files_that_are_asked_for_come_back(program: SandboxProgram) -> None:
    answer = await _asked(program, _request(_driver(1), regex=".*.(pdf)"))

    assert [name[-4:] for name in _returned(answer)] == [".pdf"]


async def test_a_package_that_is_not_there_ends_with_code_12_and_no_file(program: SandboxProgram) -> None:
    answer = await _asked(program, _request(_driver(1), package="Gone.pub"))

    assert answer.status_code == 200
    assert _returned(answer) == {}
    assert b"return code 12" in answer.content


async def test_what_the_schema_does_not_allow_is_a_fault_of_the_caller(program: SandboxProgram) -> None:
    bodies = [
        b"no XML",
        b"<Compose/>",
        _request(b"").replace(b"e:Compose", b"e:Other"),
        b'<!DOCTYPE x [<!ENTITY y "z">]>' + _request(b"{}"),
        _request(b"{}", extra="<engineOptions/>"),
        _request(b"{}", regex="("),
    ]

    assert {_fault(await _asked(program, body)) for body in bodies} == {"soapenv:Client"}


async def test_who_is_not_known_gets_a_fault_of_ws_security(program: SandboxProgram) -> None:
    await program.misbehave(ews_token=True)

    assert _fault(await _asked(program, _request(_driver(1)))) == "wsse:FailedAuthentication"


async def test_an_exception_of_the_service_is_a_fault_with_its_detail(program: SandboxProgram) -> None:
    await program.misbehave(ews_fault_next=1, ews_fault="it ended")

    answer = await _asked(program, _request(_driver(1)))

    assert _fault(answer) == "soapenv:Server"
    assert b"EngineServiceException" in answer.content


async def test_its_wsdl_is_well_formed_and_names_its_address(program: SandboxProgram) -> None:
    async with httpx.AsyncClient(trust_env=False) as caller:
        described = await caller.get(f"{program.url}{_PATH}?WSDL")
        page = await caller.get(program.url + _PATH)

    assert etree.fromstring(described.content).get("targetNamespace") == "urn:hpexstream-services/Engine"
    assert f'location="{program.url}{_PATH}"' in described.text
    assert page.headers["content-type"].startswith("text/html")


async def test_files_stay_below_its_own_folder(program: SandboxProgram, tmp_path: Path) -> None:
    extra = "<outputFile><directory>../../..</directory><fileName>../../x.pdf</fileName></outputFile>"

    answer = await _asked(program, _request(_driver(1), regex=".*pdf", extra=extra))

    (name,) = _returned(answer)
    assert name == f"{program.facts['mount']}/engine_service/x_archive.pdf"
    assert (tmp_path / "output" / "engine_service" / "x_archive.pdf").is_file()
