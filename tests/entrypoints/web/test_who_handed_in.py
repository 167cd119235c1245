from tests.entrypoints.web.site import Site
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
