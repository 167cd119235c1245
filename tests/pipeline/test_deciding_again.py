from datetime import timedelta
from pathlib import Path

import msgspec
import pytest

from tests.office import Office, notice
from tests.pipeline.checked_office import (
    BY_MAIL_ONLY,
    MUST_SEND,
    SUPPRESSION,
    WITHDRAWAL,
    approve,
    bring_to_review,
    decisions_of,
    suppress_print,
    withdraw,
    write_checks,
)
from tests.pipeline.conftest import OpenOffice
from tests.pipeline.scripted_channel import ScriptedChannel
from xconnector.contract.errors import TransientError
from xconnector.domain.communication import State
from xconnector.operations.explaining import Explanation
from xconnector.postgres.connect import transaction
from xconnector.store.communications import Terms

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
    assert (rerouted.detail or {})["because"] == "the customer withdrew a consent (row W1 of withdrawal)"
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
    decision = (found.history[-1].detail or {})["decision"]
    assert decision["suppressed"] == "the customer withdrew a consent"
    assert (decision["table"], decision["row"]) == ("withdrawal", "W1")


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


async def test_a_medium_that_is_taken_away_is_not_taken_on_a_later_hop_either(
    tmp_path: Path, office: OpenOffice
) -> None:
    """It goes by e-mail as before; the letter that would follow a bounce is not written any more."""
    write_checks(tmp_path, checks="{suppression: suppression}", suppression=SUPPRESSION)
    async with office() as opened:
        await bring_to_review(opened, email="bounce-1@x.test")
        await suppress_print(opened)
        await approve(opened)

        async def is_failed() -> bool:
            return await opened.state_of("1") == State.FAILED

        async with opened.at_work():
            await opened.until(is_failed)
        found = await opened.explain("1")

    assert found.found.plan == ["email"]
    assert [handover.connection for handover in found.handovers] == ["email"]
    assert opened.printed() == []
    assert "decided again" in [entry.event for entry in found.history]


async def test_terms_that_are_decided_again_hold(tmp_path: Path, office: OpenOffice) -> None:
    """The law wants a proof of mailing for what is said to have changed of the customer."""
    changed = MUST_SEND.replace("| when category |", "| when customer.language |").replace("| M1  | -   ", "| M1  | en")
    others = "| M2  | - | no | any | none | none | house rule |\n"
    write_checks(tmp_path, checks="{must_send: must_send, default: print}", must_send=changed + others)
    async with office() as opened:
        await bring_to_review(opened, email="", amount="2000.00")
        await opened.send(notice("2", customer="K-1", language="en"))
        await opened.work_until(("2", State.COMPLETED))
        found = await _approved(opened)
        terms = (await _terms_of(opened))["1"]

    assert found.found.state == State.COMPLETED
    assert terms.is_mandatory
    assert terms.of_hop(0).proof == "certificate of mailing"
    assert terms.record_class == "notice"


async def test_what_was_never_composed_goes_by_letter_or_to_people(tmp_path: Path, office: OpenOffice) -> None:
    """The plan was e-mail alone; by now the customer wants paper, and the letter is always composed."""
    write_checks(tmp_path, checks="{}", route=BY_MAIL_ONLY)
    async with office() as opened:
        await bring_to_review(opened, preference="email")
        await opened.send(notice("2", customer="K-1", email="a@x.test", preference="print"))
        await opened.work_until(("2", State.COMPLETED))
        found = await _approved(opened)

    assert found.found.state == State.COMPLETED
    assert [handover.connection for handover in found.handovers] == ["print"]


async def test_a_letter_does_not_leave_for_an_address_that_is_not_the_customers_any_more(
    tmp_path: Path, office: OpenOffice
) -> None:
    write_checks(tmp_path, checks="{}")
    async with office() as opened:
        await bring_to_review(opened, email="", amount="2000.00")
        await opened.send(notice("2", customer="K-1", street="Neuer Weg 77"))
        await opened.work_until(("2", State.COMPLETED))
        found = await _approved(opened)

    assert found.found.state == State.FAILED
    assert len(opened.printed()) == 1
    assert "for another address" in found.failures[-1].reason
    assert found.decided.why is not None
    assert found.decided.why.startswith("It has stopped, and people have to look at it: no channel is left; print:")


async def test_where_the_mailbox_is_another_by_now_the_letter_goes(tmp_path: Path, office: OpenOffice) -> None:
    write_checks(tmp_path, checks="{}")
    async with office() as opened:
        await bring_to_review(opened)
        await opened.send(notice("2", customer="K-1", email="new@x.test", preference="print"))
        await opened.work_until(("2", State.COMPLETED))
        # Both are of one moment: what is heard last counts, so the third comes when the second was heard.
        await opened.send(notice("3", customer="K-1", email="new@x.test", preference="email"))
        await opened.work_until(("3", State.IN_REVIEW))
        found = await _approved(opened)

    assert opened.mails_to("a@x.test") == 0
    assert [handover.connection for handover in found.handovers] == ["print"]
    assert found.decided.why is not None
    assert "nothing was composed for email, or for another address" in found.decided.why


async def test_what_cannot_be_asked_any_more_does_not_leave(tmp_path: Path, office: OpenOffice) -> None:
    write_checks(tmp_path, checks="{}")
    async with office() as opened:
        await bring_to_review(opened)
        async with transaction(opened.place.pool) as connection:
            await connection.execute("UPDATE decision SET facts = NULL")
        found = await _approved(opened)

    assert found.found.state == State.FAILED
    assert found.handovers == []
    assert "not kept any more" in found.failures[-1].reason


async def test_the_same_outcome_by_other_rows_is_kept(tmp_path: Path, office: OpenOffice) -> None:
    """A letter is explained by the version that was in force when it left."""
    write_checks(tmp_path, checks="{}")
    async with office() as opened:
        await bring_to_review(opened)
        table = tmp_path / "tables" / "routing.md"
        table.write_text(table.read_text().replace("| R3 ", "| N3 "))
    async with office() as opened:
        found = await _approved(opened)
        decided = await decisions_of(opened)

    assert [handover.connection for handover in found.handovers] == ["email"]
    assert [row.rows["preference/routing"] for row in decided] == ["R3", "N3"]


async def test_what_was_put_off_and_goes_another_way_has_a_key_of_its_own(tmp_path: Path, office: OpenOffice) -> None:
    """A late report of the first channel is never taken for one of the second."""
    write_checks(tmp_path, checks="{withdrawal: withdrawal}", withdrawal=WITHDRAWAL)
    channel = ScriptedChannel(answer=lambda _: TransientError("it is down", retry_after=timedelta(seconds=1)))
    async with office(instead={"email": channel}) as opened:
        await bring_to_review(opened)
        await approve(opened)

        async def is_put_off() -> bool:
            return "put off" in await opened.story_of("1")

        async with opened.at_work():
            await opened.until(is_put_off)
        await withdraw(opened)
        await opened.work()
        found = await opened.explain("1")

    mailed, printed = found.handovers
    assert (mailed.connection, mailed.state) == ("email", "given_up")
    assert (printed.connection, printed.state) == ("print", "handed_over")
    assert mailed.dispatch_key != printed.dispatch_key
    assert found.found.state == State.COMPLETED


async def _terms_of(opened: Office) -> dict[str, Terms]:
    async with transaction(opened.place.pool) as connection:
        cursor = await connection.execute(
            "SELECT inbox.source_key, assembly.terms::text FROM assembly JOIN communication USING (communication_id) "
            "JOIN inbox USING (record_id)"
        )
        return {row[0]: msgspec.json.decode(row[1], type=Terms) for row in await cursor.fetchall()}
