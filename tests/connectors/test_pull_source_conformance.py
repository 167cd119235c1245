"""Every source in the registry that is asked keeps the promises of the contract."""

from pathlib import Path

import pytest

from xconnector.testing.conformance import PullSourceConformance


class TestPullSources(PullSourceConformance):
    stand_ins = Path(__file__).parent

    @pytest.fixture
    def server(self, empty_database: str) -> str:
        return empty_database
