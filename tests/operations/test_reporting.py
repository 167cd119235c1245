import asyncio

import pytest

from tests.pipeline.conftest import OpenOffice
from xconnector.domain.funnel import Funnel, FunnelStep
from xconnector.operations.reconciling import UnknownRunError
from xconnector.operations.reporting import funnel_of_run
from xconnector.testing.small_project import row

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_a_funnel_sums_up_to_what_its_run_ordered_at_every_moment(office: OpenOffice) -> None:
    emails = {0: "bounce-{}@x.test", 1: "refuse-{}@x.test", 2: "a{}@x.test"}
    rows = [
        row(
            str(number),
            email=emails.get(number % 5, "").format(number),
            preference="nothing" if number % 7 == 0 else "",
            amount="2000.00" if number % 11 == 0 else "700.00" if number % 13 == 0 else "12.50",
        )
        for number in range(28)
    ]
    seen: list[Funnel] = []
    async with office() as opened:
        run = await opened.run([*rows, row("3"), row("6", amount="1.00")], batch_size=10)

        async def look() -> None:
            while True:
                seen.append((await funnel_of_run(opened.place.pool, run.name)).funnel)
                await asyncio.sleep(0.01)

        looking = asyncio.create_task(look())
        async with opened.at_work():
            await opened.until(opened.is_through)
        looking.cancel()
        await asyncio.gather(looking, return_exceptions=True)
        last = (await funnel_of_run(opened.place.pool, run.name)).funnel

    assert {funnel.difference for funnel in seen} == {0}
    assert {funnel.ordered for funnel in seen} == {30}
    assert len({str(funnel.buckets) for funnel in seen}) > 3
    steps = {line.step: line for line in last.lines}
    assert steps[FunnelStep.ORDERED].reasons["repeated record"] == 1
    assert steps[FunnelStep.ORDERED].reasons["refused: same key, other content"] == 1
    assert any(reason.startswith("suppressed: ") for reason in steps[FunnelStep.ORDERED].reasons)
    assert steps[FunnelStep.HANDED_OVER].reached > 15


async def test_a_run_that_nobody_knows_is_told_with_where_to_look(office: OpenOffice) -> None:
    async with office() as opened:
        with pytest.raises(UnknownRunError, match="xconnector status"):
            await funnel_of_run(opened.place.pool, "no-such-run")
