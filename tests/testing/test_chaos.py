from pathlib import Path

import pytest

from xconnector.testing.chaos import ChaosPlan, unleash


@pytest.mark.slow
@pytest.mark.timeout(400)
def test_workers_killed_at_random_moments_break_no_promise(tmp_path: Path, database: str) -> None:
    found = unleash(tmp_path, database, ChaosPlan(records=1000, kills=4, seed=7, patience=300))

    assert found.holds, found
    assert found.kills == 4
    assert found.account.account.reconciliation.came_in == 1000
    assert found.arrived + found.outcome_unknown >= 1000
