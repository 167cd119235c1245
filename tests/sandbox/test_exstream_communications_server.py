"""The stand-in of a Communications Server, spoken to without the connector."""

import asyncio
import base64
import json
from collections.abc import AsyncGenerator, Callable, Mapping
from io import BytesIO
from pathlib import Path

import httpx
import pikepdf
import pytest
from lxml import etree

from tests.connectors.embedded.project import write_sample_template, write_template
from tests.connectors.exstream.communications_server.scanned_folder import scanning
from tests.connectors.exstream.sandbox_program import SandboxProgram, running_exstream
from xconnector.connectors.exstream.soap import XmlElement
from xconnector.sandbox.exstream.broker import NAMESPACE
from xconnector.sandbox.exstream.gateway import TENANT
from xconnector.testing.orders import sample_order

TEMPLATE = "policy_issued"
DESIGN: Mapping[str, object] = {
    "service": {"name": "PolicyIssued", "version": "2"},
    "outputs": {
        "letter": {"queue": "archive"},
        "email": {"queue": "mail", "service": {"name": "PolicyMail"}},
        "sms": {"queue": "text"},
    },
}
DRIVER = json.dumps(sample_order(template=TEMPLATE).data).encode()
GATEWAY = f"/{TENANT}/sgw/v1/communications"
FAULT = "{http://schemas.xmlsoap.org/soap/envelope/}Fault"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    write_sample_template(tmp_path, TEMPLATE)
    write_template(tmp_path, f"{TEMPLATE}/exstream.yaml", json.dumps(DESIGN))
    return tmp_path


@pytest.fixture
async def program(project: Path) -> AsyncGenerator[SandboxProgram]:
    async with running_exstream(project, project / "output") as running:
        yield running


@pytest.fixture
async def http(program: SandboxProgram) -> AsyncGenerator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=program.url, trust_env=False) as client:
        yield client


async def ticket(http: httpx.AsyncClient, program: SandboxProgram) -> str:
    known = {"userName": program.facts["user"], "password": program.facts["password"]}
    return (await http.post("/otdsws/rest/authentication/credentials", json=known)).json()["ticket"]


def wrapped(driver: bytes = DRIVER) -> dict[str, str]:
    return {"contentType": "application/json", "data": base64.b64encode(driver).decode("ascii")}


def call(name: str = "SendReceiveDocument", *, namespace: str = NAMESPACE, **parameters: str) -> bytes:
    said = {"ServiceDescription": "PolicyIssued", "ServiceVersion": "", "ServerID": "", "DocData": wrapped()["data"]}
    held = "".join(f"<{key}>{value}</{key}>" for key, value in {**said, **parameters}.items())
    return (
        '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>'
        f'<b:{name} xmlns:b="{namespace}">{held}</b:{name}></s:Body></s:Envelope>'
    ).encode()


async def called(http: httpx.AsyncClient, body: bytes) -> tuple[int, XmlElement]:
    answer = await http.post("/ServiceBroker", content=body, headers={"Content-Type": "text/xml"})
    return answer.status_code, etree.fromstring(answer.content)[0][0]


async def until(is_so: Callable[[], bool]) -> None:
    for _ in range(1500):
        if is_so():
            return
        await asyncio.sleep(0.02)
    pytest.fail("it never came to be")


def pages(document: bytes) -> int:
    with pikepdf.open(BytesIO(document)) as pdf:
        return len(pdf.pages)


class TestServiceGateway:
    @pytest.mark.parametrize("body", [wrapped(), {"content": {**wrapped(), "async": "true"}, "archive": "yes"}])
    async def test_it_answers_with_every_output(
        self, http: httpx.AsyncClient, program: SandboxProgram, body: dict[str, object]
    ) -> None:
        answer = await http.post(
            GATEWAY,
            params={"name": "PolicyIssued", "version": "2"},
            json=body,
            headers={"OTDSTicket": await ticket(http, program)},
        )

        told = answer.json()
        assert told["status"] == "success"
        by_name = {one["Content-Disposition"][0]: one["content"] for one in told["data"]["result"]}
        assert set(by_name) == {f"attachment; filename={name}" for name in ("archive.pdf", "mail.html", "text.txt")}
        assert pages(base64.b64decode(by_name["attachment; filename=archive.pdf"]["data"])) == 1

    async def test_an_expired_ticket_is_a_400(self, http: httpx.AsyncClient, program: SandboxProgram) -> None:
        shown = await ticket(http, program)
        await program.misbehave(expire_next=1)
        answer = await http.post(GATEWAY, json=wrapped(), headers={"OTDSTicket": shown})

        assert (answer.status_code, answer.json()["status"]) == (400, 1034)

    @pytest.mark.parametrize("name, version", [("PolicyIssued", "3"), ("Unknown", "2")])
    async def test_a_service_is_known_by_name_and_version(
        self, http: httpx.AsyncClient, program: SandboxProgram, name: str, version: str
    ) -> None:
        shown = {"OTDSTicket": await ticket(http, program)}
        answer = await http.post(GATEWAY, params={"name": name, "version": version}, json=wrapped(), headers=shown)

        assert answer.status_code == 404

    async def test_a_driver_that_it_cannot_read_does_not_succeed(
        self, http: httpx.AsyncClient, program: SandboxProgram
    ) -> None:
        shown = {"OTDSTicket": await ticket(http, program)}
        asked = {"name": "PolicyIssued", "version": "2"}
        answer = await http.post(GATEWAY, params=asked, json=wrapped(b"<xml/>"), headers=shown)

        assert answer.json()["status"] == "error"


class TestServiceBroker:
    async def test_each_service_answers_with_its_document(self, http: httpx.AsyncClient) -> None:
        status, letter = await called(http, call())
        _, mail = await called(http, call(ServiceDescription="PolicyMail", ServiceVersion="1"))

        assert status == 200
        assert pages(base64.b64decode(letter[0].text or "")) == 1
        assert b"<title>" in base64.b64decode(mail[0].text or "")

    async def test_what_is_only_sent_has_no_answer(self, http: httpx.AsyncClient) -> None:
        _, answer = await called(http, call("SendDocument"))

        assert len(answer) == 0

    @pytest.mark.parametrize(
        "body",
        [
            call(ServiceDescription="Unknown"),
            call(ServiceVersion="9"),
            call(ServerID="elsewhere"),
            call(Another="x"),
            call(DocData="!"),
            call("AddDocument"),
            call(namespace="urn:another"),
            b"no XML",
            b"<!DOCTYPE x><x/>",
        ],
    )
    async def test_what_it_does_not_know_is_a_fault(self, http: httpx.AsyncClient, body: bytes) -> None:
        status, answer = await called(http, body)

        assert (status, answer.tag) == (500, FAULT)


class TestDirectoryInput:
    async def test_it_takes_whole_files_whose_names_fit(self, project: Path) -> None:
        async with scanning(project, "--pattern", "*.json") as scanned:
            (scanned.folder / "ignored.txt").write_bytes(b"[]")
            (scanned.folder / "run.json").write_bytes(b"[" + DRIVER + b"]")
            await until((scanned.output / "run" / "done").exists)

        assert {path.name for path in scanned.folder.iterdir() if path.is_file()} == {"ignored.txt"}
        names = sorted(path.name.partition(".")[2] for path in (scanned.output / "run").iterdir())
        assert names == ["", "archive.pdf", "mail.html", "text.txt"]

    async def test_it_may_leave_a_delivery_file(self, project: Path) -> None:
        async with scanning(project, "--results", "delivery_file") as scanned:
            (scanned.folder / "run.in").write_bytes(b"[" + DRIVER + b"]")
            taken = scanned.folder / "streamserve_proc" / "run.in"
            await until((scanned.output / "run" / "_STDDELIVERYFILE.xml").exists)
            await until(lambda: not taken.exists())

        listed = etree.fromstring((scanned.output / "run" / "_STDDELIVERYFILE.xml").read_bytes())
        assert {queue.get("name") for queue in listed} == {"archive", "mail", "text"}
