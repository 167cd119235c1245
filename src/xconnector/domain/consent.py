"""Consent: what customers said yes or no to, medium by medium, and what all of it means on a day.

What somebody said is never changed: another event follows. Four rules make a state of a set of events, so that the
order in which they arrive never matters:

1. A withdrawal or an end counts for a communication when its scope is `all`, the communication's category, or, for
   advertising, `promotional`. It counts at once.
2. A grant counts when its scope is the category, `promotional` for advertising, or `all` for what is no advertising:
   who takes bills by e-mail has not asked for offers.
3. A grant outlasts a withdrawal only when it is express, happened later, and is as narrow or narrower: a yes to
   everything does not take back a no to one thing. Of one moment the withdrawal wins. When something was recorded
   counts for nothing, so a late import of an old grant lifts no withdrawal.
4. A grant ends with the day before `expires_on`, and by any end that is not earlier than it.
5. A grant that a channel itself was told, such as a START, takes back what the same channel was told before, and
   nothing else: it counts only where all that was said elsewhere would not be `withdrawn`.

The state is `given` when a grant is left; otherwise `withdrawn` when anything was ever withdrawn, `expired` when
anything was ever granted, else `never`.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from xconnector.domain.customer import Customer, Provenance
from xconnector.domain.identity import content_id
from xconnector.domain.routing.plan import Medium
from xconnector.domain.yes_or_no import yes_or_no

ALL = "all"
"""The scope of everything but advertising, and of every withdrawal."""
PROMOTIONAL = "promotional"
"""The scope of advertising."""


class ConsentAction(StrEnum):
    """What happened to a consent."""

    GRANT = "grant"
    WITHDRAW = "withdraw"
    EXPIRE = "expire"
    """It came to its end without a word of the customer, such as by a change of what a reader's machine needs."""


class ConsentBasis(StrEnum):
    """On what a grant stands."""

    EXPRESS = "express"
    """The customer said yes."""
    IMPLIED = "implied"
    """It follows from something else, such as a purchase; laws give it an end."""


class ConsentMethod(StrEnum):
    """How the customer's word came."""

    WEB = "web"
    DOUBLE_OPT_IN = "double opt-in"
    """By a link in a mail to the address that it is about."""
    PAPER = "paper"
    PHONE = "phone"
    IVR = "ivr"
    """A telephone menu."""
    IN_PERSON = "in person"
    CHANNEL = "channel"
    """By the way out itself: a mailbox provider's button, a STOP."""
    SOURCE = "source"
    """A system says so; how it knows it does not say."""


class ConsentStatus(StrEnum):
    """What all events about a communication mean on a day."""

    GIVEN = "given"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"
    NEVER = "never"


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentEvent:
    """One word of a customer about one medium, with what proves it."""

    customer_key: str
    medium: Medium
    scope: str
    """A category's name, `promotional` or `all`."""
    action: ConsentAction
    occurred_at: datetime
    recorded_at: datetime
    """When we learned of it; it decides nothing."""
    source: str
    """The system that told us."""
    actor: str
    """Who wrote it down: a person, or the program that heard it."""
    basis: ConsentBasis | None = None
    """None where nobody knows; it counts as less than express."""
    wording: str | None = None
    """Version of the words that the customer agreed to."""
    language: str | None = None
    """Of those words."""
    method: ConsentMethod | None = None
    shown: bool = False
    """The customer showed that they can open what comes this way (15 U.S.C. 7001(c)(1)(C)(ii))."""
    evidence: str | None = field(default=None, repr=False)
    """Where the proof lies: a document's number, an address in the archive."""
    expires_on: date | None = None
    """From this day on a grant no longer counts."""

    @property
    def event_id(self) -> UUID:
        """The same for the same word however often it is told."""
        return content_id(
            *(self.customer_key, self.medium, self.scope, self.action, self.occurred_at.isoformat(), self.source),
            *(self.actor, self.basis, self.wording, self.language, self.method, str(self.shown), self.evidence),
            self.expires_on.isoformat() if self.expires_on else None,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentState:
    """What is so on a day, and the event that makes it so."""

    status: ConsentStatus
    basis: ConsentBasis | None = None
    """Of a grant, also of one that has expired."""
    days: int | None = None
    """Age of the event; None where there never was one."""
    shown: bool = False
    event: ConsentEvent | None = None


NEVER = ConsentState(status=ConsentStatus.NEVER)
_BASES: Mapping[ConsentBasis | None, int] = {None: 0, ConsentBasis.IMPLIED: 1, ConsentBasis.EXPRESS: 2}


def consent_state(
    events: Iterable[ConsentEvent], *, medium: Medium, category: str, promotional: bool, at: datetime
) -> ConsentState:
    """Return what events of one customer mean for a communication.

    `at` is the moment of sending, in the time zone in which days are counted.
    """
    # How much each scope holds: a grant lifts withdrawals of scopes that hold as much or more.
    breadths = {category: 0} | ({PROMOTIONAL: 1} if promotional else {}) | {ALL: 2}
    concerned = [event for event in events if event.medium is medium and event.scope in breadths]
    if not concerned:
        return NEVER
    withdrawals = _latest_by_scope(concerned)
    granted = [event for event in concerned if _grants(event, promotional=promotional, at=at)]
    live = _live_grants(concerned, breadths, promotional=promotional, at=at)
    if live:
        return _state(ConsentStatus.GIVEN, _first_by(_weight, live), at)
    if withdrawals:
        return _state(ConsentStatus.WITHDRAWN, _first_by(_recency, list(withdrawals.values())), at)
    return _state(ConsentStatus.EXPIRED, _first_by(_recency, granted), at) if granted else NEVER


def golden_consents(customer: Customer, at: datetime) -> Sequence[ConsentEvent]:
    """Return what the golden record's `email_consent` says, as words of its source.

    It is a field, told anew with every load, and not what a customer did on a day: so its yes, of unknown basis,
    lifts no withdrawal. A no withdraws everything, and so does whatever is no clear yes: a no that nobody understands
    must not become silence.
    """
    said = customer.fields.get("email_consent")
    if said is None or not str(said).strip():
        return ()
    granted = yes_or_no(said) is True
    origin = customer.provenance.get("email_consent") or Provenance(source="customer", as_of=at)
    return [
        ConsentEvent(
            customer_key=customer.customer_key,
            medium=Medium.EMAIL,
            scope=scope,
            action=ConsentAction.GRANT if granted else ConsentAction.WITHDRAW,
            occurred_at=min(origin.as_of, at),
            recorded_at=at,
            source=origin.source,
            actor=origin.source,
            method=ConsentMethod.SOURCE,
        )
        for scope in ((ALL, PROMOTIONAL) if granted else (ALL,))
    ]


def scope_of_unsubscribing(medium: Medium) -> str:
    """Return what somebody withdraws who unsubscribes by the medium itself.

    A STOP revokes the consent to every text (47 CFR 64.1200(a)(10)), as do notifications that are turned off; the
    button in a mail stands under advertising alone.
    """
    return ALL if medium in {Medium.SMS, Medium.PUSH} else PROMOTIONAL


def _grants(event: ConsentEvent, *, promotional: bool, at: datetime) -> bool:
    is_named = event.scope != ALL or not promotional
    return event.action is ConsentAction.GRANT and is_named and event.occurred_at <= at


def _has_ended(grant: ConsentEvent, events: Iterable[ConsentEvent], on: date) -> bool:
    if grant.expires_on is not None and on >= grant.expires_on:
        return True
    return any(event.action is ConsentAction.EXPIRE and event.occurred_at >= grant.occurred_at for event in events)


def _latest_by_scope(events: Iterable[ConsentEvent]) -> dict[str, ConsentEvent]:
    """The latest withdrawal of each scope: what outlasts it outlasts those before."""
    latest: dict[str, ConsentEvent] = {}
    for event in events:
        if event.action is ConsentAction.WITHDRAW:
            latest[event.scope] = max(latest.get(event.scope, event), event, key=_recency)
    return latest


def _outlasts(grant: ConsentEvent, withdrawals: Mapping[str, ConsentEvent], breadths: Mapping[str, int]) -> bool:
    return all(
        grant.basis is ConsentBasis.EXPRESS
        and grant.occurred_at > withdrawal.occurred_at
        and breadths[grant.scope] <= breadths[scope]
        for scope, withdrawal in withdrawals.items()
    )


def _live_grants(
    events: Sequence[ConsentEvent], breadths: Mapping[str, int], *, promotional: bool, at: datetime
) -> list[ConsentEvent]:
    """Return the grants that count, of words about one communication."""
    withdrawals = _latest_by_scope(events)
    return [
        grant
        for grant in events
        if _grants(grant, promotional=promotional, at=at)
        and not _has_ended(grant, events, at.date())
        and _outlasts(
            grant, withdrawals if grant.method is not ConsentMethod.CHANNEL else _own(grant, events), breadths
        )
        and not _is_denied_elsewhere(grant, events, breadths, promotional=promotional, at=at)
    ]


def _own(start: ConsentEvent, events: Iterable[ConsentEvent]) -> dict[str, ConsentEvent]:
    return _latest_by_scope(event for event in events if _is_of_channel(event, start))


def _is_denied_elsewhere(
    grant: ConsentEvent,
    events: Sequence[ConsentEvent],
    breadths: Mapping[str, int],
    *,
    promotional: bool,
    at: datetime,
) -> bool:
    """Say whether a grant is a START, and all that was not said by its channel would be a no."""
    if grant.method is not ConsentMethod.CHANNEL:
        return False
    elsewhere = [event for event in events if not _is_of_channel(event, grant)]
    is_withdrawn = any(event.action is ConsentAction.WITHDRAW for event in elsewhere)
    return is_withdrawn and not _live_grants(elsewhere, breadths, promotional=promotional, at=at)


def _is_of_channel(event: ConsentEvent, start: ConsentEvent) -> bool:
    return event.method is ConsentMethod.CHANNEL and event.source == start.source


def _weight(grant: ConsentEvent) -> tuple[int, bool, datetime, str]:
    """Of several grants the one that proves most speaks, then the latest."""
    return _BASES[grant.basis], grant.shown, grant.occurred_at, str(grant.event_id)


def _recency(event: ConsentEvent) -> tuple[datetime, int, bool, str]:
    return event.occurred_at, _BASES[event.basis], event.shown, str(event.event_id)


def _first_by(key: Callable[[ConsentEvent], Any], events: Sequence[ConsentEvent]) -> ConsentEvent:
    # Of one there is nothing to compare, and its id costs more than all the rest.
    return events[0] if len(events) == 1 else max(events, key=key)


def _state(status: ConsentStatus, event: ConsentEvent, at: datetime) -> ConsentState:
    days = (at.date() - event.occurred_at.astimezone(at.tzinfo).date()).days
    is_grant = event.action is ConsentAction.GRANT
    return ConsentState(
        status=status,
        basis=event.basis if is_grant else None,
        days=max(days, 0),
        shown=event.shown and is_grant,
        event=event,
    )
