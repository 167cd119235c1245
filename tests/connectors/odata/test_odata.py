"""Entities of an OData service come once each, then those that changed, and word of those that were removed.

Only our own stand-in was asked: no product's service.
"""

from collections.abc import AsyncGenerator, Iterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from tests.connectors.odata.service import Service, running_service
from xconnector.connectors.odata.client import ODataClient
from xconnector.connectors.odata.entities import read_page
from xconnector.connectors.odata.settings import ODataSettings
from xconnector.connectors.odata.source import ODataSource
from xconnector.contract.errors import MisconfiguredError, PermanentError, TransientError
from xconnector.domain.event import BadRecord, SourceRecord
from xconnector.domain.strict_json import Json


@pytest.fixture
def service() -> Iterator[Service]:
    with running_service() as running:
        yield running


@asynccontextmanager
async def asked(service: Service, **changes: object) -> AsyncGenerator[ODataSource]:
    described = {"url": service.root, "entity_set": "customers", "key": ["id"], **changes}
    async with ODataSource(ODataSettings.model_validate(described)) as source:
        yield source


async def everything_new(
    source: ODataSource, position: str | None = None
) -> tuple[list[SourceRecord | BadRecord], str | None]:
    found: list[SourceRecord | BadRecord] = []
    more = True
    while more:
        pulled = await source.pull(position, at_most=500, source="crm", event_type="com.acme.customer")
        found += pulled.records
        position, more = pulled.position, pulled.more
    return found, position


def entity(number: int, tag: int = 1, **others: object) -> dict[str, Any]:
    at = f"2026-11-23T08:{number:02}:00"
    milliseconds = 1_795_420_800_000 + number * 60_000
    return {"id": str(number), "name": "N", "@odata.etag": f"W/{tag}", "at": at, "ms": milliseconds, **others}


def keys(records: list[SourceRecord | BadRecord]) -> list[str]:
    return [record.source_key or "" for record in records]


async def test_pages_are_followed_and_then_only_changes_come_with_word_of_what_was_removed(service: Service) -> None:
    service.log = [entity(number) for number in range(8)]
    async with asked(service) as source:
        await source.check()
        first, position = await everything_new(source)
        service.log += [entity(3, tag=2), {"@removed": {"reason": "deleted"}, "id": f"{service.root}customers('4')"}]
        second, position = await everything_new(source, position)
        third, _ = await everything_new(source, position)

    assert keys(first) == [f"{number}@W/1" for number in range(8)]
    assert keys(second)[0] == "3@W/2"
    removed = second[1]
    assert isinstance(removed, SourceRecord)
    assert (removed.data["id"], removed.data["@removed"]) == ("4", {"reason": "deleted"})
    assert removed.source_key.startswith("4@removed:")
    assert third == []
    assert service.prefers[-1] == "odata.track-changes, odata.maxpagesize=500"


async def test_version_2_is_read_by_what_changed_with_times_as_everybody_writes_them(service: Service) -> None:
    service.log = [entity(number) for number in range(8)]
    async with asked(service, version=2, changed="at", overlap="60s") as source:
        first, position = await everything_new(source)
        service.log.append(entity(9, tag=2))
        second, _ = await everything_new(source, position)

    last = second[-1]
    assert isinstance(last, SourceRecord)
    assert len(first) == 8
    assert last.data["at"] == "2026-11-23T08:09:00+00:00"
    assert last.occurred_at is not None
    assert keys(second)[:-1] == keys(first)[-2:]


@pytest.mark.parametrize(
    "status,error,told",
    [
        (401, MisconfiguredError, "correct `login`"),
        (404, MisconfiguredError, "entity set"),
        (400, MisconfiguredError, "refuses the question"),
        (302, MisconfiguredError, "refuses the question"),
        (410, PermanentError, "feeds restart"),
        (429, TransientError, "busy"),
        (500, TransientError, "trouble"),
    ],
)
async def test_what_a_status_means_is_told_without_the_answers_words(
    service: Service, status: int, error: type[Exception], told: str
) -> None:
    service.status = status
    async with asked(service) as source:
        with pytest.raises(error, match=told) as raised:
            await everything_new(source)

    assert "7291" not in str(raised.value)
    if isinstance(raised.value, TransientError) and status == 429:
        assert raised.value.retry_after is not None
        assert raised.value.retry_after.total_seconds() == 7


@pytest.mark.parametrize(
    "elsewhere", ["http://127.0.0.1:1/odata/customers", "http://169.254.169.254/latest", "/admin", "../odata2/x"]
)
async def test_a_link_that_leads_elsewhere_is_not_asked(service: Service, elsewhere: str) -> None:
    service.log = [entity(number) for number in range(8)]
    service.lead_to = elsewhere
    async with asked(service) as source:
        with pytest.raises(MisconfiguredError, match="outside of `url`"):
            await everything_new(source)

    assert len(service.asked) == 1


async def test_a_token_is_fetched_for_the_client_and_asked_for_again_when_it_is_refused(service: Service) -> None:
    service.token = "first"
    service.log = [entity(1)]
    login = {"kind": "client_credentials", "token_url": f"{service.address}/token", "client_id": "x"}
    async with asked(service, login={**login, "client_secret": "right"}) as source:
        found, position = await everything_new(source)
        service.token = "second"
        with pytest.raises(MisconfiguredError):
            await everything_new(source, position)
        await everything_new(source, position)
    async with asked(service, login={**login, "client_secret": "wrong"}) as source:
        with pytest.raises(MisconfiguredError, match="no token is given"):
            await everything_new(source)

    assert keys(found) == ["1@W/1"]


async def test_an_entity_without_key_or_tag_is_set_aside(service: Service) -> None:
    service.log = [{"id": "1", "name": "N"}, {"id": "", "@odata.etag": "W/1"}]
    async with asked(service) as source:
        found, _ = await everything_new(source)

    assert [isinstance(one, BadRecord) for one in found] == [True, True]


async def test_a_page_that_is_too_large_or_no_odata_is_told(service: Service) -> None:
    service.log = [entity(1, text="x" * 5000)]
    async with asked(service, largest=1024) as source:
        with pytest.raises(MisconfiguredError, match="larger than `largest`"):
            await everything_new(source)
    async with asked(service, version=2, changed="at") as source:
        with pytest.raises(PermanentError, match="another entity set"):
            await everything_new(source, '{"entity_set": "others"}')


@pytest.mark.parametrize(
    "changes",
    [
        {"url": "http://example.com/odata"},
        {"url": "https://user:word@example.com/"},
        {"url": "https://example.com/?x=1"},
        {"version": 2},
        {"entity_set": "../admin"},
        {"login": {"kind": "client_credentials", "token_url": "http://a.test", "client_id": "x", "client_secret": "y"}},
    ],
)
def test_settings_that_would_lead_astray_are_refused(changes: dict[str, object]) -> None:
    described = {"url": "https://example.com/odata", "entity_set": "customers", "key": ["id"]}
    ODataSettings.model_validate(described)
    with pytest.raises(ValidationError):
        ODataSettings.model_validate({**described, **changes})


NAMES = st.sampled_from(["d", "value", "results", "__next", "@removed", "@odata.nextLink", "id", "@odata.context"])
PAGES = st.recursive(
    st.none() | st.integers() | st.text(max_size=8) | st.just("/Date(99999999999999)/") | st.just("$deletedEntity"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=5),
    max_leaves=10,
)


@given(page=st.dictionaries(NAMES, PAGES), is_of_version_2=st.booleans())
def test_whatever_a_page_holds_it_is_read_or_refused(page: dict[str, Json], is_of_version_2: bool) -> None:
    try:
        read = read_page(page, is_of_version_2=is_of_version_2, key=("id",))
    except MisconfiguredError:
        return
    assert all("@removed" not in one or "id" in one or not one.get("@id") for one in read.entities)


@given(link=st.text(max_size=30) | st.from_regex(r"https?://[a-z.@:/%0-9\\]{1,20}", fullmatch=True))
def test_no_link_leads_out_of_the_service(link: str) -> None:
    settings = ODataSettings.model_validate({"url": "https://a.test/odata/", "entity_set": "c", "key": ["id"]})
    client = ODataClient(settings)
    try:
        url = client.below_root(link)
    except (MisconfiguredError, ValueError):
        return
    assert url.startswith("https://a.test/odata/")
