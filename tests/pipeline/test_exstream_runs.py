from pathlib import Path

import pytest

from tests.office import open_office, write_office_project
from tests.pipeline.exstream_office import composed_by_engine, write_design
from xconnector.domain.communication import State
from xconnector.operations.reconciling import reconcile_run
from xconnector.sandbox.exstream.engine_installation import install_engine
from xconnector.testing.small_project import row

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_one_engine_composes_run_after_run(tmp_path: Path, database: str) -> None:
    designs = write_office_project(tmp_path / "designs")
    write_design(designs)
    engine = install_engine(tmp_path / "engine", designs)
    project = write_office_project(tmp_path / "project", composed_by_engine(engine))
    write_design(project)

    async with open_office(project, database) as opened:
        runs = [
            await opened.run([row(f"{run}{number}") for number in range(3)], name=f"run{run}.csv") for run in range(2)
        ]
        account = await opened.work()
        submissions = [(await reconcile_run(opened.place.pool, run.name)).submissions for run in runs]

    assert account.states == {State.COMPLETED: 6}
    assert account.closes
    assert [[(one.state, one.composed) for one in of_run] for of_run in submissions] == [[("ended", 3)]] * 2
