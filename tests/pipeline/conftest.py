"""One composer for all tests of the main path: starting its processes anew for each would take most of the time."""

from collections.abc import AsyncGenerator
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Protocol

import pytest
import pytest_asyncio

from tests.office import AS_TEXT_MESSAGE, Changes, Office, open_office, write_office_project
from xconnector.connectors.embedded.composer import EmbeddedComposer
from xconnector.connectors.embedded.settings import EmbeddedSettings
from xconnector.contract.lifecycle import Connector
from xconnector.contract.manifest import Surroundings
from xconnector.execution.jobs import Retry


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def composer(tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[EmbeddedComposer]:
    """The embedded composer with the templates of the small project, and the notice as a text message."""
    folder = write_office_project(tmp_path_factory.mktemp("templates"), AS_TEXT_MESSAGE)
    settings = EmbeddedSettings(processes=1)
    async with EmbeddedComposer(settings, Surroundings(project_folder=folder, state_folder=folder / "var")) as opened:
        yield opened


class OpenOffice(Protocol):
    """Opens the office of a test."""

    def __call__(
        self,
        changes: Changes | None = None,
        *,
        own_composer: bool = False,
        instead: dict[str, Connector] | None = None,
        retry: Retry | None = None,
    ) -> AbstractAsyncContextManager[Office]: ...


@pytest.fixture
def office(tmp_path: Path, database: str, composer: EmbeddedComposer) -> OpenOffice:
    """Opens the small project on a fresh database; `instead` are connections that the test opened."""

    def opened(
        changes: Changes | None = None,
        *,
        own_composer: bool = False,
        instead: dict[str, Connector] | None = None,
        retry: Retry | None = None,
    ) -> AbstractAsyncContextManager[Office]:
        already_open: dict[str, Connector] = {} if own_composer else {"composer": composer}
        return open_office(
            tmp_path, database, changes=changes, already_open=already_open | (instead or {}), retry=retry
        )

    return opened
