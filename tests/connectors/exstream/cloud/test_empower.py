"""Documents that people edit in Empower: the links, the codes, and the way from an order to an edited document."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.connectors.exstream.cloud.opened import (
    TEMPLATE,
    connection,
    empower_section,
    sample_order,
    settings_of,
    tell,
)
from tests.connectors.exstream.cloud.scripted import Reply, Request, of_json, scripted
from tests.connectors.exstream.sandbox_program import SandboxProgram
from xconnector.connectors.exstream.cloud.client import CloudClient
from xconnector.connectors.exstream.cloud.composer import ExstreamComposer
from xconnector.connectors.exstream.cloud.empower import Empower, Import
from xconnector.connectors.exstream.cloud.empower_codes import meaning_of
from xconnector.connectors.exstream.cloud.empower_settings import EmpowerSettings, Meaning
from xconnector.connectors.exstream.cloud.settings import CloudSettings
from xconnector.contract.composer import Composition
from xconnector.contract.drafts import EditsDrafts
from xconnector.contract.errors import (
    ConnectorError,
    MisconfiguredError,
    OutcomeUnknownError,
    PermanentError,
    TransientError,
)
from xconnector.domain.document import RenditionKind
from xconnector.testing.orders import ALL_KINDS

ORDER = sample_order(template=TEMPLATE)


@asynccontextmanager
async def desk(exstream: SandboxProgram, **fulfilment: Any) -> AsyncGenerator[ExstreamComposer]:  # noqa: ANN401
    """A connection that keeps drafts in the stand-in's Empower; its flow only composes unless a test says otherwise."""
    orchestration = {
        "url": f"{exstream.url}/orchestration/api/v1",
        "domain": exstream.facts["domain"],
        "on_demand": {"empower_user": "service@OAuthClients"},
    }
    section = empower_section(exstream, fulfilment={"only_composes": True, **fulfilment})
    async with connection(exstream, orchestration=orchestration, empower=section) as composer:
        yield composer


@asynccontextmanager
async def empower_of(settings: CloudSettings) -> AsyncGenerator[Empower]:
    assert settings.empower is not None
    async with CloudClient(settings, project_folder=Path("/nowhere")) as client:
        yield Empower(client, settings.empower)


def letter_of(composition: Composition) -> bytes:
    return next(one.content for one in composition.renditions if one.kind is RenditionKind.LETTER)


async def composed(composer: ExstreamComposer) -> Composition:
    (result,) = await composer.compose([ORDER])
    assert isinstance(result, Composition)
    return result


# ---------------------------------------------------------------- from an order to an edited document


async def test_what_people_write_stands_in_the_document(exstream: SandboxProgram) -> None:
    async with desk(exstream) as composer:
        assert isinstance(composer, EditsDrafts)
        draft = await composer.draft(ORDER)
        untouched = await composer.finish(draft.reference, ORDER)
        await tell(exstream, f"empower/{draft.reference}/edit", {"text": "with regrets"})
        edited = await composer.finish(draft.reference, ORDER)
        plain = await composed(composer)

    assert {one.kind for one in edited.renditions} == ALL_KINDS
    assert letter_of(untouched) == letter_of(plain)
    assert letter_of(edited) != letter_of(plain)
    assert edited.engine.endswith(", edited")


async def test_the_link_opens_the_draft_in_a_browser(exstream: SandboxProgram) -> None:
    async with desk(exstream) as composer:
        draft = await composer.draft(ORDER)

    assert draft.link == f"{exstream.url}/empower/api/v1/docedit/{draft.reference}/open?tenant=acme&hosted=true"


async def test_a_draft_stays_until_it_is_discarded_and_that_can_be_repeated(exstream: SandboxProgram) -> None:
    async with desk(exstream) as composer:
        draft = await composer.draft(ORDER)
        first = await composer.finish(draft.reference, ORDER)
        again = await composer.finish(draft.reference, ORDER)
        await composer.discard(draft.reference)
        await composer.discard(draft.reference)
        with pytest.raises(ConnectorError):
            await composer.finish(draft.reference, ORDER)

    assert first.renditions == again.renditions


@pytest.mark.parametrize(
    "only_composes, kind", [(True, TransientError), (False, OutcomeUnknownError)], ids=["composes", "may send"]
)
async def test_a_lost_answer_is_of_unknown_outcome_only_where_the_flow_may_send(
    exstream: SandboxProgram, only_composes: bool, kind: type[ConnectorError]
) -> None:
    async with desk(exstream, only_composes=only_composes) as composer:
        draft = await composer.draft(ORDER)
        await exstream.misbehave(lose_next=1)
        with pytest.raises(kind):
            await composer.finish(draft.reference, ORDER)
        again = await composer.finish(draft.reference, ORDER)

    assert letter_of(again)


async def test_a_lost_answer_to_a_draft_is_transient(exstream: SandboxProgram) -> None:
    async with desk(exstream) as composer:
        await exstream.misbehave(lose_next=1)
        with pytest.raises(TransientError):
            await composer.draft(ORDER)


async def test_an_account_that_empower_does_not_know_is_a_setting(exstream: SandboxProgram) -> None:
    async with desk(exstream) as composer:
        await exstream.misbehave(wrong_empower_user=True)
        with pytest.raises(MisconfiguredError, match="empower_user"):
            await composer.draft(ORDER)


async def test_without_empower_nothing_can_be_edited(exstream: SandboxProgram) -> None:
    async with connection(exstream) as composer:
        with pytest.raises(MisconfiguredError, match="empower"):
            await composer.draft(ORDER)


async def test_another_communication_may_fulfil(exstream: SandboxProgram) -> None:
    fulfils, asked = str(uuid4()), list[Request]()

    def told(request: Request) -> Reply:
        asked.append(request)
        if "oauth2" in request.target:
            return of_json({"access_token": "t", "expires_in": 900})
        if request.target.endswith("/version"):
            return of_json({"versionString": "25.2"})
        return of_json({"status": "success", "data": []})

    async with scripted(told) as script:
        sections = {
            "sign_in": {"preset": "otds-single", "url": script.url, "client_id": "c", "client_secret": "s"},
            "orchestration": {"url": f"{script.url}/orchestration/api/v1", "domain": "sandbox"},
            "empower": {"url": script.url, "fulfilment": {"communication": fulfils, "data_source": "generic"}},
        }
        async with connection(exstream, **sections) as composer:
            with pytest.raises(PermanentError):
                await composer.finish("D1", ORDER)

    (fulfilled,) = [request for request in asked if "fulfill" in request.target]
    assert (fulfilled.headers["communicationid"], fulfilled.headers["driverdatasource"]) == (fulfils, "generic")
    assert fulfilled.headers["preservedocuments"] == "true"
    assert fulfilled.body == b'{"documents":["D1"]}'


# ---------------------------------------------------------------- what Empower is asked


@pytest.mark.parametrize("base", ["/empower/api/v1", "/empower/resource"], ids=["cloud", "server"])
async def test_a_document_is_taken_in_described_given_back_and_deleted(exstream: SandboxProgram, base: str) -> None:
    settings = settings_of(exstream, empower={"url": exstream.url + base})
    name = str(uuid4())
    document = Import(content=b"\x00draft", application="letters", business_id=name, owner="anna", tags=("a", "b"))
    async with empower_of(settings) as empower:
        await empower.prove_well()
        key = await empower.take_in(document)
        await empower.describe(key, {"docTags": ["c"]})
        meta = await empower.meta(key)
        listed = [one["docId"] for one in await empower.documents()]
        kept = await empower.export(key, preserve=True)
        given = await empower.export(key, preserve=False)
        with pytest.raises(PermanentError, match="BUSI110E"):
            await empower.meta(key)
        await empower.delete(key)

    assert (meta["busDocId"], meta["ownerId"], meta["docTags"]) == (name, "anna", ["c"])
    assert key in listed
    assert kept == given == b"\x00draft"


async def test_the_same_business_id_twice_is_refused(exstream: SandboxProgram) -> None:
    document = Import(content=b"x", application="letters", business_id=str(uuid4()), owner="anna")
    async with empower_of(settings_of(exstream, empower=empower_section(exstream))) as empower:
        await empower.take_in(document)
        with pytest.raises(PermanentError, match="BUSI172E"):
            await empower.take_in(document)


async def test_an_account_without_permission_is_a_setting(exstream: SandboxProgram) -> None:
    async with empower_of(settings_of(exstream, empower=empower_section(exstream))) as empower:
        await exstream.misbehave(empower_no_permission=True)
        with pytest.raises(MisconfiguredError, match="BUSI175E"):
            await empower.delete("D1")


async def test_a_wrong_code_with_another_status_means_the_same(exstream: SandboxProgram) -> None:
    async with empower_of(settings_of(exstream, empower=empower_section(exstream))) as empower:
        await exstream.misbehave(empower_error_status=404)
        with pytest.raises(PermanentError, match="BUSI110E"):
            await empower.meta("D1")
        await empower.delete("D1")


async def test_changes_without_the_token_are_refused_with_the_setting_named(exstream: SandboxProgram) -> None:
    section = empower_section(exstream, token_path=None)
    async with empower_of(settings_of(exstream, empower=section)) as empower:
        with pytest.raises(MisconfiguredError):
            await empower.delete("D1")


async def test_an_outage_is_transient(exstream: SandboxProgram) -> None:
    async with empower_of(settings_of(exstream, empower=empower_section(exstream))) as empower:
        await exstream.misbehave(empower_down=True)
        with pytest.raises(TransientError):
            await empower.delete("D1")
        with pytest.raises(TransientError):
            await empower.prove_well()


async def test_a_lost_answer_to_an_import_is_of_unknown_outcome(exstream: SandboxProgram) -> None:
    document = Import(content=b"x", application="letters", business_id=str(uuid4()), owner="anna")
    async with empower_of(settings_of(exstream, empower=empower_section(exstream))) as empower:
        await exstream.misbehave(lose_next=1)
        with pytest.raises(OutcomeUnknownError):
            await empower.take_in(document)


async def test_what_empower_says_in_its_own_words_is_never_told(exstream: SandboxProgram) -> None:
    def told(request: Request) -> Reply:
        if "oauth2" in request.target:
            return of_json({"access_token": "t", "expires_in": 900})
        return of_json({"header": {"status": {"code": "BUSI999E", "msg": "Jördis Sämann"}}, "body": "Jördis"})

    async with scripted(told) as script:
        settings = settings_of(
            exstream,
            sign_in={"preset": "otds-single", "url": script.url, "client_id": "c", "client_secret": "s"},
            empower={"url": script.url},
        )
        async with empower_of(settings) as empower:
            with pytest.raises(PermanentError, match="BUSI999E") as refused:
                await empower.meta("D1")

    assert "rdis" not in str(refused.value)


@pytest.mark.parametrize(
    "settings, link",
    [
        ({}, "https://e.test/docedit/D%2F1/open?hosted=true"),
        ({"tenant": "t", "hosted": False}, "https://e.test/docedit/D%2F1/open?tenant=t"),
        ({"subscription": "s&x"}, "https://e.test/docedit/D%2F1/open?subscription=s%26x&hosted=true"),
        ({"hosted": False}, "https://e.test/docedit/D%2F1/open"),
        ({"browser_url": "https://b.test/x", "hosted": False}, "https://b.test/x/docedit/D%2F1/open"),
    ],
)
def test_links_are_those_of_the_installation(exstream: SandboxProgram, settings: dict[str, Any], link: str) -> None:
    chosen = EmpowerSettings.model_validate({"url": "https://e.test", **settings})
    client = CloudClient(settings_of(exstream), project_folder=Path("/nowhere"))

    assert Empower(client, chosen).link("D/1") == link


@pytest.mark.parametrize(
    "code, meaning",
    [
        ("0", Meaning.DONE),
        ("SERV100I", Meaning.DONE),
        ("SERV107I", Meaning.DONE),
        ("SERV999W", Meaning.DONE),
        ("BUSI110E", Meaning.GONE),
        ("BUSI172E", Meaning.EXISTS),
        ("BUSI175E", Meaning.FORBIDDEN),
        ("BUSI999E", Meaning.REFUSED),
        ("SERV999S", Meaning.REFUSED),
        ("", Meaning.REFUSED),
        ("1", Meaning.REFUSED),
    ],
)
def test_every_code_has_a_meaning(code: str, meaning: Meaning) -> None:
    assert meaning_of(code, {}) is meaning


def test_an_installation_says_what_its_own_codes_mean() -> None:
    assert meaning_of("BUSI999E", {"BUSI999E": Meaning.GONE}) is Meaning.GONE


@given(st.text(max_size=30))
def test_no_code_is_taken_for_done_unless_it_says_so(code: str) -> None:
    if meaning_of(code, {}) is Meaning.DONE:
        assert code == "0" or code[-1] in "IW"
