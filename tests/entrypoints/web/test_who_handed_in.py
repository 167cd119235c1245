"""With whose key an event came, and for whom that key may speak."""

from pathlib import Path

from tests.entrypoints.web.site import Site, open_site
from tests.entrypoints.web.test_events import BATCH, event, rows, send
from xconnector.domain.keys import Purpose
from xconnector.operations.keys import make_key


async def test_the_ledger_tells_with_whose_key_an_event_came(site: Site) -> None:
    await send(site, [event("1"), event("2")], media_type=BATCH)
    other = await make_key(site.place.pool, "billing", Purpose.EVENTS)
    await send(site, event("3"), Authorization=f"Bearer {other}")
    await send(site, event("1"), Authorization=f"Bearer {other}")

    told = await rows(
        site,
        b"SELECT source_key, fate, actor FROM ledger JOIN inbox USING (record_id) "
        b"WHERE event = 'received' ORDER BY record_id",
    )
    assert told == [
        ("1", "taken", "test-events"), ("2", "taken", "test-events"), ("3", "taken", "billing"),
        ("1", "repeated", "billing"),
    ]  # fmt: skip


async def test_a_key_speaks_for_the_sources_that_it_is_told_and_nobody_else_does(tmp_path: Path, database: str) -> None:
    speakers = 'speakers:\n  test-events: {sources: ["/policies/*"]}\n'
    async with open_site(tmp_path, database, speakers=speakers) as site:
        other = await make_key(site.place.pool, "other", Purpose.EVENTS)

        async def answered(number: str, source: str, **headers: str) -> int:
            events = [event(number), event(number) | {"id": f"{number}b", "source": source}]
            events[0]["source"] = "/policies/eu" if not headers else "/elsewhere"
            return (await send(site, events, media_type=BATCH, **headers)).status_code

        assert await answered("1", "/policies/us") == 202
        assert await answered("2", "/claims") == 403
        assert await answered("3", "/policies/us", Authorization=f"Bearer {other}") == 403
        assert await answered("4", "/claims", Authorization=f"Bearer {other}") == 202
        taken = await rows(site, b"SELECT source FROM inbox ORDER BY source")
        assert taken == [("/claims",), ("/elsewhere",), ("/policies/eu",), ("/policies/us",)]
