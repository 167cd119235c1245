from pathlib import Path

import pytest

from tests.office import Office, notice
from tests.pipeline.checked_office import (
    BY_MAIL_ONLY,
    MUST_SEND,
    WITHDRAWAL,
    approve,
    bring_to_review,
    decisions_of,
    withdraw,
    write_checks,
)
from tests.pipeline.conftest import OpenOffice
from xconnector.domain.communication import State
from xconnector.operations.explaining import Explanation

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def _approved(opened: Office) -> Explanation:
    await approve(opened)
    account = await opened.work()
    assert account.closes
    return await opened.explain("1")


async def test_consent_withdrawn_since_takes_the_next_hop(tmp_path: Path, office: OpenOffice) -> None:
    write_checks(tmp_path, checks="{withdrawal: withdrawal}", withdrawal=WITHDRAWAL)
    async with office() as opened:
        await bring_to_review(opened)
        await withdraw(opened)
        found = await _approved(opened)
        decided = await decisions_of(opened)

    assert found.found.state == State.COMPLETED
    assert [handover.connection for handover in found.handovers] == ["print"]
    rerouted = next(entry for entry in found.history if entry.event == "rerouted")
    assert (rerouted.detail or {})["because"] == "the customer withdrew a consent"
    assert opened.mails_to("a@x.test") == 0
    assert [row.occasion for row in decided] == [0, 1]
    assert [row.rows["withdrawal/withdrawal/email"] for row in decided] == ["W2", "W1"]


async def test_what_must_not_leave_any_more_is_suppressed_with_the_reason(tmp_path: Path, office: OpenOffice) -> None:
    write_checks(tmp_path, checks="{withdrawal: withdrawal}", route=BY_MAIL_ONLY, withdrawal=WITHDRAWAL)
    async with office() as opened:
        await bring_to_review(opened)
        await withdraw(opened)
        found = await _approved(opened)

    assert found.found.state == State.SUPPRESSED
    assert found.handovers == []
    assert (found.history[-1].detail or {})["decision"]["suppressed"] == "the customer withdrew a consent"


async def test_what_must_be_sent_goes_the_way_that_is_left(tmp_path: Path, office: OpenOffice) -> None:
    write_checks(
        tmp_path,
        checks="{must_send: must_send, withdrawal: withdrawal, default: print}",
        route=BY_MAIL_ONLY,
        withdrawal=WITHDRAWAL,
        must_send=MUST_SEND,
    )
    async with office() as opened:
        await bring_to_review(opened)
        await withdraw(opened)
        found = await _approved(opened)

    assert found.found.state == State.COMPLETED
    assert [handover.connection for handover in found.handovers] == ["print"]


async def test_a_preference_that_changed_since_counts(tmp_path: Path, office: OpenOffice) -> None:
    write_checks(tmp_path, checks="{}")
    async with office() as opened:
        await bring_to_review(opened, preference="email")
        await opened.send(notice("2", customer="K-1", email="a@x.test", preference="print"))
        await opened.work_until(("2", State.COMPLETED))
        found = await _approved(opened)

    assert [handover.connection for handover in found.handovers] == ["print"]


async def test_where_nothing_is_new_the_decision_stands(tmp_path: Path, office: OpenOffice) -> None:
    write_checks(tmp_path, checks="{withdrawal: withdrawal}", withdrawal=WITHDRAWAL)
    async with office() as opened:
        await bring_to_review(opened)
        found = await _approved(opened)
        decided = await decisions_of(opened)

    assert [handover.connection for handover in found.handovers] == ["email"]
    assert [row.occasion for row in decided] == [0]


async def test_no_answer_before_a_hand_over_is_a_failure_and_no_hand_over(tmp_path: Path, office: OpenOffice) -> None:
    gap = WITHDRAWAL.replace("| W2  | -           | -            |", "| W2  | -           | not withdrawn |").replace(
        "| W1  | email       | withdrawn    |", "| W1  | print       | withdrawn    |"
    )
    write_checks(tmp_path, checks="{withdrawal: withdrawal}", withdrawal=f"---\ngaps: for the test\n---\n{gap}")
    async with office() as opened:
        await bring_to_review(opened)
        await withdraw(opened)
        found = await _approved(opened)

    assert found.found.state == State.FAILED
    assert found.handovers == []
    assert "no row of table withdrawal fits" in found.failures[-1].reason
