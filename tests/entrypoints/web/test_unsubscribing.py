"""One click ends promotional mails; following the link does not."""

from pathlib import Path
from uuid import UUID

import httpx
import pytest
from lxml import html

from tests.entrypoints.web.site import Site, cut_off, open_site
from xconnector.domain.reference_token import Purpose, sign
from xconnector.postgres.connect import reading

KEY = f"{UUID(int=7)}-0"
SECRET = b"a-secret-of-the-tests"
FORM = {"List-Unsubscribe": "One-Click"}


def link(token: str | None = None, *, connection: str = "email") -> str:
    return f"/unsubscribe/{connection}/{token or sign(KEY, Purpose.UNSUBSCRIBE, SECRET)}"


async def said(site: Site) -> list[tuple[str, str, str]]:
    async with reading(site.place.pool) as connection:
        cursor = await connection.execute("SELECT dispatch_key, type, detail FROM delivery_event ORDER BY event_id")
        return [(str(key), str(event), str(detail)) for key, event, detail in await cursor.fetchall()]


def heading(answer: httpx.Response) -> str:
    tree = html.fromstring(answer.text)  # pyright: ignore[reportUnknownMemberType] - as lxml-stubs has it
    return str(next(tree.iterfind(".//h1")).text)


async def test_one_click_is_kept_before_it_is_answered_and_without_a_redirect(site: Site) -> None:
    answer = await site.client.post(link(), data=FORM)
    assert answer.status_code == 200
    assert heading(answer) == "You are unsubscribed"
    assert await said(site) == [(KEY, "unsubscribed", "one click")]


async def test_whoever_only_follows_the_link_is_asked_and_nothing_changes(site: Site) -> None:
    answer = await site.client.get(link(), headers={"Accept-Language": "fr"})
    assert (answer.status_code, heading(answer)) == (200, "Plus d’offres\u00a0?")
    assert "form-action 'self'" in answer.headers["Content-Security-Policy"]
    assert '<form method="post">' in answer.text
    assert await said(site) == []


async def test_clicks_of_one_minute_are_one(site: Site) -> None:
    for _ in range(3):
        assert (await site.client.post(link(), data=FORM)).status_code == 200
    assert 1 <= len(await said(site)) <= 2


@pytest.mark.parametrize(
    "token, connection",
    [
        (sign(KEY, Purpose.RETURN, SECRET), "email"),
        (sign(KEY, Purpose.UNSUBSCRIBE, b"another secret"), "email"),
        (sign(KEY, Purpose.UNSUBSCRIBE, SECRET), "print"),
        (sign(KEY, Purpose.UNSUBSCRIBE, SECRET), "nobody"),
        ("1" * 48, "email"),
        ("\u00e4" * 48, "email"),
    ],
)
async def test_what_was_not_signed_for_this_says_nothing(site: Site, token: str, connection: str) -> None:
    for method in ("GET", "POST"):
        answer = await site.client.request(method, link(token, connection=connection))
        assert (answer.status_code, heading(answer)) == (404, "There is no such page")
    assert await said(site) == []


async def test_where_it_cannot_be_kept_nobody_is_told_that_it_was(tmp_path: Path, database: str) -> None:
    async with open_site(tmp_path, database) as site:
        await cut_off(database)
        answer = await site.client.post(link(), data=FORM)
    assert answer.status_code == 503
    assert "Retry-After" in answer.headers
