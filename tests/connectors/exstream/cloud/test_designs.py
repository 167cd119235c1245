"""What feeds a design, who approved it, and moving it through its workflow."""

from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.connectors.exstream.cloud.opened import (
    TEMPLATE,
    connection,
    design_section,
    sample_order,
    set_state,
    settings_of,
)
from tests.connectors.exstream.cloud.scripted import Reply, Request, ScriptedServer, of_json, scripted
from tests.connectors.exstream.sandbox_program import COMMUNICATION, SandboxProgram
from xconnector.connectors.exstream.cloud.composer import ExstreamComposer
from xconnector.connectors.exstream.cloud.design_settings import DesignSettings
from xconnector.contract.composer import Composition
from xconnector.contract.designs import KeepsDesigns
from xconnector.contract.errors import ConnectorError, MisconfiguredError, OutcomeUnknownError, PermanentError

GENERATE = "/orchestration/api/v1/inputs/ondemand/{domain}/generate"
MANIFEST = "/design/api/v1/manifests/{domain}/communication-set/{set}"
RESOURCES = "/design/api/v1/resources/{domain}"
UNFED = {"data_source": None}
"""A design file that does not say what feeds its design."""


async def composed(composer: ExstreamComposer) -> Composition | ConnectorError:
    (result,) = await composer.compose([sample_order(template=TEMPLATE)])
    return result


# ---------------------------------------------------------------- what feeds a design


async def test_what_feeds_a_design_is_asked_for_once_and_remembered(exstream: SandboxProgram) -> None:
    async with connection(exstream, said=UNFED, design=design_section(exstream)) as composer:
        results = await composer.compose([sample_order(number, template=TEMPLATE) for number in range(6)])

    assert all(isinstance(result, Composition) for result in results)
    assert await exstream.asked(MANIFEST) == 1


async def test_what_was_found_is_asked_for_again_after_a_while(exstream: SandboxProgram) -> None:
    section = design_section(exstream, cache=0)
    async with connection(exstream, said=UNFED, design=section) as composer:
        await composed(composer)
        await composed(composer)

    assert await exstream.asked(MANIFEST) == 2


async def test_without_a_design_service_the_project_must_say_what_feeds_it(exstream: SandboxProgram) -> None:
    async with connection(exstream, said=UNFED) as composer:
        result = await composed(composer)

    assert isinstance(result, MisconfiguredError)
    assert "`data_source`" in str(result)


async def test_a_check_has_the_design_service_answer(exstream: SandboxProgram) -> None:
    async with connection(exstream, design=design_section(exstream)) as composer:
        await composer.check()
        assert await exstream.asked("/design/api/v1/domains") == 1


def signed_in(answer: Callable[[Request], Reply]) -> Callable[[Request], Reply]:
    """Answer sign-ins and versions, and let the test answer the rest."""

    def told(request: Request) -> Reply:
        if "oauth2" in request.target:
            return of_json({"access_token": "t", "expires_in": 900})
        if request.target.endswith("/version"):
            return of_json({"versionString": "25.2"})
        return answer(request)

    return told


def on(script: ScriptedServer, **settings: Any) -> dict[str, Any]:  # noqa: ANN401
    """The sections of a connection to a scripted server."""
    return {
        "sign_in": {"preset": "otds-single", "url": script.url, "client_id": "c", "client_secret": "s"},
        "orchestration": {"url": f"{script.url}/orchestration/api/v1", "domain": "sandbox"},
        "design": {"url": f"{script.url}/design/api/v1", **settings},
    }


def manifest(*sources: object) -> Callable[[Request], Reply]:
    """A Design service with one communication set and these data sources."""

    def told(request: Request) -> Reply:
        if "/links/" in request.target:
            return of_json({"status": "success", "data": [{"linkObjectId": "S1"}, {"linkObjectId": "S1"}]})
        return of_json({"dsnlist": list(sources), "queueList": []})

    return told


async def test_several_data_sources_are_named_for_the_operator_to_choose(exstream: SandboxProgram) -> None:
    sources = [{"name": "a", "prodDsn": f"driver_{letter}", "type": "x"} for letter in "ab"]
    answer = signed_in(manifest(*sources))
    async with scripted(answer) as script, connection(exstream, said=UNFED, **on(script)) as composer:
        result = await composed(composer)

    assert isinstance(result, MisconfiguredError)
    assert "'driver_a', 'driver_b'" in str(result)
    assert "exstream.yaml" in str(result)


async def test_the_types_of_a_setting_settle_which_data_source_it_is(exstream: SandboxProgram) -> None:
    sources = [{"prodDsn": "wanted", "type": "driver"}, {"prodDsn": "other", "type": "reference"}]
    async with scripted(signed_in(manifest(*sources))) as script:
        async with connection(exstream, said=UNFED, **on(script, data_source_types=["driver"])) as composer:
            await composed(composer)
        (generated,) = [
            request for request in script.requests if request.method == "POST" and "generate" in request.target
        ]

    assert generated.headers["driverdatasource"] == "wanted"


@pytest.mark.parametrize("answer", [manifest(), manifest({"name": "no productive name"})])
async def test_a_set_without_a_data_source_says_so(
    exstream: SandboxProgram, answer: Callable[[Request], Reply]
) -> None:
    async with scripted(signed_in(answer)) as script, connection(exstream, said=UNFED, **on(script)) as composer:
        result = await composed(composer)

    assert isinstance(result, MisconfiguredError)
    assert "names none" in str(result)


# ---------------------------------------------------------------- the gate


@pytest.mark.parametrize("state", ["DRAFT", "REVIEW", "REJECTED"])
async def test_nothing_is_composed_with_a_design_that_is_not_approved(exstream: SandboxProgram, state: str) -> None:
    await set_state(exstream, state)
    section = design_section(exstream, require_state="APPROVED")
    async with connection(exstream, design=section) as composer:
        result = await composed(composer)

    assert isinstance(result, PermanentError)
    assert f"is in {state}: approve it in Exstream, then reprocess" in str(result)
    assert await exstream.asked(GENERATE) == 0


async def test_an_approval_takes_effect_with_the_next_order(exstream: SandboxProgram) -> None:
    section = design_section(exstream, require_state="APPROVED", cache="1h")
    async with connection(exstream, design=section) as composer:
        await set_state(exstream, "DRAFT")
        before = await composed(composer)
        await set_state(exstream, "APPROVED")
        after = await composed(composer)

    assert isinstance(before, PermanentError)
    assert isinstance(after, Composition)


async def test_many_orders_read_the_states_once(exstream: SandboxProgram) -> None:
    await set_state(exstream, "APPROVED")
    section = design_section(exstream, require_state="APPROVED")
    async with connection(exstream, design=section) as composer:
        await composer.compose([sample_order(number, template=TEMPLATE) for number in range(6)])

    assert await exstream.asked(RESOURCES) == 1


async def test_a_new_draft_version_stops_the_old_one_unless_any_version_counts(exstream: SandboxProgram) -> None:
    await set_state(exstream, "APPROVED")
    strict = design_section(exstream, require_state="APPROVED")
    mild = design_section(exstream, require_state="APPROVED", require_state_of="any")
    async with connection(exstream, design=strict) as one, connection(exstream, design=mild) as other:
        # Leaves the approved version as it is, and begins a new one.
        await one.move_design(TEMPLATE, "DRAFT", comment="next year's wording", person="anna")

        assert isinstance(await composed(one), PermanentError)
        assert isinstance(await composed(other), Composition)


async def test_a_design_that_the_service_does_not_know_is_named(exstream: SandboxProgram) -> None:
    unknown = {"communication": "00000000-0000-4000-8000-000000000000"}
    section = design_section(exstream, require_state="APPROVED")
    async with connection(exstream, said=unknown, design=section) as composer:
        result = await composed(composer)

    assert isinstance(result, PermanentError)
    assert "has no communication '00000000-0000-4000-8000-000000000000'" in str(result)


async def test_a_channel_without_a_communication_cannot_be_gated(exstream: SandboxProgram) -> None:
    said = {"communication": None, "on_demand_channel": "Letters"}
    section = design_section(exstream, require_state="APPROVED")
    async with connection(exstream, said=said, design=section) as composer:
        result = await composed(composer)

    assert isinstance(result, PermanentError)
    assert "`communication`" in str(result)


# ---------------------------------------------------------------- asked by people


async def test_designs_are_listed_with_state_template_and_what_feeds_them(exstream: SandboxProgram) -> None:
    await set_state(exstream, "APPROVED")
    async with connection(exstream, said=UNFED, design=design_section(exstream)) as composer:
        assert isinstance(composer, KeepsDesigns)
        (design,) = await composer.designs(state=None)
        drafts = await composer.designs(state="DRAFT")

    assert (design.design, design.state, design.templates) == (COMMUNICATION, "APPROVED", (TEMPLATE,))
    assert (design.data_source, design.problem) == ("policy_driver", None)
    assert drafts == []


async def test_a_design_of_the_project_that_is_not_there_is_listed_as_a_problem(exstream: SandboxProgram) -> None:
    unknown = {"communication": "00000000-0000-4000-8000-000000000000"}
    async with connection(exstream, said=unknown, design=design_section(exstream)) as composer:
        problems = [design.problem for design in await composer.designs(state=None) if TEMPLATE in design.templates]

    assert len(problems) == 1
    assert "has no communication" in (problems[0] or "")


@pytest.mark.parametrize("named", [TEMPLATE, COMMUNICATION, COMMUNICATION.upper()])
async def test_a_design_is_moved_with_comment_and_person(exstream: SandboxProgram, named: str) -> None:
    await set_state(exstream, "DRAFT")
    async with connection(exstream, design=design_section(exstream)) as composer:
        moved = await composer.move_design(named, "REVIEW", comment="ready", person="anna")
        (design,) = await composer.designs(state="REVIEW")

    assert (moved.origin, moved.target, moved.design) == ("DRAFT", "REVIEW", COMMUNICATION)
    assert design.state == "REVIEW"


async def test_the_comment_that_is_audited_names_the_person(exstream: SandboxProgram) -> None:
    resource = {"id": COMMUNICATION, "name": "Policy", "state": "DRAFT", "type": "exstrapplication", "version": 1}

    def told(request: Request) -> Reply:
        if request.method == "PUT":
            return of_json({"status": "success", "data": {**resource, "state": "REVIEW"}})
        return of_json({"status": "success", "data": [resource], "page": {"totalPages": 1}})

    async with scripted(signed_in(told)) as script:
        async with connection(exstream, **on(script)) as composer:
            await composer.move_design(COMMUNICATION, "REVIEW", comment="ready", person="anna")
        (put,) = [request for request in script.requests if request.method == "PUT"]

    assert put.target == f"/design/api/v1/resources/sandbox/{COMMUNICATION}/state"
    assert put.body == b'{"state":"REVIEW","auditedComment":"ready (anna, by xConnector)","locked":false}'


@pytest.mark.parametrize("state, target", [("DRAFT", "APPROVED"), ("APPROVED", "REVIEW"), ("REVIEW", "DRAFT")])
async def test_an_illegal_move_is_told_before_anything_is_called(
    exstream: SandboxProgram, state: str, target: str
) -> None:
    await set_state(exstream, state)
    async with connection(exstream, design=design_section(exstream)) as composer:
        with pytest.raises(PermanentError, match=f"is in {state}, from where it can be moved to"):
            await composer.move_design(TEMPLATE, target, comment="", person="anna")

    assert await exstream.asked(f"{RESOURCES}/{{resource}}/state") == 0


async def test_an_installation_may_have_a_workflow_of_its_own(exstream: SandboxProgram) -> None:
    await set_state(exstream, "DRAFT")
    section = design_section(exstream, moves={"DRAFT": []})
    async with connection(exstream, design=section) as composer:
        with pytest.raises(PermanentError, match="no other state"):
            await composer.move_design(TEMPLATE, "REVIEW", comment="", person="anna")


async def test_a_lost_answer_to_a_move_is_an_unknown_outcome(exstream: SandboxProgram) -> None:
    resource = {"id": COMMUNICATION, "name": "Policy", "state": "DRAFT"}

    def told(request: Request) -> Reply:
        if request.method == "PUT":
            return Reply(breaks_off=True)
        return of_json({"status": "success", "data": [resource], "page": {"totalPages": 1}})

    async with scripted(signed_in(told)) as script, connection(exstream, **on(script)) as composer:
        with pytest.raises(OutcomeUnknownError):
            await composer.move_design(COMMUNICATION, "REVIEW", comment="", person="anna")


# ---------------------------------------------------------------- paging


@pytest.mark.parametrize("with_page", [True, False])
async def test_every_page_is_read_by_its_number(exstream: SandboxProgram, with_page: bool) -> None:
    resources = [{"id": f"R{number:03}", "name": f"Design {number:03}", "state": "APPROVED"} for number in range(25)]

    def told(request: Request) -> Reply:
        query = parse_qs(urlsplit(request.target).query)
        size, number = int(query["count"][0]), int(query["offset"][0])
        page = {"page": {"totalPages": 3, "currentPageNumber": number}} if with_page else {}
        return of_json({"status": "success", "data": resources[number * size :][:size], **page})

    async with scripted(signed_in(told)) as script:
        async with connection(exstream, said={"communication": None}, **on(script, page_size=10)) as composer:
            found = await composer.designs(state="APPROVED")
        asked = [parse_qs(urlsplit(target).query) for target in script.targets() if "/resources/" in target]

    assert [design.name for design in found] == [f"Design {number:03}" for number in range(25)]
    assert [query["offset"] for query in asked] == [["0"], ["1"], ["2"]]
    assert {query["filter.types"][0] for query in asked} == {"exstrapplication"}
    assert {query["filter.states"][0] for query in asked} == {"APPROVED"}
    assert {query["filter.latestVersion"][0] for query in asked} == {"true"}


async def test_a_service_that_never_ends_its_list_is_given_up(exstream: SandboxProgram) -> None:
    def told(request: Request) -> Reply:
        del request
        return of_json({"status": "success", "data": [{"id": "R", "name": "D"}], "page": {"totalPages": 10**9}})

    async with scripted(signed_in(told)) as script, connection(exstream, **on(script, most_pages=5)) as composer:
        with pytest.raises(ConnectorError, match="more than 5 pages"):
            await composer.designs(state=None)


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b'{"data": 1}', b"\xff"])
async def test_an_answer_of_another_kind_is_a_wrong_address(exstream: SandboxProgram, body: bytes) -> None:
    reply = Reply(body=body, headers={"Content-Type": "application/json"})
    async with scripted(signed_in(lambda _: reply)) as script, connection(exstream, **on(script)) as composer:
        with pytest.raises(MisconfiguredError):
            await composer.designs(state=None)


def test_the_workflow_is_the_documented_one() -> None:
    settings = DesignSettings(url="https://exstream.test/design/api/v1")

    assert {state: set(targets) for state, targets in settings.moves.items()} == {
        "DRAFT": {"REVIEW"},
        "REVIEW": {"APPROVED", "REJECTED"},
        "APPROVED": {"DRAFT"},
        "REJECTED": {"DRAFT"},
    }


def test_states_are_words_of_the_service(exstream: SandboxProgram) -> None:
    with pytest.raises(ValueError, match="require_state"):
        settings_of(exstream, design=design_section(exstream, require_state="approved?"))
