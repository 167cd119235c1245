"""What tables say beside the order of channels arrives where it is needed."""

from pathlib import Path

import msgspec
import pytest

from tests.office import edit, notice
from tests.pipeline.checked_office import MUST_SEND, UNREVIEWED, write_checks
from tests.pipeline.conftest import OpenOffice
from xconnector.domain.communication import State
from xconnector.operations.reviews import waiting_reviews

pytestmark = pytest.mark.asyncio(loop_scope="session")

REVIEW = """\
| row | when data.amount | then review | cite       |
|-----|------------------|-------------|------------|
| V1  | > 100            | legal       | house rule |
| V2  | -                | none        | house rule |
"""
RETENTION = """\
| row | when data.amount | then class | cite       |
|-----|------------------|------------|------------|
| A1  | > 100            | long       | § 147 AO   |
| A2  | -                | notice     | § 257 HGB  |
"""
PRINT = """\
| row | when data.amount | then paper | then insert | cite       |
|-----|------------------|------------|-------------|------------|
| D1  | > 100            | heavy      | -           | house rule |
| D2  | -                | -          | leaflet     | house rule |
"""


async def test_the_post_and_the_print_house_are_told(tmp_path: Path, office: OpenOffice) -> None:
    write_checks(
        tmp_path, checks="{must_send: must_send, default: print}", route=UNREVIEWED, must_send=MUST_SEND, options=PRINT
    )
    edit(tmp_path, "communications/notice.yaml", "review: none", "review: none\nprint: {table: options}")
    async with office() as opened:
        await opened.send(notice("1"))
        await opened.work()
        (manifest,) = (tmp_path / "var" / "connections" / "print" / "sent").glob("*.jsonl")
        lines = [msgspec.json.decode(line) for line in manifest.read_bytes().splitlines()]

    (piece,) = (line for line in lines if line["kind"] == "piece")
    assert piece["proof_of_mailing"] == "certificate of mailing"
    assert piece["options"] == {"insert": "leaflet"}


async def test_a_table_says_who_reviews_and_how_long_it_is_kept(tmp_path: Path, office: OpenOffice) -> None:
    write_checks(tmp_path, checks="{}", route=UNREVIEWED, review=REVIEW, retention=RETENTION)
    edit(tmp_path, "communications/notice.yaml", "review: none", "review: {table: review}")
    edit(tmp_path, "communications/notice.yaml", "class: notice", "class: {table: retention}")
    edit(
        tmp_path, "xconnector.yaml", "record_classes: {", 'record_classes: {long: {years: 30, authority: "§ 147 AO"}, '
    )
    async with office() as opened:
        await opened.send(notice("1", amount="200.00"), notice("2"))
        account = await opened.work()
        reviews = await waiting_reviews(opened.place.pool, role=None, limit=10)
        kept = await opened.explain("2")

    assert account.states == {State.IN_REVIEW: 1, State.COMPLETED: 1}
    assert [review.role for review in reviews] == ["legal"]
    assert {record.record_class for record in kept.archived} == {"notice"}
