import base64
import hashlib
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from urllib.parse import quote

import httpx
import pytest
from pydantic import SecretStr

from tests.entrypoints.web.site import Site, cut_off, open_site
from xconnector.connectors.portal.channel import PortalChannel
from xconnector.connectors.portal.settings import PortalSettings
from xconnector.contract.channel import Dispatch, Receipt
from xconnector.contract.errors import ConnectorError, MisconfiguredError, PermanentError, TransientError
from xconnector.domain.document import RenditionKind
from xconnector.domain.keys import Purpose
from xconnector.entrypoints.web.limits import WebLimits
from xconnector.operations.portal import content_of, documents_of
from xconnector.testing.dispatches import sample_dispatch

PDF = b"%PDF-1.7 the letter of Anna Meyer"
PATH = "/portal/documents/0197b7c0-0000-7000-8000-000000000001-0"


def head(content: bytes = PDF) -> dict[str, str]:
    return {
        "Content-Type": "application/pdf",
        "Content-Digest": f"sha-256=:{base64.b64encode(hashlib.sha256(content).digest()).decode()}:",
        "Content-Language": "de",
        "XConnector-Communication-Id": "0197b7c0-0000-7000-8000-000000000001",
        "XConnector-Communication": "policy_issued",
        "XConnector-Customer-Key": quote("K/1 ü", safe=""),
        "XConnector-Title": quote("Ihre neue Police für 2027", safe=""),
    }


async def put(site: Site, content: bytes = PDF, *, headers: Mapping[str, str] | None = None) -> httpx.Response:
    stated = head(content) if headers is None else headers
    return await site.client.put(PATH, content=content, headers={**stated, **site.bearing(Purpose.PORTAL)})


async def hand_over(site: Site, dispatch: Dispatch, *, key: str | None = None) -> Receipt | ConnectorError:
    """Publish through the channel that the product has."""
    settings = PortalSettings(url=site.address, key=SecretStr(key or site.keys[Purpose.PORTAL]))
    async with PortalChannel(settings) as channel:
        (result,) = await channel.send([dispatch])
    return result


async def test_a_document_is_published_with_what_its_customer_reads(site: Site) -> None:
    answer = await put(site)
    assert (answer.status_code, answer.json()) == (201, {"reference": PATH.rpartition("/")[2]})
    (document,) = await documents_of(site.place.pool, "K/1 ü")
    assert (document.title, document.language) == ("Ihre neue Police für 2027", "de")
    assert await content_of(site.place.content, document) == PDF


async def test_the_same_again_is_published_once(site: Site) -> None:
    assert (await put(site)).status_code == 201
    answer = await put(site)
    assert (answer.status_code, answer.json()) == (200, {"reference": PATH.rpartition("/")[2]})
    assert len(await documents_of(site.place.pool, "K/1 ü")) == 1


async def test_another_document_under_one_key_is_refused_and_the_first_stays(site: Site) -> None:
    await put(site)
    assert (await put(site, PDF + b" changed")).status_code == 409
    (document,) = await documents_of(site.place.pool, "K/1 ü")
    assert await content_of(site.place.content, document) == PDF


async def test_a_body_that_does_not_match_its_digest_is_not_published(site: Site) -> None:
    answer = await put(site, PDF + b" cut", headers=head(PDF))
    assert answer.status_code == 422
    assert await documents_of(site.place.pool, "K/1 ü") == []


async def test_only_pdfs_are_published(site: Site) -> None:
    assert (await put(site, b"<html>no PDF</html>")).status_code == 422
    assert (await put(site, headers={**head(), "Content-Type": "text/html"})).status_code == 415


@pytest.mark.parametrize("name", [name for name in head() if name != "Content-Type"])
async def test_every_header_is_asked_for_by_name(site: Site, name: str) -> None:
    answer = await put(site, headers={key: value for key, value in head().items() if key != name})
    assert answer.status_code == 422
    assert name.lower() in answer.json()["detail"].lower()


@pytest.mark.parametrize(
    "name, value",
    [
        ("Content-Digest", "sha-256=:secret-content:"),
        ("Content-Digest", "md5=:secret-content:"),
        ("Content-Language", "secret content"),
        ("XConnector-Communication-Id", "secret-content"),
        ("XConnector-Customer-Key", "secret-content%00"),
        ("XConnector-Customer-Key", "secret-content%FF"),
        ("XConnector-Title", "secret-content%0A"),
        ("XConnector-Title", "%20"),
        ("XConnector-Title", "secret-content" * 30),
    ],
)
async def test_a_wrong_header_is_refused_without_its_content(site: Site, name: str, value: str) -> None:
    answer = await put(site, headers={**head(), name: value})
    assert answer.status_code in {400, 422}
    assert "secret" not in answer.text


@pytest.mark.parametrize("key", ["-begins-with-a-hyphen", "has%20space", "a" * 129])
async def test_a_dispatch_key_of_another_shape_is_refused(site: Site, key: str) -> None:
    answer = await site.client.put(
        f"/portal/documents/{key}", content=PDF, headers={**head(), **site.bearing(Purpose.PORTAL)}
    )
    assert answer.status_code == 422


@pytest.mark.parametrize("method", ["GET", "PUT"])
async def test_nothing_is_open_without_a_key(site: Site, method: str) -> None:
    path = "/portal/documents" if method == "GET" else PATH
    events_key = site.bearing(Purpose.EVENTS)
    assert (await site.client.request(method, path, headers=head())).status_code == 401
    assert (await site.client.request(method, path, headers={**head(), **events_key})).status_code == 401


async def test_a_good_key_is_told_so_and_nothing_else(site: Site) -> None:
    answer = await site.client.get("/portal/documents", headers=site.bearing(Purpose.PORTAL))
    assert (answer.status_code, answer.content) == (204, b"")


async def test_the_products_own_channel_publishes_here_and_repeats_safely(site: Site) -> None:
    dispatch = sample_dispatch()
    assert await hand_over(site, dispatch) == Receipt(reference=dispatch.dispatch_key)
    assert await hand_over(site, dispatch) == Receipt(reference=dispatch.dispatch_key)
    (document,) = await documents_of(site.place.pool, dispatch.recipient.customer_key)
    assert document.title == dispatch.title
    assert document.sha256 == dispatch.renditions[RenditionKind.LETTER].sha256


async def test_the_products_own_channel_understands_refusals(tmp_path: Path, database: str) -> None:
    limits = WebLimits(document=100, database_patience=timedelta(seconds=1))
    async with open_site(tmp_path, database, limits=limits) as site:
        assert isinstance(await hand_over(site, sample_dispatch(), key="xc_portal_wrong"), MisconfiguredError)
        assert isinstance(await hand_over(site, sample_dispatch()), PermanentError)
        await cut_off(database)
        assert isinstance(await hand_over(site, sample_dispatch()), TransientError)
