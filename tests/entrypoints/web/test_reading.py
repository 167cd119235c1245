import asyncio
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import httpx
import pytest
from lxml import html
from psycopg.conninfo import make_conninfo

from tests.entrypoints.web.site import SECRETS, Site, cut_off, open_site
from xconnector.domain.keys import Purpose
from xconnector.domain.portal_link import PortalLink, PortalSecrets
from xconnector.entrypoints.bootstrap import open_workplace
from xconnector.entrypoints.web.application import application
from xconnector.entrypoints.web.limits import WebLimits
from xconnector.operations.portal import Publication, publish
from xconnector.postgres.connect import reading

PDF = b"%PDF-1.7 a letter"


async def published(site: Site, number: int, *, customer_key: str = "K1", title: str = "", language: str = "de") -> str:
    dispatch_key = f"key-{customer_key}-{number}"
    publication = Publication(
        dispatch_key=dispatch_key,
        communication_id=UUID(int=number),
        communication="policy_issued",
        customer_key=customer_key,
        title=title or f"Police {number}",
        language=language,
        content=PDF + str(number).encode(),
    )
    await publish(site.place.pool, site.place.content, publication)
    return dispatch_key


async def page(site: Site, token: str, **headers: str) -> tuple[httpx.Response, html.HtmlElement]:
    answer = await site.client.get(f"/portal/{token}", headers=headers)
    return answer, html.fromstring(answer.text)  # pyright: ignore[reportUnknownMemberType] - as lxml-stubs has it


def texts(tree: html.HtmlElement, path: str) -> list[str]:
    return [" ".join(str(element.text_content()).split()) for element in tree.iterfind(path)]


async def test_a_customer_sees_their_own_documents_newest_first(site: Site) -> None:
    await published(site, 1)
    await published(site, 2)
    await published(site, 3, customer_key="K2")
    answer, tree = await page(site, site.token("K1"))
    assert answer.status_code == 200
    assert texts(tree, ".//span[@class='title']") == ["Police 2", "Police 1"]


async def test_every_line_leads_to_its_document_byte_for_byte(site: Site) -> None:
    await published(site, 1)
    _, tree = await page(site, site.token("K1"))
    (line,) = tree.iterfind(".//form")
    assert line.get("method") == "post"
    answer = await site.client.post(str(line.get("action")), follow_redirects=True)
    assert (answer.status_code, answer.headers["Content-Type"], answer.content) == (200, "application/pdf", PDF + b"1")


async def test_the_file_is_named_after_date_and_title(site: Site) -> None:
    key = await published(site, 1, title='Ihre "Police"/für\\ 2027…')
    answer = await site.client.get(f"/portal/{site.token('K1')}/documents/{key}")
    named = answer.headers["Content-Disposition"]
    assert re.fullmatch(
        r'inline; filename="\d{4}-\d\d-\d\d Ihre Police fur 2027\.pdf"; '
        r"filename\*=UTF-8''\d{4}-\d\d-\d\d%20Ihre%20Police%20f%C3%BCr%202027\.pdf",
        named,
    )


async def test_another_customers_document_is_not_there(site: Site) -> None:
    key = await published(site, 1, customer_key="K2")
    answer = await site.client.get(f"/portal/{site.token('K1')}/documents/{key}")
    assert answer.status_code == 404
    assert PDF not in answer.content


async def test_titles_are_shown_and_never_obeyed(site: Site) -> None:
    await published(site, 1, title="<script>alert(1)</script> & Söhne")
    answer, tree = await page(site, site.token("K1"))
    assert texts(tree, ".//span[@class='title']") == ["<script>alert(1)</script> & Söhne"]
    assert "<script" not in answer.text


@pytest.mark.parametrize(
    "language, heading", [("de", "Ihre Dokumente"), ("en", "Your documents"), ("fr-CH", "Vos documents")]
)
async def test_the_page_speaks_the_language_of_the_documents(site: Site, language: str, heading: str) -> None:
    await published(site, 1, language=language)
    _, tree = await page(site, site.token("K1"), **{"Accept-Language": "it"})
    assert texts(tree, ".//h1") == [heading]
    assert tree.get("lang") == language.partition("-")[0]


async def test_without_documents_the_page_speaks_the_readers_language(site: Site) -> None:
    answer, tree = await page(site, site.token("K1"), **{"Accept-Language": "it, fr;q=0.8, de;q=0.9"})
    assert answer.status_code == 200
    assert texts(tree, ".//p[@class='empty']") == ["Hier liegt noch kein Dokument für Sie."]


async def test_the_page_names_its_sender_and_until_when_the_link_is_good(site: Site) -> None:
    _, tree = await page(site, site.token("K1", expires_in=timedelta(days=40)), **{"Accept-Language": "en"})
    assert texts(tree, ".//p[@class='sender-name']") == ["Small Insurer"]
    expires_at = datetime.now(UTC) + timedelta(days=40)
    assert str(expires_at.year) in texts(tree, ".//p[@class='validity']")[0]


async def test_an_expired_link_says_so_and_opens_nothing(site: Site) -> None:
    key = await published(site, 1)
    token = site.token("K1", expires_in=timedelta(seconds=-1))
    answer, tree = await page(site, token, **{"Accept-Language": "en"})
    assert (answer.status_code, texts(tree, ".//h1")) == (410, ["This link has expired"])
    assert (await site.client.get(f"/portal/{token}/documents/{key}")).status_code == 410


@pytest.mark.parametrize("token", ["nonsense", "SzE.1798017354.3d2a4b4a." + "A" * 43, "x" * 2000])
async def test_anything_else_opens_nothing(site: Site, token: str) -> None:
    answer = await site.client.get(f"/portal/{token}")
    assert answer.status_code == 404
    assert answer.headers["Content-Type"].startswith("text/html")


async def test_a_link_of_another_secret_opens_nothing(site: Site) -> None:
    stranger = PortalSecrets(["a secret of somebody else, as long as ours"])
    token = stranger.sign(PortalLink(customer_key="K1", expires_at=datetime.now(UTC) + timedelta(days=1)))
    assert (await site.client.get(f"/portal/{token}")).status_code == 404


async def test_pages_carry_nothing_inline_and_forbid_everything_else(site: Site) -> None:
    await published(site, 1)
    answer, tree = await page(site, site.token("K1"))
    policy = answer.headers["Content-Security-Policy"]
    assert "unsafe" not in policy
    assert policy.startswith("default-src 'none';")
    assert list(tree.iter("script", "style")) == []
    assert [element for element in tree.iter() if element.get("style") or element.get("onclick")] == []
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


async def test_what_the_page_refers_to_is_there_and_may_be_kept(site: Site) -> None:
    _, tree = await page(site, site.token("K1"))
    for link in tree.iter("link"):
        answer = await site.client.get(str(link.get("href")))
        assert answer.status_code == 200
        assert "immutable" in answer.headers["Cache-Control"]


async def test_style_and_pictures_refer_to_each_other_where_they_are(site: Site) -> None:
    _, tree = await page(site, site.token("K1"))
    (sheet,) = (str(link.get("href")) for link in tree.iter("link") if link.get("rel") == "stylesheet")
    style = (await site.client.get(sheet)).text
    for name in set(re.findall(r'url\("([^"]+)"\)', style)):
        assert (await site.client.get(sheet.replace("portal.css", name))).status_code == 200


async def test_a_first_visit_stays_small(site: Site) -> None:
    for number in range(50):
        await published(site, number)
    answer, tree = await page(site, site.token("K1"))
    assets = [await site.client.get(str(link.get("href"))) for link in tree.iter("link")]
    assert len(answer.content) + sum(len(asset.content) for asset in assets) < 40_000


async def test_reading_writes_nothing(site: Site, database: str) -> None:
    key = await published(site, 1)
    read_only = make_conninfo(database, options="-c default_transaction_read_only=on")
    async with open_workplace(site.place.project, read_only, name="tests") as place:
        transport = httpx.ASGITransport(application(place, secrets=SECRETS))
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as reader:
            assert (await reader.get(f"/portal/{site.token('K1')}")).status_code == 200
            assert (await reader.get(f"/portal/{site.token('K1')}/documents/{key}")).status_code == 200


async def test_a_damaged_document_is_not_shown_and_others_are(site: Site) -> None:
    damaged, whole = await published(site, 1), await published(site, 2)
    (pack,) = (
        path for path in (site.place.project.folder / "var/content").rglob("*.pack") if path.read_bytes() == PDF + b"1"
    )
    await asyncio.to_thread(_spoil, pack)
    token = site.token("K1")
    assert (await site.client.get(f"/portal/{token}/documents/{damaged}")).status_code == 503
    assert (await site.client.get(f"/portal/{token}/documents/{whole}")).status_code == 200


async def test_without_the_database_the_reader_is_told_to_come_again(tmp_path: Path, database: str) -> None:
    limits = WebLimits(database_patience=timedelta(seconds=1))
    async with open_site(tmp_path, database, limits=limits) as site:
        await cut_off(database)
        answer, tree = await page(site, site.token("K1"), **{"Accept-Language": "fr"})
    assert (answer.status_code, texts(tree, ".//h1")) == (503, ["Indisponible pour le moment"])


def _spoil(path: Path) -> None:
    path.chmod(0o600)
    path.write_bytes(b"%PDF-1.7 another1")


async def views(site: Site) -> list[tuple[str, str, str]]:
    async with reading(site.place.pool) as connection:
        cursor = await connection.execute("SELECT dispatch_key, type, detail FROM delivery_event ORDER BY event_id")
        return [(str(key), str(event), str(detail)) for key, event, detail in await cursor.fetchall()]


async def test_what_is_opened_by_the_button_counts_as_seen(site: Site) -> None:
    key = await published(site, 1)
    answer = await site.client.post(f"/portal/{site.token('K1')}/documents/{key}")
    assert (answer.status_code, answer.content) == (303, b"")
    assert await views(site) == [(key, "opened", "by a signed link")]


async def test_looks_within_a_minute_are_one(site: Site) -> None:
    key = await published(site, 1)
    for _ in range(3):
        await site.client.post(f"/portal/{site.token('K1')}/documents/{key}")
    # Of two, when a minute ends meanwhile.
    assert 1 <= len(await views(site)) <= 2


async def test_scanners_that_follow_every_address_see_nothing_as_far_as_we_count(site: Site) -> None:
    key = await published(site, 1)
    token = site.token("K1")
    for address in (f"/portal/{token}", f"/portal/{token}/documents/{key}"):
        assert (await site.client.get(address)).status_code == 200
        await site.client.head(address)
    assert await views(site) == []


async def test_what_is_not_theirs_nobody_can_have_seen(site: Site) -> None:
    key = await published(site, 1, customer_key="K2")
    expired = site.token("K2", expires_in=timedelta(seconds=-1))
    for token, status in ((site.token("K1"), 404), (expired, 410), ("nonsense", 404)):
        assert (await site.client.post(f"/portal/{token}/documents/{key}")).status_code == status
    assert await views(site) == []


async def test_who_signed_in_elsewhere_is_known_to_have(site: Site) -> None:
    key = await published(site, 1)
    wanted = {"customer_key": "K1", "minutes": 5}
    made = await site.client.post("/portal/links", json=wanted, headers=site.bearing(Purpose.PORTAL))
    assert made.status_code == 201
    expires_at = datetime.fromisoformat(made.json()["expires_at"])
    assert timedelta(minutes=4) < expires_at - datetime.now(UTC) <= timedelta(minutes=5)
    answer = await site.client.post(f"{made.json()['path']}/documents/{key}", follow_redirects=True)
    assert answer.content == PDF + b"1"
    assert await views(site) == [(key, "opened", "by a person signed in")]


@pytest.mark.parametrize(
    "wanted", [{}, {"customer_key": ""}, {"customer_key": "K1", "minutes": 61}, {"customer_key": "K1", "days": 3}]
)
async def test_links_are_for_one_customer_and_for_an_hour_at_most(site: Site, wanted: dict[str, object]) -> None:
    answer = await site.client.post("/portal/links", json=wanted, headers=site.bearing(Purpose.PORTAL))
    assert answer.status_code == 422


@pytest.mark.parametrize("purpose", [purpose for purpose in Purpose if purpose is not Purpose.PORTAL])
async def test_links_are_made_for_the_portals_key_alone(site: Site, purpose: Purpose) -> None:
    answer = await site.client.post("/portal/links", json={"customer_key": "K1"}, headers=site.bearing(purpose))
    assert answer.status_code == 401


async def test_what_is_withdrawn_is_not_there(site: Site) -> None:
    key = await published(site, 1)
    token = site.token("K1")
    for _ in range(2):
        gone = await site.client.delete(f"/portal/documents/{key}", headers=site.bearing(Purpose.PORTAL))
        assert gone.status_code == 204
    _, tree = await page(site, token)
    assert list(tree.iterfind(".//form")) == []
    assert (await site.client.get(f"/portal/{token}/documents/{key}")).status_code == 404
    assert (await site.client.post(f"/portal/{token}/documents/{key}")).status_code == 404
    assert await views(site) == []


async def test_only_what_was_published_can_be_withdrawn_and_only_with_the_portals_key(site: Site) -> None:
    key = await published(site, 1)
    headers = site.bearing(Purpose.PORTAL)
    assert (await site.client.delete("/portal/documents/another", headers=headers)).status_code == 404
    assert (await site.client.delete(f"/portal/documents/{key}")).status_code == 401
    assert (await site.client.get(f"/portal/{site.token('K1')}/documents/{key}")).status_code == 200
