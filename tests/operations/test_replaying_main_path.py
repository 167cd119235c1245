from dataclasses import replace

import pytest

from tests.office import notice
from tests.pipeline.conftest import OpenOffice
from xconnector.domain.decision.cells import ANY
from xconnector.domain.decision.table import DecisionTable, Row
from xconnector.operations.replaying import Span, replay_recorded

pytestmark = pytest.mark.asyncio(loop_scope="session")


def all_to_print(table: DecisionTable) -> DecisionTable:
    then = {name: "print" if name == "route" else "-" for name in table.output_names}
    return replace(table, rows=(Row(id="X1", when=tuple(ANY for _ in table.inputs), then=then), *table.rows))


async def test_what_the_main_path_decided_is_replayed_with_what_it_was_decided_by(office: OpenOffice) -> None:
    async with office() as opened:
        await opened.send(*(notice(str(number), email=f"{number}@x.test") for number in range(3)))
        await opened.work()
        table = opened.place.project.tables["routing"]
        same = await replay_recorded(opened.place.pool, table, Span(), everything=True)
        changed = await replay_recorded(opened.place.pool, all_to_print(table), Span())

    assert (same.matrix.asked, same.matrix.changed) == (3, 0)
    assert same.consequences is not None
    assert (same.consequences.decided, same.consequences.other_ways) == (3, 0)
    assert changed.matrix.said_otherwise == 3
    assert changed.consequences is not None
    assert [(one.new, one.number) for one in changed.consequences.channels] == [("print", 3)]
