"""Sign-in at Exstream's stand-in: every token endpoint, tickets, and what becomes of those that expire."""

import subprocess
import sys
import time
from base64 import b64encode
from collections.abc import Generator
from pathlib import Path

import httpx
import pytest

from tests.sandbox.exstream_client import ExstreamClient, exstream_client

CLIENT = {"client_id": "xconnector", "client_secret": "secret"}
USER = {"username": "composer@sandbox", "password": "password"}
VERSION = "/orchestration/api/v1/version"
FORM_ENDPOINTS = [
    "/otdsws/oauth2/token",
    "/otds/otdsws/oauth2/token",
    "/otdsws/otdstenant/acme/oauth2/token",
    "/otdstenant/acme/oauth2/token",
    "/otdstenant/acme/otdsws/oauth2/token",
]


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Generator[ExstreamClient]:
    with exstream_client(tmp_path_factory.mktemp("otds")) as client:
        yield client


@pytest.fixture
def otds(program: ExstreamClient) -> ExstreamClient:
    program.http.post("/sandbox/reset")
    program.sign_in()
    return program


def opens(client: ExstreamClient, token: str) -> int:
    return client.http.get(VERSION, headers={"Authorization": f"Bearer {token}"}).status_code


@pytest.mark.parametrize("path", FORM_ENDPOINTS)
def test_client_credentials_give_a_token_at_every_endpoint(otds: ExstreamClient, path: str) -> None:
    answer = otds.token(path, grant_type="client_credentials", scope="otds:groups", **CLIENT)

    told = answer.json()
    assert answer.status_code == 200
    assert {"access_token", "refresh_token", "token_type", "expires_in"} <= told.keys()
    assert told["expires_in"] == 900
    assert opens(otds, told["access_token"]) == 200


@pytest.mark.parametrize("path", FORM_ENDPOINTS)
def test_user_and_password_give_a_token_without_the_clients_secret(otds: ExstreamClient, path: str) -> None:
    answer = otds.token(path, grant_type="password", client_id="xconnector", **USER)

    assert opens(otds, answer.json()["access_token"]) == 200


def test_the_gateway_takes_client_credentials_as_json_only(otds: ExstreamClient) -> None:
    path = "/tenants/acme/oauth2/token"

    as_json = otds.http.post(path, json={"grant_type": "client_credentials", **CLIENT})
    as_form = otds.http.post(path, data={"grant_type": "client_credentials", **CLIENT})

    assert opens(otds, as_json.json()["access_token"]) == 200
    assert (as_form.status_code, as_form.json()["error"]) == (400, "invalid_request")


def test_the_gateway_takes_a_password_with_basic_credentials_of_the_client(otds: ExstreamClient) -> None:
    basic = b64encode(b"xconnector:secret").decode()
    answer = otds.http.post(
        "/tenants/acme/oauth2/token",
        data={"grant_type": "password", **USER},
        headers={"Authorization": f"Basic {basic}"},
    )

    assert opens(otds, answer.json()["access_token"]) == 200


def test_the_login_form_names_no_grant(otds: ExstreamClient) -> None:
    answer = otds.http.post("/otds/otdstenant/acme/otdsws/login", data=USER)

    assert opens(otds, answer.json()["access_token"]) == 200


def test_a_token_in_the_name_of_somebody_else_needs_the_clients_secret(otds: ExstreamClient) -> None:
    exchange = {
        "grant_type": "urn:ietf:params:oauth:grant-type:token-exchange",
        "subject_token": "anna@people",
        "subject_token_type": "urn:opentext.com:oauth:string:user_id",
    }

    assert opens(otds, otds.token(**exchange, **CLIENT).json()["access_token"]) == 200
    assert otds.token(**exchange, client_id="xconnector").status_code == 401


@pytest.mark.parametrize(
    "form, status, error",
    [
        ({"grant_type": "client_credentials", "client_id": "xconnector", "client_secret": "no"}, 401, "invalid_client"),
        ({"grant_type": "client_credentials", "client_id": "other", "client_secret": "secret"}, 401, "invalid_client"),
        ({"grant_type": "password", "client_id": "xconnector", "username": "x", "password": "y"}, 400, "invalid_grant"),
        ({"grant_type": "refresh_token", "refresh_token": "old", **CLIENT}, 400, "invalid_grant"),
        ({"grant_type": "device_code", **CLIENT}, 400, "unsupported_grant_type"),
        (CLIENT, 400, "invalid_request"),
    ],
)
def test_a_wrong_grant_gets_oauths_own_error(
    otds: ExstreamClient, form: dict[str, str], status: int, error: str
) -> None:
    answer = otds.token(**form)

    assert (answer.status_code, answer.json()["error"]) == (status, error)


def test_a_refresh_token_gives_one_new_token_and_opens_nothing(otds: ExstreamClient) -> None:
    first = otds.token(grant_type="client_credentials", **CLIENT).json()
    form = {"grant_type": "refresh_token", "refresh_token": first["refresh_token"], **CLIENT}

    assert opens(otds, first["refresh_token"]) == 401
    assert opens(otds, otds.token(**form).json()["access_token"]) == 200
    assert otds.token(**form).status_code == 400


def test_an_expired_token_gets_401_and_an_empty_body(otds: ExstreamClient) -> None:
    otds.misbehave(token_lifetime=0.1)
    token = otds.token(grant_type="client_credentials", **CLIENT).json()["access_token"]
    time.sleep(0.15)

    answer = otds.http.get(VERSION, headers={"Authorization": f"Bearer {token}"})

    assert (answer.status_code, answer.content) == (401, b"")


def test_an_expired_ticket_gets_400_with_status_1034(otds: ExstreamClient) -> None:
    otds.misbehave(token_lifetime=0.3)
    answer = otds.http.post(
        "/otdsws/rest/authentication/credentials", json={"userName": "composer@sandbox", "password": "password"}
    )
    ticket = answer.json()["ticket"]
    assert ticket.startswith("*OTDSSSO*")
    assert otds.http.get(VERSION, headers={"OTDSTicket": ticket}).status_code == 200
    time.sleep(0.35)

    expired = otds.http.get(VERSION, headers={"OTDSTicket": ticket})

    assert expired.status_code == 400
    assert expired.json() == {"status": 1034, "error": "Expired OTDS SSO ticket", "errorDetails": None}


def test_a_wrong_password_gives_no_ticket(otds: ExstreamClient) -> None:
    for path in ("/otdsws", "/otdstenant/acme/otdsws", "/otds/otdstenant/acme/otdsws"):
        answer = otds.http.post(
            f"{path}/rest/authentication/credentials", json={"userName": "composer@sandbox", "password": "no"}
        )
        assert answer.status_code == 401


def test_a_token_can_be_made_void_at_once(otds: ExstreamClient) -> None:
    otds.misbehave(expire_next=1)

    assert [otds.get(VERSION).status_code for _ in range(2)] == [401, 401]
    otds.sign_in()
    assert otds.get(VERSION).status_code == 200


def test_without_otds_every_service_fails_with_500_and_no_error_code(otds: ExstreamClient) -> None:
    otds.misbehave(otds_down=True)

    answer = otds.get(VERSION)

    assert otds.token(grant_type="client_credentials", **CLIENT).status_code == 503
    assert answer.status_code == 500
    assert answer.json().keys() == {"timestamp", "status", "message", "details"}
    assert "java" in answer.json()["details"] or "springframework" in answer.json()["details"]


def test_it_listens_on_this_machine_alone_and_lets_in_whom_it_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XCONNECTOR_SANDBOX_CLIENT_SECRET", "secret")
    with exstream_client(tmp_path, "--client-id", "xconnector", "--domain", "Aurora") as client:
        assert client.facts["domain"] == "Aurora"
        with pytest.raises(httpx.ConnectError):
            httpx.get(f"http://127.0.0.2:{client.facts['port']}/sandbox/seen", trust_env=False)


def test_pages_of_a_browser_do_not_get_at_its_own_door(otds: ExstreamClient) -> None:
    answer = otds.http.post("/sandbox/faults", json={"down": True}, headers={"Origin": "https://elsewhere.test"})

    assert answer.status_code == 403
    assert otds.get(VERSION).status_code == 200


def test_a_port_that_is_taken_is_said_in_words(otds: ExstreamClient) -> None:
    command = [sys.executable, "-m", "xconnector.sandbox.exstream", "--port", str(otds.facts["port"])]
    done = subprocess.run(
        [*command, "--project", str(otds.output), "--output", str(otds.output)],
        check=False,
        capture_output=True,
        text=True,
    )

    assert done.returncode == 1
    assert "choose another" in done.stderr
