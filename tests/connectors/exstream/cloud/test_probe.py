"""What can be found out about an installation, and what only somebody who knows it can say."""

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.connectors.exstream.cloud.opened import TEMPLATE, connection, design_section, empower_section
from tests.connectors.exstream.cloud.scripted import Reply, Request, of_json, scripted
from tests.connectors.exstream.sandbox_program import SandboxProgram
from xconnector.connectors.exstream.cloud.descriptions import calls_of, context_of, missing_in, named_in
from xconnector.contract.probing import Found, Probes, Profile
from xconnector.operations.probing import lacks_something


def found_in(profile: Profile) -> Mapping[tuple[str, str], Found]:
    return {(one.service, one.subject): one.found for one in profile.sightings}


async def profile_of(exstream: SandboxProgram, **sections: Mapping[str, object]) -> Profile:
    chosen: dict[str, Any] = {"design": design_section(exstream), "empower": empower_section(exstream), **sections}
    async with connection(exstream, **chosen) as composer:
        assert isinstance(composer, Probes)
        return await composer.probe()


async def test_versions_health_and_domains_of_every_service_are_read(exstream: SandboxProgram) -> None:
    profile = await profile_of(exstream)
    found, said = found_in(profile), {(one.service, one.subject): one.said for one in profile.sightings}

    assert found["OTDS", "sign-in"] is Found.AS_DOCUMENTED
    for service in ("Orchestration", "Design", "Empower"):
        assert found[service, "version"] is Found.AS_DOCUMENTED
        assert said[service, "version"] == "24.4.0"
    assert found["Design", "GET /domains"] is Found.AS_DOCUMENTED
    assert found["Empower", "GET /healthcheck"] is Found.AS_DOCUMENTED
    assert not lacks_something(profile)


async def test_what_a_service_describes_is_compared_with_what_is_called(exstream: SandboxProgram) -> None:
    found = found_in(await profile_of(exstream))

    assert found["Design", "OpenAPI"] is Found.AS_DOCUMENTED
    assert found["Design", "PUT /resources/{domain}/{design}/state"] is Found.AS_DOCUMENTED
    assert found["Design", "GET /manifests/{domain}/communication-set/{set}"] is Found.AS_DOCUMENTED


async def test_a_call_that_is_not_described_is_told(exstream: SandboxProgram) -> None:
    section = design_section(exstream, links_path="/relations/{domain}")
    found = found_in(await profile_of(exstream, design=section))

    assert found["Design", "GET /relations/{domain}"] is Found.MISSING


async def test_a_domain_that_the_design_service_does_not_have_is_missing(exstream: SandboxProgram) -> None:
    there = await profile_of(exstream)
    profile = await profile_of(exstream, design=design_section(exstream, domain="sandbocks"))

    assert found_in(there)["Design", "domain sandbox"] is Found.AS_DOCUMENTED
    assert found_in(profile)["Design", "domain sandbocks"] is Found.MISSING
    assert (
        "but sandbox"
        in {(one.service, one.subject): one.said for one in profile.sightings}["Design", "domain sandbocks"]
    )
    assert lacks_something(profile)


async def test_a_service_that_cannot_be_reached_is_a_row_and_no_crash(exstream: SandboxProgram) -> None:
    gone = {"url": "http://127.0.0.1:9/design/api/v1"}
    profile = await profile_of(exstream, design=gone)
    found = found_in(profile)

    assert found["Design", "version"] is Found.UNREACHABLE
    assert found["Orchestration", "version"] is Found.AS_DOCUMENTED
    assert lacks_something(profile)


async def test_a_wrong_address_is_a_row_and_no_crash(exstream: SandboxProgram) -> None:
    profile = await profile_of(exstream, design={"url": f"{exstream.url}/designs/api/v1"})

    assert found_in(profile)["Design", "version"] is Found.MISSING
    assert lacks_something(profile)


async def test_a_refused_sign_in_is_a_row_and_no_crash(exstream: SandboxProgram) -> None:
    await exstream.misbehave(reject_credentials=True)
    profile = await profile_of(exstream)

    assert found_in(profile)["OTDS", "sign-in"] is Found.REFUSED
    assert lacks_something(profile)


async def test_a_service_that_is_down_is_a_row_and_no_crash(exstream: SandboxProgram) -> None:
    await exstream.misbehave(empower_down=True)
    profile = await profile_of(exstream)

    assert found_in(profile)["Empower", "GET /healthcheck"] is Found.UNREACHABLE


async def test_services_that_are_not_set_up_are_not_asked(exstream: SandboxProgram) -> None:
    async with connection(exstream) as composer:
        profile = await composer.probe()

    assert found_in(profile)["Design", "service"] is Found.NOT_ASKED
    assert found_in(profile)["Empower", "service"] is Found.NOT_ASKED
    assert not lacks_something(profile)


async def test_what_must_be_set_by_hand_leaves_out_what_is_answered(exstream: SandboxProgram) -> None:
    section = empower_section(exstream, fulfilment={"only_composes": True})
    asked = {row.setting for row in (await profile_of(exstream, empower=section)).by_hand}
    more = {row.setting for row in (await profile_of(exstream)).by_hand}

    assert more - asked == {"empower.fulfilment.only_composes"}
    assert "csrf" in asked
    assert not [setting for setting in asked if TEMPLATE in setting]


async def test_a_design_that_nothing_feeds_must_be_set_by_hand(exstream: SandboxProgram) -> None:
    async with connection(exstream, said={"data_source": None}) as composer:
        profile = await composer.probe()

    assert f"templates/{TEMPLATE}/exstream.yaml: data_source" in {row.setting for row in profile.by_hand}


async def test_nothing_is_composed_moved_or_edited(exstream: SandboxProgram) -> None:
    await profile_of(exstream)
    methods = {line.partition(" ")[0] for line in (await exstream.seen())["requests"] if "otds" not in line}

    assert methods == {"GET"}


@pytest.mark.parametrize("reply", [Reply(body=b"<html>"), of_json([]), of_json({"version": 3}), Reply(status=302)])
async def test_a_version_of_another_kind_is_told(exstream: SandboxProgram, reply: Reply) -> None:
    def told(request: Request) -> Reply:
        return of_json({"access_token": "t", "expires_in": 900}) if "oauth2" in request.target else reply

    async with scripted(told) as script:
        sections = {
            "sign_in": {"preset": "otds-single", "url": script.url, "client_id": "c", "client_secret": "s"},
            "orchestration": {"url": f"{script.url}/orchestration/api/v1", "domain": "sandbox"},
        }
        async with connection(exstream, **sections) as composer:
            found = found_in(await composer.probe())

    assert found["Orchestration", "version"] is Found.DIFFERENT


async def test_a_page_that_names_another_host_is_not_followed(exstream: SandboxProgram) -> None:
    def told(request: Request) -> Reply:
        if "oauth2" in request.target:
            return of_json({"access_token": "t", "expires_in": 900})
        if request.target.endswith("initializer.js"):
            return Reply(body=b'url: "//127.0.0.1:9/evil"')
        return of_json({"versionString": "25.2"})

    async with scripted(told) as script:
        sections = {
            "sign_in": {"preset": "otds-single", "url": script.url, "client_id": "c", "client_secret": "s"},
            "orchestration": {"url": f"{script.url}/orchestration/api/v1", "domain": "sandbox"},
        }
        async with connection(exstream, **sections) as composer:
            await composer.probe()

    assert not [target for target in script.targets() if "evil" in target]


@pytest.mark.parametrize(
    "url, context",
    [
        ("https://e.test/design/api/v1", "https://e.test/design"),
        ("https://e.test/empower/resource", "https://e.test/empower"),
        ("https://e.test/orchestration", "https://e.test/orchestration"),
    ],
)
def test_pages_lie_behind_the_context(url: str, context: str) -> None:
    assert context_of(url) == context


@pytest.mark.parametrize("described", ["/api/v1/links/{domainId}", "/design/api/v1/links/{d}", "/links/{x}/"])
def test_a_described_path_may_begin_anywhere_and_name_its_places_otherwise(described: str) -> None:
    calls = calls_of(b'{"openapi": "3.0.1", "paths": {"%s": {"get": {}}}}' % described.encode())

    assert calls is not None
    assert missing_in(calls, [("GET", "/links/{domain}")]) == []
    assert missing_in(calls, [("POST", "/links/{domain}"), ("GET", "/link/{domain}")]) != []


@given(st.binary(max_size=200))
def test_no_bytes_are_too_strange(body: bytes) -> None:
    assert calls_of(body) is None or isinstance(calls_of(body), frozenset)
    path = named_in(body)
    assert path is None or (path.startswith("/") and not path.startswith("//"))
