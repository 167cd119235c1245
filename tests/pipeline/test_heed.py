from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from tests.office import Office, notice
from tests.pipeline.conftest import OpenOffice
from tests.pipeline.scripted_channel import Answer, ScriptedChannel, told
from xconnector.contract.channel import Dispatch, Receipt
from xconnector.domain.communication import State
from xconnector.domain.consent import ConsentStatus, consent_state
from xconnector.domain.customer import CustomerRecord
from xconnector.domain.delivery import DeliveryEventType as Type
from xconnector.domain.delivery import DeliveryReason
from xconnector.domain.golden import MOST_RECENT
from xconnector.domain.routing.plan import Medium
from xconnector.domain.suppression import SuppressionReason, address_of, suppression_of
from xconnector.operations.same_customer import Word, merge, unmerge
from xconnector.pipeline.track import keep_reports
from xconnector.postgres.connect import transaction
from xconnector.store import consents, customers, dispatches, suppressions

pytestmark = pytest.mark.asyncio(loop_scope="session")
NOW = datetime(2030, 1, 1, tzinfo=UTC)


def _awaiting(dispatch: Dispatch) -> Answer:
    return Receipt(reference=f"ref-{dispatch.dispatch_key}", awaits_report=True)


async def _suppressed(opened: Office, customer: str, medium: Medium) -> SuppressionReason | None:
    """Return why the customer's present address is not to be used."""
    async with transaction(opened.place.pool) as connection:
        entries = (await suppressions.of_customers(connection, [customer])).get(customer, [])
        fields = (await customers.golden_records(connection, [customer], MOST_RECENT, at=NOW))[customer].fields
    found = suppression_of(entries, medium=medium, address=address_of(fields, medium), at=NOW)
    return found.reason if found else None


async def _consent(opened: Office, customer: str, *, promotional: bool) -> ConsentStatus:
    async with transaction(opened.place.pool) as connection:
        said = (await consents.of_customers(connection, [customer])).get(customer, [])
    return consent_state(said, medium=Medium.EMAIL, category="contract", promotional=promotional, at=NOW).status


async def test_a_mailbox_that_does_not_exist_is_suppressed_and_the_customers_next_one_is_not(
    office: OpenOffice,
) -> None:
    async with office() as opened:
        await opened.send(notice("1", email="bounce-1@x.test"))
        await opened.work_until(("1", State.COMPLETED))

        async def is_printed() -> bool:
            return len(opened.printed()) == 1 and await opened.is_through()

        async with opened.at_work():
            await opened.until(is_printed)
        before = await _suppressed(opened, "K-1", Medium.EMAIL)
        await opened.send(notice("2", customer="K-1", email="better@x.test"))
        await opened.work()
        after = await _suppressed(opened, "K-1", Medium.EMAIL)
        print_ = await _suppressed(opened, "K-1", Medium.PRINT)

    assert (before, after, print_) == (SuppressionReason.ADDRESS, None, None)


async def _mailed(opened: Office, channel: ScriptedChannel) -> str:
    await opened.send(notice("1", email="a@x.test"))
    await opened.work_until(("1", State.DISPATCHED))
    (key,) = channel.keys
    return key


async def test_who_unsubscribes_has_withdrawn_from_advertising_alone(office: OpenOffice) -> None:
    channel = ScriptedChannel(answer=_awaiting)
    async with office(instead={"email": channel}) as opened:
        key = await _mailed(opened, channel)
        await keep_reports(opened.place, [told(key, Type.UNSUBSCRIBED)])
        await keep_reports(opened.place, [told(key, Type.UNSUBSCRIBED)])
        async with transaction(opened.place.pool) as connection:
            (word,) = (await consents.of_customers(connection, ["K-1"]))["K-1"]
        advertising = await _consent(opened, "K-1", promotional=True)
        bills = await _consent(opened, "K-1", promotional=False)

    assert (advertising, bills) == (ConsentStatus.WITHDRAWN, ConsentStatus.NEVER)
    assert (word.source, word.evidence) == ("email", f"dispatch {key}")


async def test_who_complains_gets_no_more_mail_whatever_the_address(office: OpenOffice) -> None:
    channel = ScriptedChannel(answer=_awaiting)
    async with office(instead={"email": channel}) as opened:
        key = await _mailed(opened, channel)
        await keep_reports(opened.place, [told(key, Type.COMPLAINED)])
        await opened.send(notice("2", customer="K-1", email="other@x.test"))
        await opened.work_until(("2", State.DISPATCHED))
        found = await _suppressed(opened, "K-1", Medium.EMAIL)

    assert found is SuppressionReason.COMPLAINED


@pytest.mark.parametrize("kind", [Type.COMPLAINED, Type.UNSUBSCRIBED])
async def test_a_no_that_comes_after_they_were_parted_counts_for_all_who_were_one_when_the_piece_was_sent(
    office: OpenOffice, kind: Type
) -> None:
    channel = ScriptedChannel(answer=_awaiting)
    async with office(instead={"email": channel}) as opened:
        pool = opened.place.pool
        async with transaction(pool) as connection:
            records = [
                CustomerRecord(
                    customer_key=key, source="crm", as_of=NOW - timedelta(days=9000), fields={"city": "Bonn"}
                )
                for key in ("K-1", "K-2", "K-3")
            ]
            await customers.remember(connection, records, opened.place.now())
        await merge(pool, Word(one="K-1", other="K-2", by="ann", reason="same"))
        key = await _mailed(opened, channel)
        await unmerge(pool, "K-2", by="ann", reason="father and son")
        await merge(pool, Word(one="K-1", other="K-3", by="ann", reason="same"))
        await keep_reports(opened.place, [told(key, kind)])
        await unmerge(pool, "K-3", by="ann", reason="came later, but before the no")
        async with transaction(pool) as connection:
            said = await consents.of_members(connection, ["K-1", "K-2", "K-3"])
            listed = await suppressions.of_members(connection, ["K-1", "K-2", "K-3"])

    heard = said if kind is Type.UNSUBSCRIBED else listed
    assert {one: len(words) for one, words in heard.items()} == {"K-1": 1, "K-2": 1, "K-3": 1}


async def test_a_no_to_what_was_sent_before_they_were_one_is_nobody_elses(office: OpenOffice) -> None:
    channel = ScriptedChannel(answer=_awaiting)
    async with office(instead={"email": channel}) as opened:
        pool = opened.place.pool
        key = await _mailed(opened, channel)
        async with transaction(pool) as connection:
            said = CustomerRecord(
                customer_key="K-2", source="crm", as_of=NOW - timedelta(days=9000), fields={"city": "Bonn"}
            )
            await customers.remember(connection, [said], opened.place.now())
        await merge(pool, Word(one="K-1", other="K-2", by="ann", reason="same"))
        await unmerge(pool, "K-2", by="ann", reason="father and son")
        await keep_reports(opened.place, [told(key, Type.COMPLAINED)])
        async with transaction(pool) as connection:
            listed = await suppressions.of_members(connection, ["K-1", "K-2"])

    assert {*listed} == {"K-1"}


@pytest.mark.parametrize(
    "type_, reason, final, suppressed",
    [
        (Type.BOUNCED, DeliveryReason.ADDRESS, True, SuppressionReason.ADDRESS),
        (Type.REJECTED, DeliveryReason.UNSUBSCRIBED, True, SuppressionReason.OPTED_OUT),
        (Type.BOUNCED, DeliveryReason.ADDRESS, False, None),
        (Type.BOUNCED, DeliveryReason.MAILBOX_FULL, True, None),
        (Type.REJECTED, DeliveryReason.CONTENT, True, None),
        (Type.DELIVERED, None, True, None),
    ],
)
async def test_only_what_speaks_of_the_address_for_good_suppresses_it(
    office: OpenOffice, type_: Type, reason: DeliveryReason | None, *, final: bool, suppressed: SuppressionReason | None
) -> None:
    channel = ScriptedChannel(answer=_awaiting)
    async with office(instead={"email": channel}) as opened:
        key = await _mailed(opened, channel)
        await keep_reports(opened.place, [replace(told(key, type_), reason=reason, final=final)])
        found = await _suppressed(opened, "K-1", Medium.EMAIL)

    assert found is suppressed


@pytest.mark.parametrize("street, suppressed", [("Hauptstr. 1", SuppressionReason.RETURNED_MAIL), ("Am Ring 2", None)])
async def test_a_letter_that_comes_back_suppresses_the_address_unless_the_customer_has_moved(
    office: OpenOffice, street: str, suppressed: SuppressionReason | None
) -> None:
    async with office() as opened:
        await opened.send(notice("1"))
        await opened.work()
        (key,) = opened.printed()
        await opened.send(notice("2", customer="K-1", street=street))
        await opened.work()
        await keep_reports(opened.place, [told(key, Type.BOUNCED)])
        found = await _suppressed(opened, "K-1", Medium.PRINT)
        async with transaction(opened.place.pool) as connection:
            (addressee,) = await dispatches.addressees(connection, [key])

    assert found is suppressed
    assert addressee.customer_key == "K-1"
