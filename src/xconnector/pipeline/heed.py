"""heed: what channels report of a customer's wishes and addresses counts before anything is sent again.

Only what restricts is heeded. A grant needs what proves it, which no channel reports: people and sources record it.
One word gives something back: a START by text message takes back the STOP that the same sender was told before. It is
no consent to advertising.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import TypeVar

from xconnector.domain.consent import ConsentAction, ConsentBasis, ConsentEvent, ConsentMethod, scope_of_unsubscribing
from xconnector.domain.customer import Customer
from xconnector.domain.delivery import DeliveryEvent, DeliveryEventType, DeliveryReason, is_undeliverable
from xconnector.domain.matching.links import together_at
from xconnector.domain.routing.plan import Medium
from xconnector.domain.suppression import SuppressionAction, SuppressionEvent, SuppressionReason, address_of
from xconnector.pipeline.dispatching import recipient_of
from xconnector.pipeline.workplace import Workplace
from xconnector.postgres.connect import Connection
from xconnector.project.presentation import window_of
from xconnector.store import consents, customer_links, customers, dispatches, suppressions
from xconnector.store.dispatches import Addressee

_WISHES = frozenset({DeliveryEventType.UNSUBSCRIBED, DeliveryEventType.RESUBSCRIBED, DeliveryEventType.COMPLAINED})
_FOR_GOOD = frozenset({DeliveryReason.ADDRESS, DeliveryReason.UNSUBSCRIBED})
_ACTOR = "track"
_Heard = TypeVar("_Heard", ConsentEvent, SuppressionEvent)


async def heed(
    place: Workplace, connection: Connection, reported: Mapping[str, Sequence[DeliveryEvent]], *, now: datetime
) -> None:
    """Record which withdrawals and suppressions these reports, by dispatch key, mean for their customers."""
    telling = {key: told for key, events in reported.items() if (told := [*filter(_is_telling, events)])}
    if not telling:
        return
    withdrawals: list[ConsentEvent] = []
    taken_back: list[tuple[Addressee, DeliveryEvent]] = []
    entries: list[SuppressionEvent] = []
    addressees = await dispatches.addressees(connection, list(telling))
    keys = [addressee.customer_key for addressee in addressees]
    golden = await customers.golden_records(connection, keys, place.project.survivorship, at=now)
    parted = await _parted_since(connection, addressees)
    for addressee in addressees:
        others = parted[addressee.dispatch_key]
        known = place.project.connections.get(addressee.connection)
        if known is None or known.medium is None:
            continue
        address = _address(place, known.medium, addressee, golden.get(addressee.customer_key))
        for event in telling[addressee.dispatch_key]:
            if event.type is DeliveryEventType.UNSUBSCRIBED:
                withdrawals += _of_all(_withdrawal(addressee, known.medium, event, now), others)
            elif event.type is DeliveryEventType.RESUBSCRIBED:
                if known.medium is Medium.SMS:
                    taken_back.append((addressee, event))
            elif (reason := _reason(event, known.medium)) is SuppressionReason.COMPLAINED:
                entries += _of_all(_entry(addressee, known.medium, event, reason, None, now), others)
            elif address is not None:
                entries += _of_all(_entry(addressee, known.medium, event, reason, address, now), others)
    await consents.add(connection, withdrawals)
    await suppressions.add(connection, entries)
    await _take_back_stops(connection, taken_back, now)


async def _parted_since(connection: Connection, addressees: Sequence[Addressee]) -> Mapping[str, Collection[str]]:
    """Return by dispatch key who was the customer when it was sent, and is another one by now."""
    # Who is parted while this is written down would otherwise hear of it from neither side.
    await customer_links.keep_still(connection)
    keys = [addressee.customer_key for addressee in addressees]
    words = await customer_links.words_ever(connection, keys)
    now = await customer_links.clusters_of(connection, keys) if words else {}
    return {
        one.dispatch_key: {*together_at(one.customer_key, words, one.intended_at)}
        - {*now[one.customer_key].member_keys}
        if words
        else ()
        for one in addressees
    }


def _of_all(heard: _Heard, others: Collection[str]) -> list[_Heard]:
    """Return a no, and the same of everybody who was one with its customer: whose it was, the piece does not tell."""
    return [heard, *(replace(heard, customer_key=member) for member in sorted(others))]


def _is_telling(event: DeliveryEvent) -> bool:
    return event.type in _WISHES or (is_undeliverable(event) and event.reason in _FOR_GOOD)


def _reason(event: DeliveryEvent, medium: Medium) -> SuppressionReason:
    if event.type is DeliveryEventType.COMPLAINED:
        return SuppressionReason.COMPLAINED
    if event.reason is DeliveryReason.UNSUBSCRIBED:
        return SuppressionReason.OPTED_OUT
    return SuppressionReason.RETURNED_MAIL if medium is Medium.PRINT else SuppressionReason.ADDRESS


def _address(place: Workplace, medium: Medium, addressee: Addressee, customer: Customer | None) -> str | None:
    """Return the address that the hand-over went to; None where there is none to be suppressed.

    A letter shows its address as it was printed; whoever has moved since has nothing to be suppressed.
    """
    recipient = recipient_of(addressee.recipient)
    if medium is not Medium.PRINT:
        return address_of({"email": recipient.email, "mobile": recipient.mobile}, medium)
    lives_there = customer is not None and window_of(place.project, customer.fields) == tuple(recipient.address_lines)
    return address_of(customer.fields, medium) if customer is not None and lives_there else None


def _withdrawal(addressee: Addressee, medium: Medium, event: DeliveryEvent, now: datetime) -> ConsentEvent:
    return ConsentEvent(
        customer_key=addressee.customer_key,
        medium=medium,
        scope=scope_of_unsubscribing(medium),
        action=ConsentAction.WITHDRAW,
        occurred_at=min(event.occurred_at, now),
        recorded_at=now,
        source=addressee.connection,
        actor=_ACTOR,
        method=ConsentMethod.CHANNEL,
        evidence=f"dispatch {addressee.dispatch_key}",
    )


async def _take_back_stops(
    connection: Connection, said: Sequence[tuple[Addressee, DeliveryEvent]], now: datetime
) -> None:
    """Let those who said START get texts of this sender again, where a STOP to it is what keeps them away."""
    if not said:
        return
    keys = [addressee.customer_key for addressee, _ in said]
    words = await consents.of_members(connection, keys)
    listed = await suppressions.of_members(connection, keys)
    grants: list[ConsentEvent] = []
    lifts: list[SuppressionEvent] = []
    for addressee, event in said:
        stops = [word for word in words.get(addressee.customer_key, []) if _is_stop_to(word, addressee.connection)]
        if stops and event.occurred_at > max(stop.occurred_at for stop in stops):
            withdrawal = _withdrawal(addressee, Medium.SMS, event, now)
            grants.append(replace(withdrawal, action=ConsentAction.GRANT, basis=ConsentBasis.EXPRESS))
        lifts += [
            replace(entry, action=SuppressionAction.LIFTED, occurred_at=min(event.occurred_at, now), recorded_at=now)
            for entry in listed.get(addressee.customer_key, [])
            if _is_opt_out_of(entry, addressee.connection) and entry.occurred_at < event.occurred_at
        ]
    await consents.add(connection, grants)
    await suppressions.add(connection, lifts)


def _is_stop_to(word: ConsentEvent, connection: str) -> bool:
    is_told_by_channel = word.method is ConsentMethod.CHANNEL and word.source == connection
    return word.medium is Medium.SMS and word.action is ConsentAction.WITHDRAW and is_told_by_channel


def _is_opt_out_of(entry: SuppressionEvent, connection: str) -> bool:
    is_opt_out = entry.action is SuppressionAction.SUPPRESSED and entry.reason is SuppressionReason.OPTED_OUT
    return entry.medium is Medium.SMS and is_opt_out and entry.source == connection


def _entry(
    addressee: Addressee,
    medium: Medium,
    event: DeliveryEvent,
    reason: SuppressionReason,
    address: str | None,
    now: datetime,
) -> SuppressionEvent:
    return SuppressionEvent(
        customer_key=addressee.customer_key,
        medium=medium,
        action=SuppressionAction.SUPPRESSED,
        reason=reason,
        occurred_at=min(event.occurred_at, now),
        recorded_at=now,
        source=addressee.connection,
        actor=_ACTOR,
        address=address,
        note=f"dispatch {addressee.dispatch_key}",
    )
