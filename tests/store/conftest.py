"""A pool on a fresh, migrated database."""

from collections.abc import AsyncGenerator

import pytest_asyncio

from xconnector.postgres.connect import Pool, open_pool


@pytest_asyncio.fixture
async def pool(database: str) -> AsyncGenerator[Pool]:
    async with open_pool(database, name="store tests") as opened:
        yield opened
