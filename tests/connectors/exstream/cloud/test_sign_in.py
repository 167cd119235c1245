"""Signing in at OTDS: each preset and grant, one proof for all, renewed when it ends."""

import asyncio
from collections.abc import Mapping
from typing import Any

import httpx
import pytest
from pydantic import ValidationError

from tests.connectors.exstream.cloud.scripted import Reply, Request, of_json, scripted
from tests.connectors.exstream.cloud.wire import SECRETS, client_of, secret_sign_in, settings_of, token
from tests.connectors.exstream.sandbox_program import SandboxProgram
from xconnector.connectors.exstream.cloud.client import CloudClient
from xconnector.connectors.exstream.cloud.errors import Call
from xconnector.connectors.exstream.cloud.sign_in import SignIn
from xconnector.contract.errors import MisconfiguredError, TransientError

CLIENT = {"client_id": "xconnector", "client_secret": "secret"}
USER = {"grant": "password", "user": "composer@sandbox", "password": "password"}
CALL = Call(service="Orchestration")


def forgery_client_of(url: str) -> CloudClient:
    return client_of(url, secret_sign_in(), csrf={"url": f"{url}/csrf"})


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.mark.parametrize(
    "sign_in",
    [
        {"preset": "otds-single", **CLIENT},
        {"preset": "otds-single", **CLIENT, "client_sent_as": "basic"},
        {"preset": "otds-single", **CLIENT, **USER},
        {"preset": "otds-single", "client_id": "xconnector", **USER},
        {"preset": "otds-single", **CLIENT, "grant": "token_exchange", "subject": "anna@sandbox"},
        {"preset": "k8s-tenant", "tenant": "acme", **CLIENT},
        {"preset": "ot2", "tenant": "acme", **CLIENT, "scopes": ["search", "otds:groups", "subscription:acme"]},
        {"preset": "api-gw", "tenant": "acme", **CLIENT},
        {"preset": "api-gw", "tenant": "acme", **CLIENT, **USER},
        {"preset": "login", "tenant": "acme", **CLIENT, **USER},
        {"preset": "tenant-otdsws", "tenant": "acme", **CLIENT},
        {"preset": "custom", "path": "/otds/otdsws/oauth2/token", **CLIENT},
        {"preset": "custom", "path": "/otds/otdsws/otdstenant/{tenant}/oauth2/token", "tenant": "acme", **CLIENT},
        {"preset": "ticket", "user": "composer@sandbox", "password": "password"},
        {"preset": "ticket", "user": "composer@sandbox", "password": "password", "tenant": "acme"},
    ],
    ids=lambda sign_in: "-".join(str(sign_in[key]) for key in ("preset", "grant", "client_sent_as") if key in sign_in),
)
async def test_each_way_to_sign_in_lets_in(exstream: SandboxProgram, sign_in: Mapping[str, object]) -> None:
    async with client_of(exstream.url, sign_in) as client:
        answer = await client.ask("GET", f"{exstream.url}/orchestration/api/v1/version", call=CALL)

    assert answer.status == 200
    assert answer.media_type == "application/json"


async def test_what_is_sent_for_a_token_in_anothers_name() -> None:
    async with scripted(lambda _: token()) as otds:
        exchange = {"preset": "otds-single", **CLIENT, "grant": "token_exchange", "subject": "anna@acme", "scopes": ()}
        async with client_of(otds.url, exchange) as client:
            await client.sign_in()

    (request,) = otds.requests
    sent = dict(httpx.QueryParams(request.body.decode()))
    assert sent == {
        "grant_type": "urn:ietf:params:oauth:grant-type:token-exchange",
        "subject_token": "anna@acme",
        "subject_token_type": "urn:opentext.com:oauth:string:user_id",
        **CLIENT,
    }


@pytest.mark.parametrize(
    "sign_in",
    [
        {"preset": "k8s-tenant", **CLIENT},
        {"preset": "custom", **CLIENT},
        {"preset": "ot2", "tenant": "t", "path": "/token", **CLIENT},
        {"preset": "otds-single", "client_id": "c"},
        {"preset": "otds-single", **CLIENT, "grant": "password"},
        {"preset": "otds-single", **CLIENT, "grant": "token_exchange"},
        {"preset": "otds-single", "client_id": "c", **USER, "client_sent_as": "basic"},
        {"preset": "ticket", "user": "u"},
        {"preset": "saml", **CLIENT},
    ],
)
def test_settings_that_lack_something_are_refused(sign_in: Mapping[str, object]) -> None:
    with pytest.raises(ValidationError):
        settings_of("https://otds.acme.test", sign_in)


async def test_many_callers_sign_in_once() -> None:
    async with (
        scripted(lambda _: Reply(**_fields(token()), after=0.1)) as otds,
        client_of(otds.url, secret_sign_in()) as client,
    ):
        await asyncio.gather(*(client.sign_in() for _ in range(50)))

    assert len(otds.requests) == 1


async def test_a_caller_that_gives_up_takes_the_sign_in_from_nobody_else() -> None:
    async with (
        scripted(lambda _: Reply(**_fields(token()), after=0.2)) as otds,
        client_of(otds.url, secret_sign_in()) as client,
    ):
        impatient = asyncio.create_task(client.sign_in())
        patient = asyncio.create_task(client.sign_in())
        await asyncio.sleep(0.05)
        impatient.cancel()
        await patient

    assert len(otds.requests) == 1


async def test_a_token_is_renewed_before_it_ends() -> None:
    clock = Clock()
    async with scripted(lambda _: token(expires_in=300)) as otds, httpx.AsyncClient(trust_env=False) as http:
        sign_in = SignIn(settings_of(otds.url, secret_sign_in(margin=60)), http, clock=clock)
        first = await sign_in.proof()
        clock.now += 239
        same = await sign_in.proof()
        clock.now += 2
        other = await sign_in.proof()

    assert first is same
    assert other is not first
    assert len(otds.requests) == 2


async def test_a_margin_never_eats_more_than_half_of_a_short_life() -> None:
    clock = Clock()
    async with scripted(lambda _: token(expires_in=10)) as otds, httpx.AsyncClient(trust_env=False) as http:
        sign_in = SignIn(settings_of(otds.url, secret_sign_in(margin=60)), http, clock=clock)
        await sign_in.proof()
        clock.now += 4
        await sign_in.proof()

    assert len(otds.requests) == 1


async def test_a_token_without_a_lifetime_has_the_documented_one() -> None:
    clock = Clock()
    async with (
        scripted(lambda _: of_json({"access_token": "t"})) as otds,
        httpx.AsyncClient(trust_env=False) as http,
    ):
        sign_in = SignIn(settings_of(otds.url, secret_sign_in(margin=0)), http, clock=clock)
        await sign_in.proof()
        clock.now += 15 * 60 - 1
        await sign_in.proof()
        clock.now += 2
        await sign_in.proof()

    assert len(otds.requests) == 2


async def test_a_refused_sign_in_is_not_tried_again_at_once() -> None:
    clock = Clock()
    refused = of_json({"error": "invalid_client"}, status=401)
    async with scripted(lambda _: refused) as otds, httpx.AsyncClient(trust_env=False) as http:
        sign_in = SignIn(settings_of(otds.url, secret_sign_in()), http, clock=clock)
        for _ in range(5):
            with pytest.raises(MisconfiguredError, match="client_secret"):
                await sign_in.proof()
        clock.now += 11
        with pytest.raises(MisconfiguredError):
            await sign_in.proof()

    assert len(otds.requests) == 2


@pytest.mark.parametrize("sign_in", [{"preset": "otds-single", **CLIENT}, {"preset": "ticket", **USER}])
async def test_a_sign_in_that_ended_early_is_renewed_once(exstream: SandboxProgram, sign_in: dict[str, Any]) -> None:
    sign_in = {name: value for name, value in sign_in.items() if sign_in["preset"] != "ticket" or name != "grant"}
    async with client_of(exstream.url, sign_in) as client:
        await client.sign_in()
        await exstream.misbehave(expire_next=1)
        answer = await client.ask("GET", f"{exstream.url}/orchestration/api/v1/version", call=CALL)

    assert answer.status == 200
    assert await exstream.asked("/orchestration/api/v1/version") == 2


async def test_callers_whose_token_is_called_void_sign_in_once_together(exstream: SandboxProgram) -> None:
    async with client_of(exstream.url, {"preset": "otds-single", **CLIENT}) as client:
        await client.sign_in()
        # The first of them ends the token, the others find it unknown.
        await exstream.misbehave(expire_next=1)
        version = f"{exstream.url}/orchestration/api/v1/version"
        await asyncio.gather(*(client.ask("GET", version, call=CALL) for _ in range(20)))

    assert await exstream.asked("/otdsws/oauth2/token") == 2


async def test_a_fresh_token_that_is_refused_is_a_matter_of_settings() -> None:
    def answer(request: Request) -> Reply:
        return token() if request.target.startswith("/otdsws") else Reply(status=401)

    async with scripted(answer) as server, client_of(server.url, secret_sign_in()) as client:
        with pytest.raises(MisconfiguredError, match="sign_in"):
            await client.ask("GET", f"{server.url}/version", call=CALL)

    assert server.targets() == ["/otdsws/oauth2/token", "/version"] * 2


async def test_the_token_against_forged_requests_is_fetched_anew_when_it_is_refused() -> None:
    given = iter(["first", "second"])

    def answer(request: Request) -> Reply:
        if request.target == "/csrf":
            return Reply(headers={"Set-Cookie": f"csrfToken={next(given)}; Path=/; HttpOnly"})
        if request.target == "/input":
            return Reply(status=200 if request.headers.get("x-csrf-token") == "second" else 403)
        return token()

    async with scripted(answer) as server, forgery_client_of(server.url) as client:
        assert (await client.ask("POST", f"{server.url}/input", call=CALL)).status == 200

    assert server.requests[-1].headers["cookie"] == "csrfToken=second"


async def test_no_cookie_of_theirs_goes_back_by_itself() -> None:
    def answer(request: Request) -> Reply:
        del request
        return Reply(body=b'{"access_token":"t"}', headers={"Set-Cookie": "session=1; Path=/"})

    async with scripted(answer) as server, client_of(server.url, secret_sign_in()) as client:
        await client.ask("GET", f"{server.url}/version", call=CALL)
        await client.ask("GET", f"{server.url}/version", call=CALL)

    assert ["cookie" in request.headers for request in server.requests] == [False, False, False]


@pytest.mark.parametrize(
    "reply, error",
    [
        (of_json({"error": "invalid_client", "error_description": SECRETS[0]}, status=401), MisconfiguredError),
        (of_json({"error": "invalid_grant", "error_description": SECRETS[1]}, status=400), MisconfiguredError),
        (of_json({"error": SECRETS[2]}, status=400), MisconfiguredError),
        (Reply(status=403, body=SECRETS[2].encode()), MisconfiguredError),
        (Reply(status=404), MisconfiguredError),
        (Reply(status=302, headers={"Location": "https://elsewhere.test"}), MisconfiguredError),
        (Reply(body=b"<html>a login page</html>"), MisconfiguredError),
        (of_json({"access_token": "two\nlines"}), MisconfiguredError),
        (of_json({"access_token": ""}), MisconfiguredError),
        (Reply(body=b"[" * 100_000), MisconfiguredError),
        (Reply(status=500, body=SECRETS[2].encode()), TransientError),
        (Reply(status=503), TransientError),
        (Reply(status=429), TransientError),
        (Reply(body=b'{"access_token":"a-token-nobody-may-see"', breaks_off=True), TransientError),
        (Reply(after=3), TransientError),
    ],
)
async def test_what_a_failed_sign_in_means(reply: Reply, error: type[Exception]) -> None:
    async with scripted(lambda _: reply) as otds, client_of(otds.url, secret_sign_in(timeout=1)) as client:
        with pytest.raises(error) as caught:
            await client.sign_in()

    told = f"{caught.value!r} {caught.value.__cause__!r}"
    assert [secret for secret in SECRETS if secret in told] == []
    assert "OTDS" in told or "sign_in" in told or "preset" in told


async def test_nothing_there_is_an_outage() -> None:
    async with scripted(lambda _: token()) as otds:
        pass
    async with client_of(otds.url, secret_sign_in()) as client:
        with pytest.raises(TransientError, match="does it run"):
            await client.sign_in()


async def test_no_secret_shows(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    settings = settings_of("http://127.0.0.1:1", secret_sign_in(grant="password"))
    async with scripted(lambda _: token()) as otds, client_of(otds.url, secret_sign_in(grant="password")) as client:
        await client.sign_in()
        async with httpx.AsyncClient(trust_env=False) as http:
            proof = await SignIn(settings_of(otds.url, secret_sign_in()), http).proof()
        shown = f"{settings!r} {client!r} {proof!r} {vars(client)!r} {caplog.text}"

    assert [secret for secret in SECRETS if secret in shown] == []


def _fields(reply: Reply) -> Mapping[str, Any]:
    return {"status": reply.status, "body": reply.body, "headers": reply.headers}
