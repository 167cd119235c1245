from collections.abc import Sequence
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest

from tests.office import notice, write_office_project
from tests.pipeline.checked_office import (
    BY_MAIL_ONLY,
    MUST_SEND,
    WITHDRAWAL,
    approve,
    bring_to_review,
    withdraw,
    write_checks,
)
from tests.pipeline.conftest import OpenOffice
from xconnector.domain.routing.plan import DeliveryPlan, Hop, Suppression
from xconnector.operations.decision_accounts import DecisionAccount, DecisionHistory
from xconnector.operations.explaining import explain_decision

pytestmark = pytest.mark.asyncio(loop_scope="session")
CONSENT = """# Consent

| row | when medium | when consent | then send | then reason | cite   |
|-----|-------------|--------------|-----------|-------------|--------|
| C1  | not email   | -            | yes       | -           |        |
| C2  | -           | given        | yes       | -           |        |
| C3  | -           | -            | no        | no consent  | Rule 9 |
"""


def asking_for_consent(folder: Path) -> None:
    write_office_project(folder, {"xconnector.yaml": [("people:", "checks: {consent: consent}\npeople:")]})
    (folder / "tables/consent.md").write_text(CONSENT, encoding="utf-8")


async def decided(office: OpenOffice, **fields: object) -> DecisionHistory:
    async with office() as opened:
        await opened.send(notice("1", **fields))
        await opened.work()
        return (await opened.explain("1")).decided


async def test_a_route_that_stands_as_it_is_proposed_is_told_with_its_row(office: OpenOffice) -> None:
    told = await decided(office, email="a@x.test")

    assert told.why == "It goes by e-mail because row R3 of routing says so (Rule 3)."
    assert [account.outcome for account in told.accounts] == [
        DeliveryPlan(hops=(Hop(connection="email"), Hop(connection="print")))
    ]


async def test_the_rows_that_came_closest_are_told_with_what_kept_them_from_answering(office: OpenOffice) -> None:
    told = await decided(office, email="a@x.test")
    (step,) = told.accounts[0].steps

    assert step.line == "1. preference: email, print (row R3 of routing, Rule 3)"
    assert "row R1 does not fit: customer.preference is none, it takes nothing" in step.others


async def test_a_medium_that_was_taken_away_is_told_with_row_and_law(office: OpenOffice, tmp_path: Path) -> None:
    asking_for_consent(tmp_path)
    told = await decided(office, email="a@x.test")

    assert told.why == (
        "It goes to print because e-mail was taken away: no consent (row C3 of consent, Rule 9); "
        "print is next in row R3 of routing."
    )
    assert [step.line for step in told.accounts[0].steps] == [
        "1. consent, e-mail: taken away: no consent (row C3 of consent, Rule 9)",
        "2. consent, print: may be used (row C1 of consent)",
        "3. preference: email, print (row R3 of routing, Rule 3)",
    ]


async def test_a_refusal_is_told_as_the_cause_of_the_next_hop(office: OpenOffice) -> None:
    told = await decided(office, email="refuse-1@x.test")

    assert told.why is not None
    assert told.why.startswith("It goes to print because email did not reach the customer (")
    assert told.why.endswith("; print is next in row R3 of routing.")


async def test_what_was_not_sent_is_told_with_its_reason(office: OpenOffice) -> None:
    told = await decided(office, preference="nothing")

    assert told.why == "It was not sent because row R1 of routing suppresses it: opt-out (Rule 1)."
    assert [account.outcome for account in told.accounts] == [Suppression(reason="opt-out")]


async def withdrawn_before_it_left(office: OpenOffice) -> DecisionHistory:
    """What is told of a notice whose customer said no to e-mail while it was reviewed."""
    async with office() as opened:
        await bring_to_review(opened)
        await withdraw(opened)
        await approve(opened)
        await opened.work()
        return (await opened.explain("1")).decided


async def test_a_consent_withdrawn_since_is_told_as_decided_right_before_the_hand_over(
    office: OpenOffice, tmp_path: Path
) -> None:
    write_checks(tmp_path, checks="{withdrawal: withdrawal}", withdrawal=WITHDRAWAL)
    told = await withdrawn_before_it_left(office)

    assert told.why == (
        "It goes to print because e-mail was taken away: the customer withdrew a consent "
        "(row W1 of withdrawal, Art. 7 (3) GDPR); print is next in row R3 of routing."
    )
    first, again = told.accounts
    assert first.steps[0].line == "1. withdrawal, e-mail: may be used (row W2 of withdrawal, house rule)"
    assert first.outcome == DeliveryPlan(hops=(Hop(connection="email"), Hop(connection="print")))
    assert again.outcome == DeliveryPlan(hops=(Hop(connection="print"),))


async def test_what_was_suppressed_right_before_the_hand_over_is_told_with_its_reason(
    office: OpenOffice, tmp_path: Path
) -> None:
    write_checks(tmp_path, checks="{withdrawal: withdrawal}", route=BY_MAIL_ONLY, withdrawal=WITHDRAWAL)

    assert (await withdrawn_before_it_left(office)).why == (
        "It was not sent because e-mail was taken away: the customer withdrew a consent "
        "(row W1 of withdrawal, Art. 7 (3) GDPR)."
    )


async def test_what_must_be_sent_is_told_with_the_law_that_wants_it(office: OpenOffice, tmp_path: Path) -> None:
    checks = "{must_send: must_send, withdrawal: withdrawal, default: print}"
    write_checks(tmp_path, checks=checks, route=BY_MAIL_ONLY, withdrawal=WITHDRAWAL, must_send=MUST_SEND)
    told = await withdrawn_before_it_left(office)

    assert told.why == (
        "It goes to print because e-mail was taken away: the customer withdrew a consent "
        "(row W1 of withdrawal, Art. 7 (3) GDPR); "
        "it must be sent (row M1 of must_send, § 1), and print takes what is left."
    )
    assert [account.is_mandatory for account in told.accounts] == [True, True]
    assert [account.leave_within for account in told.accounts] == [5, 5]
    assert told.accounts[-1].steps[-1].line == (
        "5. default, print: it must be sent: print stands last (row M1 of must_send, § 1)"
    )


async def test_it_is_told_when_what_the_tables_saw_was_erased(office: OpenOffice) -> None:
    async with office() as opened:
        await opened.send(notice("1", email="a@x.test"))
        await opened.work()
        before = (await opened.explain("1")).decided
        async with await psycopg.AsyncConnection.connect(opened.database) as connection:
            await connection.execute("UPDATE decision SET facts = NULL")
        after = (await opened.explain("1")).decided

    assert after.why == before.why is not None
    assert before.accounts[0].facts is not None
    assert after.accounts[0].facts is None
    assert [step.others for step in after.accounts[0].steps] == [[]]


async def test_a_table_that_is_not_kept_as_it_was_is_told_and_nothing_is_made_up(office: OpenOffice) -> None:
    async with office() as opened:
        await opened.send(notice("1", email="a@x.test"))
        await opened.work()
        async with await psycopg.AsyncConnection.connect(opened.database) as connection:
            # Past the trigger that keeps kept tables as they are.
            await connection.execute("SET session_replication_role = replica")
            await connection.execute("UPDATE decision_table SET content = replace(content, 'R3', 'R7')")
        told = (await opened.explain("1")).decided

    assert told.why is None
    assert "restore them from a backup" in str(told.accounts[0].trouble)
    assert told.accounts[0].steps == ()


@pytest.mark.parametrize(
    "change",
    [
        "rows = replace(rows::text, 'R3', 'R1')::json",
        "outcome = replace(outcome::text, 'email', 'print')::json",
        "day = day - 1",
        "customer_key = 'K-2'",
        "facts = NULL, facts_sha256 = 'f'",
    ],
)
async def test_a_kept_decision_that_was_changed_past_us_is_not_told_as_if_it_had_been_so(
    office: OpenOffice, change: str
) -> None:
    (account,), why = await changed_past_us(office, change)

    assert why is None
    assert account.steps == ()
    assert "it is not what the ledger tells was kept" in str(account.trouble)


async def test_facts_that_were_changed_past_us_are_not_shown(office: OpenOffice) -> None:
    (account,), why = await changed_past_us(office, "facts = replace(facts::text, 'a@x', 'b@x')::json")

    assert why == "It goes by e-mail because row R3 of routing says so (Rule 3)."
    assert account.facts is None
    assert [step.others for step in account.steps] == [[]]
    assert "what the tables saw is not what was kept" in str(account.trouble)


async def changed_past_us(office: OpenOffice, change: str) -> tuple[Sequence[DecisionAccount], str | None]:
    """What is told of a letter whose decision somebody rewrote who may switch triggers off."""
    async with office() as opened:
        await opened.send(notice("1", email="a@x.test"))
        await opened.work()
        async with await psycopg.AsyncConnection.connect(opened.database) as connection:
            await connection.execute("SET session_replication_role = replica")
            await connection.execute(b"UPDATE decision SET " + change.encode())
        told = (await opened.explain("1")).decided
    return told.accounts, told.why


async def test_yesterdays_letter_is_told_by_yesterdays_table(office: OpenOffice, tmp_path: Path) -> None:
    async with office() as opened:
        await opened.send(notice("1", email="a@x.test"))
        await opened.work()
    table = tmp_path / "tables/routing.md"
    table.write_text(table.read_text(encoding="utf-8").replace("Rule 3", "Rule 33"), encoding="utf-8")
    async with office() as opened:
        await opened.send(notice("2", email="b@x.test"))
        await opened.work()
        told = [(await opened.explain(key)).decided.why for key in ("1", "2")]

    assert told == [f"It goes by e-mail because row R3 of routing says so ({rule})." for rule in ("Rule 3", "Rule 33")]


async def test_a_decision_is_found_by_the_id_of_its_communication_alone(office: OpenOffice) -> None:
    async with office() as opened:
        await opened.send(notice("1", email="a@x.test"))
        await opened.work()
        found = (await opened.explain("1")).found
        told = await explain_decision(opened.place.pool, found.communication_id)
        unknown = await explain_decision(opened.place.pool, uuid4())

    assert told is not None
    assert told.why == "It goes by e-mail because row R3 of routing says so (Rule 3)."
    assert unknown is None
