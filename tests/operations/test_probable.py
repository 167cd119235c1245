import subprocess
import sys
from datetime import UTC, datetime
from random import Random

import pytest

from tests.domain.matching.people import people
from xconnector.domain.customer import CustomerRecord
from xconnector.domain.golden import MOST_RECENT
from xconnector.operations.probable import ProbableWork, propose_probable
from xconnector.operations.stewarding import Decision, reject, waiting_matches
from xconnector.postgres.connect import Pool, transaction
from xconnector.store import customer_links, customers

NOW = datetime(2026, 11, 23, 8, tzinfo=UTC)
WORK = ProbableWork(survivorship=MOST_RECENT, at=NOW, at_least=0.9, most=40)


@pytest.mark.asyncio(loop_scope="session")
async def test_the_most_probable_wait_with_their_weights_and_nobody_is_linked(pool: Pool) -> None:
    pytest.importorskip("splink")
    told = list(people(400, Random(4711)))
    records = [
        CustomerRecord(customer_key=f"M{number:04}", source="crm", as_of=NOW, fields=said)
        for number, (_, said) in enumerate(told)
    ]
    async with transaction(pool) as connection:
        await customers.remember(connection, records, NOW)
    new = await propose_probable(pool, WORK)
    found = await waiting_matches(pool, limit=100)
    await reject(pool, Decision(match_id=found[0].match_id, by="ann"))
    again = await propose_probable(pool, WORK)
    async with transaction(pool) as connection:
        customer_of = await customer_links.customers_of(connection, [one.customer_key for one in records])

    person = {record.customer_key: owner for record, (owner, _) in zip(records, told, strict=True)}
    right = sum(person[one.first_key] == person[one.second_key] for one in found)
    assert (new, len(found)) == (40, 40)
    assert customer_of == {one.customer_key: one.customer_key for one in records}
    assert right >= 0.9 * len(found)
    assert all((one.probability or 0) >= 0.9 and one.weights for one in found)
    pairs = [(one.first_key, one.second_key) for one in await waiting_matches(pool, limit=200)]
    assert again == len(pairs) - 39
    assert (found[0].first_key, found[0].second_key) not in pairs


@pytest.mark.asyncio(loop_scope="session")
async def test_of_a_handful_nothing_can_be_learnt_and_nothing_is_proposed(pool: Pool) -> None:
    pytest.importorskip("splink")

    assert await propose_probable(pool, WORK) == 0


def test_without_the_extra_it_is_told_what_to_install() -> None:
    script = (
        "import sys; sys.modules['splink'] = None\n"
        "from xconnector.operations.probable import _prove_installed\n"
        "_prove_installed()"
    )
    ended = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)

    assert "pip install xconnector[matching]" in ended.stderr
