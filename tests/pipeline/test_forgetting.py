"""What is over is forgotten to the last of it, however much there is."""

from dataclasses import replace
from datetime import timedelta

import psycopg
import pytest

from tests.pipeline.conftest import OpenOffice
from tests.pipeline.scripted_channel import told
from xconnector.domain.delivery import DeliveryEventType
from xconnector.pipeline.forgetting import forget_bodies, forget_what_is_over
from xconnector.pipeline.track import keep_news
from xconnector.postgres.connect import transaction
from xconnector.store import dispatches, news, report_requests
from xconnector.store.dispatches import Told
from xconnector.store.report_requests import RawRequest

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_bodies_go_after_their_time_and_their_digests_and_events_stay(office: OpenOffice) -> None:
    changes = {"xconnector.yaml": [("record_classes:", "feedback: {keep_requests: 30d}\nrecord_classes:")]}
    async with office(changes) as opened:
        now, pool = opened.place.now(), opened.place.pool
        old, young = (RawRequest(connection="email", body=body) for body in (b"old", b"young"))
        async with transaction(pool) as connection:
            ids = await report_requests.keep(connection, [old], now - timedelta(days=31))
            await report_requests.keep(connection, [young], now - timedelta(days=29))
            request_id = ids["email", old.sha256]
            event = Told(event=told("of-nobody", DeliveryEventType.DELIVERED), request_id=request_id, mark=b"1")
            await dispatches.remember_events(connection, [event], now)
        await forget_bodies(opened.place)
        async with transaction(pool) as connection:
            known = await report_requests.kept_before(connection, [old, young])
            rows = await (await connection.execute("SELECT body FROM report_request ORDER BY arrived_at")).fetchall()
            events = await (await connection.execute("SELECT request_id FROM delivery_event")).fetchall()
        with pytest.raises(psycopg.errors.RaiseException):
            async with transaction(pool) as connection:
                await connection.execute("UPDATE report_request SET body = 'other'")
        with pytest.raises(psycopg.errors.RaiseException):
            async with transaction(pool) as connection:
                await connection.execute("UPDATE report_request SET body = NULL, connection = 'sms'")

    assert rows == [(None,), (b"young",)]
    assert (len(known), events) == (2, [(request_id,)])


async def test_more_than_one_portion_is_forgotten_in_one_go(office: OpenOffice) -> None:
    async with office() as opened:
        async with transaction(opened.place.pool) as connection:
            await connection.execute("INSERT INTO held_key SELECT gen_random_uuid() FROM generate_series(1, 10001)")
        await forget_what_is_over(opened.place)
        async with transaction(opened.place.pool) as connection:
            left = await (await connection.execute("SELECT count(*) FROM held_key")).fetchall()

    assert left == [(0,)]


async def test_news_of_nobody_is_counted_under_its_channel(office: OpenOffice) -> None:
    event = told("?700123", DeliveryEventType.IN_TRANSIT)
    async with office() as opened:
        await keep_news(opened.place, "print", [event, replace(event, dispatch_key="?700124")])
        async with transaction(opened.place.pool) as connection:
            (found,) = await news.of_nobody(connection)

    assert (found.connection, found.number) == ("print", 2)
