from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from tests.entrypoints.web.site import Site, open_site


@pytest.fixture
async def site(tmp_path: Path, database: str) -> AsyncGenerator[Site]:
    async with open_site(tmp_path, database) as running:
        yield running
