"""The same order gives the same bytes, whichever process composes it and whatever chance Python takes."""

import asyncio
import subprocess
import sys
from pathlib import Path

import pytest

from tests.connectors.embedded.project import composer_of, write_sample_template
from xconnector.contract.errors import ConnectorError
from xconnector.testing.conformance.composer import composed
from xconnector.testing.orders import sample_order

pytestmark = pytest.mark.slow

HOST = """
import asyncio, sys
from pathlib import Path
from tests.connectors.embedded.project import composer_of
from xconnector.testing.conformance.composer import composed
from xconnector.testing.orders import sample_order

async def main():
    async with composer_of(Path(sys.argv[1]), processes=1) as composer:
        (result,) = await composer.compose([sample_order(template="policy")])
    print(composed(result).engine)
    for made in composed(result).renditions:
        print(made.kind, made.sha256)

asyncio.run(main())
"""


def composed_with(seed: str, project: Path, time_zone: str) -> str:
    return subprocess.run(
        [sys.executable, "-c", HOST, str(project)],
        env={"PYTHONHASHSEED": seed, "TZ": time_zone, "PATH": "/usr/bin:/bin"},
        cwd=Path(__file__).parents[3],
        check=True,
        capture_output=True,
        text=True,
    ).stdout


def test_neither_hash_seed_nor_time_zone_shows_in_the_bytes(tmp_path: Path) -> None:
    write_sample_template(tmp_path, "policy")

    one = composed_with("1", tmp_path, "Pacific/Auckland")
    other = composed_with("2", tmp_path, "America/Los_Angeles")

    assert one == other
    assert one.count("\n") == 4


async def test_every_process_makes_the_same_bytes(tmp_path: Path) -> None:
    write_sample_template(tmp_path, "policy")
    order = sample_order(template="policy")
    async with composer_of(tmp_path, processes=4) as composer:
        results = await composer.compose([order] * 40)

    assert len({composed(result).renditions for result in results}) == 1


async def test_documents_before_leave_no_trace(tmp_path: Path) -> None:
    write_sample_template(tmp_path, "policy")
    order = sample_order(1, template="policy")
    async with composer_of(tmp_path, processes=1) as fresh:
        (expected,) = await fresh.compose([order])
    async with composer_of(tmp_path, processes=1) as used:
        others = [sample_order(number, template="policy") for number in range(2, 40)]
        assert not [result for result in await used.compose(others) if isinstance(result, ConnectorError)]
        (again,) = await used.compose([order])

    assert composed(again) == composed(expected)


async def test_other_templates_leave_no_trace(tmp_path: Path) -> None:
    """More templates than compilers are kept: each is compiled anew when its turn comes."""
    names = [f"policy_{number}" for number in range(5)]
    for name in names:
        write_sample_template(tmp_path, name)
    orders = [sample_order(1, template=name) for name in names]
    async with composer_of(tmp_path, processes=1, compilers=2) as composer:
        first = await composer.compose(orders)
        rounds = await asyncio.gather(*(composer.compose(orders) for _ in range(3)))

    assert all(list(results) == list(first) for results in rounds)
    assert len({composed(result).renditions for result in first}) == 1
