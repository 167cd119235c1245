from datetime import timedelta
from pathlib import Path

from tests.entrypoints.web.site import Site, cut_off, open_site
from xconnector.entrypoints.web.limits import WebLimits
from xconnector.postgres.connect import transaction


async def test_a_web_with_its_database_is_alive_and_ready(site: Site) -> None:
    assert (await site.client.get("/healthz")).json() == {"status": "ok"}
    assert (await site.client.get("/readyz")).json() == {"status": "ok"}


async def test_without_its_database_it_is_alive_and_not_ready(tmp_path: Path, database: str) -> None:
    limits = WebLimits(database_patience=timedelta(seconds=1))
    async with open_site(tmp_path, database, limits=limits) as site:
        await cut_off(database)
        assert (await site.client.get("/healthz")).status_code == 200
        assert (await site.client.get("/readyz")).status_code == 503


async def test_with_a_migration_missing_it_is_not_ready(site: Site) -> None:
    async with transaction(site.place.pool) as connection:
        await connection.execute("DELETE FROM schema_migration WHERE component = 'store'")
    answer = await site.client.get("/readyz")
    assert answer.status_code == 503
    assert "migrations are missing" in answer.json()["detail"]
