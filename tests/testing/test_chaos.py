from pathlib import Path

import pytest

from xconnector.testing.chaos import ChaosPlan, unleash

RECORDS = 2_000
KILLS = 5


@pytest.mark.slow
@pytest.mark.timeout(400)
def test_workers_killed_at_random_moments_break_no_promise(tmp_path: Path, database: str) -> None:
    found = unleash(tmp_path, database, ChaosPlan(records=RECORDS, kills=KILLS, seed=7, patience=300))

    assert found.holds, found
    assert found.kills == KILLS
    assert found.account.account.reconciliation.came_in == RECORDS
    assert found.arrived + found.outcome_unknown >= RECORDS
