from dataclasses import replace

import pytest
from hypothesis import given, settings

from tests.project.tables.test_round_trip import told
from xconnector.domain.decision.table import DecisionTable
from xconnector.project.tables.stored import KeptTableError, content_of, read_kept, read_kept_text
from xconnector.store.tables import TableContent


def is_readable(made: DecisionTable) -> bool:
    """Say whether a file could say such a table at all."""
    return bool(made.rows) and (made.hit != "priority" or bool(made.outputs[0].values))


@settings(deadline=None, max_examples=60)
@given(made=told())
def test_a_kept_table_is_the_table_that_was_kept(made: DecisionTable) -> None:
    if is_readable(made):
        kept = content_of(made)

        assert kept.sha256 == made.sha256
        assert read_kept(kept) == made
        assert read_kept_text(kept).file == f"{made.name}@{made.sha256[:12]}"


@settings(deadline=None, max_examples=20)
@given(made=told(), other=told())
def test_a_text_under_another_digest_is_refused(made: DecisionTable, other: DecisionTable) -> None:
    if is_readable(made) and made.sha256 != other.sha256:
        with pytest.raises(KeptTableError, match=f"{made.name}@{other.sha256[:12]}.*restore it"):
            read_kept(replace(content_of(made), sha256=other.sha256))


@pytest.mark.parametrize("content", ["", "{", "[]", '{"table": "routing"}', "\0"])
def test_what_is_no_table_any_more_is_refused(content: str) -> None:
    with pytest.raises(KeptTableError):
        read_kept(TableContent(sha256="a" * 64, name="routing", content=content))
