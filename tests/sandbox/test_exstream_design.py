"""The Design service and Empower of Exstream's stand-in, and the tracking events that it sends."""

import json
from collections.abc import Generator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import httpx
import pytest

from tests.sandbox.exstream_client import COMMUNICATION, DATA_SOURCE, DESIGN, ExstreamClient, exstream_client

DAS = "/design/api/v1"
STATE = f"{DAS}/resources/sandbox/{COMMUNICATION}/state"
SETTINGS = {"policies": {"generalPolicy": "ERROR"}}
EMPOWER = ["/empower/api/v1", "/acme/resource"]


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Generator[ExstreamClient]:
    without_source = {**DESIGN, "communication": "0f7d5f4e-1111-4222-8333-000000000002", "data_source": None}
    with exstream_client(tmp_path_factory.mktemp("design"), designs=[DESIGN, without_source]) as client:
        yield client


@pytest.fixture
def exstream(program: ExstreamClient) -> ExstreamClient:
    program.http.post("/sandbox/reset")
    program.sign_in()
    return program


def moved(client: ExstreamClient, state: str) -> httpx.Response:
    body = {"state": state, "auditedComment": "approved by Anna", "locked": False}
    return client.http.put(STATE, json=body, headers=client.signed_in)


def names(answer: httpx.Response) -> list[str]:
    return [resource["name"] for resource in answer.json()["data"]]


def package(client: ExstreamClient, content: bytes, policy: str = "ERROR", **params: str) -> httpx.Response:
    settings = json.dumps({"policies": {"generalPolicy": policy}})
    return client.http.post(
        f"{DAS}/import/das/sandbox",
        params=params,
        files={"exportPackage": ("p.zip", content), "conflictSettings": ("conflictSettings.json", settings)},
        headers=client.signed_in,
    )


class TestDesigns:
    def test_there_is_one_domain(self, exstream: ExstreamClient) -> None:
        (domain,) = exstream.get(f"{DAS}/domains").json()["data"]

        assert domain.keys() == {"id", "production", "jobTracing", "workflow", "restrictApproval", "parent"}
        assert domain["id"] == "sandbox"

    def test_approved_communications_are_listed(self, exstream: ExstreamClient) -> None:
        answer = exstream.get(
            f"{DAS}/resources/sandbox",
            **{"filter.types": "exstrapplication", "filter.states": "APPROVED", "filter.latestVersion": "true"},
        )

        assert names(answer) == ["notice", "notice_1"]
        assert answer.json()["data"][0]["id"] == COMMUNICATION

    def test_the_offset_is_the_number_of_a_page(self, exstream: ExstreamClient) -> None:
        pages = [exstream.get(f"{DAS}/resources/sandbox", count=4, offset=number) for number in (0, 1, 2)]

        assert [len(names(page)) for page in pages] == [4, 2, 0]
        assert len({name for page in pages for name in names(page)}) == 6
        assert pages[1].json()["page"] == {
            "pageSize": 4,
            "pageOffset": 4,
            "totalElements": 6,
            "totalPages": 2,
            "currentPageNumber": 1,
        }

    @pytest.mark.parametrize("params", [{"count": "many"}, {"count": 0}, {"offset": -1}])
    def test_impossible_pages_are_bad_requests(self, exstream: ExstreamClient, params: dict[str, str]) -> None:
        assert exstream.get(f"{DAS}/resources/sandbox", **params).status_code == 400

    @pytest.mark.parametrize(
        "communication, source",
        [(COMMUNICATION, DATA_SOURCE), ("0f7d5f4e-1111-4222-8333-000000000002", "notice_1_driver")],
    )
    def test_a_communication_leads_to_its_data_source(
        self, exstream: ExstreamClient, communication: str, source: str
    ) -> None:
        links = exstream.get(
            f"{DAS}/links/sandbox",
            **{"linkSubjectId": communication, "linkDepth": 2, "filter.types": "exstrcommunicationset"},
        )
        (link,) = links.json()["data"]
        manifest = exstream.get(f"{DAS}/manifests/sandbox/communication-set/{link['linkObjectId']}").json()

        assert link.keys() == {"linkSubjectId", "subjectVersion", "linkObjectId", "typeId"}
        assert manifest.keys() == {"dsnlist", "queueList"}
        assert [one["prodDsn"] for one in manifest["dsnlist"]] == [source]
        assert {queue["name"] for queue in manifest["queueList"]} == {"archive", "mail", "text"}

    def test_a_communication_set_leads_back_to_its_communications(self, exstream: ExstreamClient) -> None:
        links = exstream.get(f"{DAS}/links/sandbox", linkSubjectId=COMMUNICATION, linkDepth=1).json()["data"]
        answer = exstream.get(
            f"{DAS}/links/sandbox/resources",
            **{"linkObjectId": links[0]["linkObjectId"], "rfilter.types": "exstrapplication"},
        )

        assert names(answer) == ["notice"]

    def test_a_state_moves_as_the_workflow_allows(self, exstream: ExstreamClient) -> None:
        begun = moved(exstream, "DRAFT").json()["data"]
        told = [
            moved(exstream, state).json()["data"] for state in ("REVIEW", "REJECTED", "DRAFT", "REVIEW", "APPROVED")
        ]

        assert [resource["state"] for resource in told] == ["REVIEW", "REJECTED", "DRAFT", "REVIEW", "APPROVED"]
        assert {resource["version"] for resource in told} == {begun["version"]}
        assert told[-1]["stateComment"] == "approved by Anna"

    def test_a_new_draft_leaves_the_approved_version_as_it_is(self, exstream: ExstreamClient) -> None:
        moved(exstream, "DRAFT")
        every = {"filter.types": "exstrapplication", "filter.states": "APPROVED"}

        latest = exstream.get(f"{DAS}/resources/sandbox", **every, **{"filter.latestVersion": "true"})
        approved = exstream.get(f"{DAS}/resources/sandbox", **every)

        assert names(latest) == ["notice_1"]
        assert set(names(approved)) == {"notice", "notice_1"}

    def test_the_sandbox_can_put_a_design_into_any_state(self, exstream: ExstreamClient) -> None:
        exstream.http.post("/sandbox/designs/notice/state", json={"state": "REVIEW"})

        assert moved(exstream, "APPROVED").json()["data"]["state"] == "APPROVED"

    @pytest.mark.parametrize("state", ["REVIEW", "REJECTED", "APPROVED", "GONE"])
    def test_other_moves_are_bad_requests(self, exstream: ExstreamClient, state: str) -> None:
        assert moved(exstream, state).status_code == 400

    def test_what_is_not_there_is_not_found(self, exstream: ExstreamClient) -> None:
        for path in ("resources/other", "links/sandbox?linkSubjectId=x", "manifests/sandbox/communication-set/x"):
            assert exstream.http.get(f"{DAS}/{path}", headers=exstream.signed_in).status_code == 404

    def test_a_new_resource_begins_as_a_draft(self, exstream: ExstreamClient) -> None:
        answer = exstream.http.post(
            f"{DAS}/resources/sandbox/content",
            params={"name": "sample.json", "type": "samplefile", "subtype": "driver"},
            files={"file": ("sample.json", b"{}")},
            headers=exstream.signed_in,
        )
        told = answer.json()["data"]
        changed = exstream.http.put(
            f"{DAS}/resources/sandbox/{told['id']}/content", files={"file": ("s", b"")}, headers=exstream.signed_in
        )

        assert (answer.status_code, told["state"], told["metadata"]) == (201, "DRAFT", {"subtype": "driver"})
        assert changed.json()["data"]["version"] == 2

    def test_a_package_that_comes_again_is_a_conflict(self, exstream: ExstreamClient) -> None:
        first, again = package(exstream, b"one", commit="true"), package(exstream, b"one", commit="true")
        replaced = package(exstream, b"one", "REPLACE", commit="true")

        assert len(first.json()["data"]["importedResources"]) == 1
        assert (again.status_code, again.json()["errorCode"]) == (409, 309016)
        assert replaced.json()["data"]["conflictedResources"][0]["performedAction"] == "REPLACE"

    def test_a_package_is_only_looked_at_without_commit(self, exstream: ExstreamClient) -> None:
        assert [package(exstream, b"two").status_code for _ in range(2)] == [200, 200]

    def test_a_package_without_settings_is_a_bad_request(self, exstream: ExstreamClient) -> None:
        answer = exstream.http.post(
            f"{DAS}/import/das/sandbox", files={"exportPackage": ("p", b"")}, headers=exstream.signed_in
        )

        assert answer.status_code == 400

    def test_its_description_can_be_found_from_the_swagger_page(self, exstream: ExstreamClient) -> None:
        page = exstream.http.get("/design/swagger-ui/index.html").text
        start = exstream.http.get("/design/swagger-ui/swagger-initializer.js").text
        described = exstream.http.get("/design/v3/api-docs").json()

        assert "swagger-initializer.js" in page
        assert '"/design/v3/api-docs"' in start
        assert f"{DAS}/resources/{{domain}}" in described["paths"]

    def test_nobody_enters_without_a_token(self, exstream: ExstreamClient) -> None:
        answer = exstream.http.get(f"{DAS}/domains")

        assert (answer.status_code, answer.content) == (401, b"")


class Empower:
    """Empower as somebody who is signed in and has its token."""

    def __init__(self, client: ExstreamClient, base: str) -> None:
        self._client = client
        self._base = base
        token = client.get(f"{base}/GetToken").json()["body"]["token"]
        self.headers = {**client.signed_in, "X-CSRF-TOKEN": token}

    def ask(self, method: str, path: str, **more: Any) -> httpx.Response:  # noqa: ANN401 - whatever httpx takes
        headers = {**self.headers, **more.pop("headers", {})}
        return self._client.http.request(method, self._base + path, headers=headers, **more)

    def take_in(self, content: bytes, name: str) -> httpx.Response:
        told = {"appId": "xconnector", "busDocId": name, "ownerId": "anna", "docTag": ["a", "b"]}
        return self.ask("POST", "/documents/import", data=told, files={"file": ("d", content)})


def code(answer: httpx.Response) -> str:
    return answer.json()["header"]["status"]["code"]


@pytest.fixture(params=EMPOWER)
def empower(request: pytest.FixtureRequest, exstream: ExstreamClient) -> Empower:
    return Empower(exstream, request.param)


class TestEmpower:
    def test_a_document_goes_in_and_comes_out(self, empower: Empower) -> None:
        taken = empower.take_in(b"content", f"in and out {id(empower)}")
        document = taken.json()["body"]["docId"]

        meta = empower.ask("GET", f"/documents/{document}/meta").json()["body"]
        exported = empower.ask("POST", f"/documents/{document}/export", data={"preserveDoc": "true"})
        deleted = empower.ask("DELETE", f"/documents/{document}")

        assert code(taken) == "0"
        assert (meta["appId"], meta["ownerId"], meta["docTags"]) == ("xconnector", "anna", ["a", "b"])
        assert (exported.headers["content-type"], exported.content) == ("application/octet-stream", b"content")
        assert code(deleted) == "SERV107I"
        assert code(empower.ask("GET", f"/documents/{document}/meta")) == "BUSI110E"

    def test_an_export_takes_the_document_away_unless_told_otherwise(self, empower: Empower) -> None:
        document = empower.take_in(b"content", f"once {id(empower)}").json()["body"]["docId"]

        empower.ask("POST", f"/documents/{document}/export", data={"preserveDoc": "false"})

        assert code(empower.ask("GET", f"/documents/{document}/meta")) == "BUSI110E"

    def test_the_same_name_twice_is_refused(self, empower: Empower) -> None:
        name = f"twice {id(empower)}"

        assert [code(empower.take_in(b"content", name)) for _ in range(2)] == ["0", "BUSI172E"]

    def test_without_the_token_nothing_changes(self, empower: Empower) -> None:
        empower.headers["X-CSRF-TOKEN"] = "forged"

        assert empower.take_in(b"content", "forged").status_code == 403

    def test_a_lack_of_permission_has_a_code(self, empower: Empower, exstream: ExstreamClient) -> None:
        exstream.misbehave(empower_no_permission=True, empower_error_status=400)

        answer = empower.take_in(b"content", "without permission")

        assert (answer.status_code, code(answer)) == (400, "BUSI175E")

    def test_what_is_said_of_a_document_can_be_changed(self, empower: Empower) -> None:
        document = empower.take_in(b"content", f"described {id(empower)}").json()["body"]["docId"]

        empower.ask("POST", f"/documents/{document}/meta", json={"docTags": ["done"]})

        documents = empower.ask("GET", "/documents", params={"appId": "xconnector"}).json()["body"]
        assert [one["docTags"] for one in documents if one["docId"] == document] == [["done"]]

    def test_an_editor_changes_the_bytes(self, empower: Empower, exstream: ExstreamClient) -> None:
        document = empower.take_in(b"content", f"edited {id(empower)}").json()["body"]["docId"]

        page = empower.ask("GET", f"/docedit/{document}/open", params={"tenant": "acme", "hosted": "true"})
        exstream.http.post(f"/sandbox/empower/{document}/edit", json={"text": ", changed"})

        assert page.headers["content-type"].startswith("text/html")
        assert empower.ask("POST", f"/documents/{document}/export").content == b"content, changed"

    def test_answers_come_in_xml_where_that_is_accepted(self, empower: Empower) -> None:
        answer = empower.ask("GET", "/config/errorCodes", headers={"Accept": "application/xml"})

        assert answer.headers["content-type"].startswith("application/xml")
        assert "<code>BUSI110E</code>" in answer.text

    def test_it_tells_its_version_and_whether_it_is_well(self, empower: Empower, exstream: ExstreamClient) -> None:
        assert "servicesVersion" in empower.ask("GET", "/version").json()["body"]
        assert empower.ask("GET", "/healthcheck").status_code == 200
        exstream.misbehave(empower_down=True)
        assert empower.ask("GET", "/healthcheck").status_code == 503

    def test_an_application_is_added_once(self, empower: Empower) -> None:
        told = {"appId": f"app {id(empower)}"}

        assert [code(empower.ask("POST", "/applications", json=told)) for _ in range(2)] == ["0", "BUSI172E"]


class _Intake(BaseHTTPRequestHandler):
    """Keeps what is sent to it."""

    received: list[Any]

    def do_POST(self) -> None:
        self.received.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        self.send_response(202)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - as http.server calls it
        del format, args


@pytest.fixture
def intake() -> Generator[tuple[str, list[Any]]]:
    received: list[Any] = []
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Intake", (_Intake,), {"received": received}))
    serving = Thread(target=server.serve_forever)
    serving.start()
    yield f"http://127.0.0.1:{server.server_port}/reports/exstream", received
    server.shutdown()
    serving.join()
    server.server_close()


def track(client: ExstreamClient, told: Mapping[str, Any]) -> httpx.Response:
    return client.http.post("/sandbox/track", json=told)


class TestTracking:
    def test_each_event_says_what_happened_to_whom(
        self, exstream: ExstreamClient, intake: tuple[str, list[Any]]
    ) -> None:
        address, received = intake
        answer = track(exstream, {"address": address, "customers": ["N-1"], "events": ["Exstream-Email-NDLV"]})

        (event,) = received
        assert answer.json() == {"answers": [202]}
        assert event.keys() == {"expctr", "exstreamJob", "exstreamEmailStatistics", "user"}
        assert event["expctr"]["schemaType"] == "Exstream-Email-NDLV"
        assert event["exstreamJob"]["customerNumber"] == "N-1"

    def test_events_come_repeated_and_out_of_order(
        self, exstream: ExstreamClient, intake: tuple[str, list[Any]]
    ) -> None:
        address, received = intake
        events = ["Exstream-Email-Submit", "Exstream-Email-OPEN", "Exstream-Email-Failed"]
        told = {"address": address, "customers": ["N-1", "N-2"], "events": events, "times": 2, "shuffled": True}
        track(exstream, {**told, "at_once": 5})

        sent = [
            (event["exstreamJob"]["customerNumber"], event["expctr"]["schemaType"])
            for some in received
            for event in some
        ]
        in_order = [(customer, event) for customer in ("N-1", "N-2") for event in events for _ in range(2)]
        assert [len(some) for some in received] == [5, 5, 2]
        assert sorted(sent) == sorted(in_order)
        assert sent != in_order

    def test_nothing_is_sent_beyond_this_machine(self, exstream: ExstreamClient) -> None:
        assert track(exstream, {"address": "http://elsewhere.test/", "customers": ["N-1"]}).status_code == 400

    def test_an_address_where_nobody_is_gives_no_answer(self, exstream: ExstreamClient) -> None:
        told = {"address": "http://127.0.0.1:9/", "customers": ["N-1"], "events": ["Exstream-Email-OPEN"]}

        assert track(exstream, told).json() == {"answers": [0]}


def test_a_design_that_cannot_be_read_stops_the_program(tmp_path: Path) -> None:
    with pytest.raises(json.JSONDecodeError), exstream_client(tmp_path, designs=[{"communication": "no id"}]):
        pass
