"""The route of one communication: which tables decide about it, what they see, and what follows from it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

from xconnector.domain.consent import ConsentBasis, ConsentEvent, ConsentStatus
from xconnector.domain.customer import Customer
from xconnector.domain.decision.cells import OneOf
from xconnector.domain.decision.deciding import DecisionError
from xconnector.domain.decision.table import DecisionTable, Domain
from xconnector.domain.decision.values import Kind
from xconnector.domain.media_facts import facts_of_media
from xconnector.domain.routing.arranging import LEFT_OPEN, Arrangement, arrange
from xconnector.domain.routing.checks import decide_delivery
from xconnector.domain.routing.place import Place, spelled_place
from xconnector.domain.routing.plan import Medium
from xconnector.domain.routing.policy import Check, DeliveryDecision, DeliveryPolicy, Facts
from xconnector.domain.suppression import SuppressionEvent, SuppressionReason
from xconnector.domain.yes_or_no import yes_or_no
from xconnector.project.customer_fields import GOLDEN_FIELDS
from xconnector.project.data_contract import DataContract, Money, Scalar, ScalarKind
from xconnector.project.model import CommunicationKind, Project, TableChoice
from xconnector.project.postal import has_address

NO_REVIEW = "none"
"""What a table's or communication's `review` says to release at once."""
_DATA = "data."

CONSTANT_INPUTS: Mapping[str, Kind] = {
    "communication": Kind.TEXT,
    "category": Kind.TEXT,
    "promotional": Kind.YES_NO,
}
_REACHED_BY = {
    Medium.PRINT: "has address",
    Medium.EMAIL: "has email",
    Medium.SMS: "has mobile",
    Medium.PORTAL: "has portal",
    Medium.PUSH: "has device",
}
"""The input that says whether a customer can be reached by a medium."""
_ABILITIES = ("email", "mobile", "portal", "address", "device")
_GOLDEN_KINDS = {
    "email_consent": Kind.YES_NO,
    "portal_account": Kind.YES_NO,
    "birth_date": Kind.DATE,
    "deceased_on": Kind.DATE,
}
_SCALAR_KINDS = {
    ScalarKind.TEXT: Kind.TEXT,
    ScalarKind.MONEY: Kind.NUMBER,
    ScalarKind.NUMBER: Kind.NUMBER,
    ScalarKind.INTEGER: Kind.NUMBER,
    ScalarKind.DATE: Kind.DATE,
    ScalarKind.BOOL: Kind.YES_NO,
}


class NoRecordClassError(DecisionError):
    """A table is to say under which rule a communication is kept, and its row leaves it open."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerFacts:
    """What is known of a customer when something is decided: the golden record, and every yes and no."""

    customer: Customer
    consents: Sequence[ConsentEvent] = ()
    suppressions: Sequence[SuppressionEvent] = ()
    has_device: bool = False
    """Whether a device is registered on which one of the project's connections shows messages."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Routing:
    """What the tables said of one communication, and what they saw."""

    policy: DeliveryPolicy
    facts: Facts
    delivery: DeliveryDecision
    arrangement: Arrangement
    review: str | None
    """The role that must approve before release; None releases at once."""
    record_class: str


# ---------------------------------------------------------------------------- deciding


def policy_of(project: Project, kind: CommunicationKind, table_of: Callable[[str], DecisionTable]) -> DeliveryPolicy:
    """Return the tables that decide about a kind of communication; `table_of` gives the one of a name, or raises."""
    beside = {check: (table_of(name),) for check, name in kind.tables.items()}
    common = {check: tuple(table_of(name) for name in names) for check, names in project.checks.tables.items()}
    return DeliveryPolicy(
        route=table_of(kind.route),
        checks=common | beside,
        media={name: one.medium for name, one in project.connections.items() if one.medium is not None},
        default=project.checks.default,
    )


def facts_of(
    project: Project, kind: CommunicationKind, known: CustomerFacts, values: Mapping[str, Any], *, at: datetime
) -> Facts:
    """Return everything that a table may ask of a communication at a time, by data that the contract has read."""
    data = {_DATA + name: _comparable(values[name]) for name in _scalars(kind.contract)}
    return _facts(project, kind, known, data, at=at)


def facts_again(
    project: Project, kind: CommunicationKind, known: CustomerFacts, before: Facts, *, at: datetime
) -> Facts:
    """Return what the tables would see now: the data as it was, the customer as known now."""
    data = {name: value for name, value in before.common.items() if name.startswith(_DATA)}
    return _facts(project, kind, known, data, at=at)


def _facts(
    project: Project, kind: CommunicationKind, known: CustomerFacts, data: Mapping[str, Any], *, at: datetime
) -> Facts:
    at_home = at.astimezone(ZoneInfo(project.locale.timezone))
    fields = known.customer.fields
    common: dict[str, Any] = {name: read(kind, fields) for name, read in _INPUTS.items()}
    common["has device"] = known.has_device
    common["jurisdiction"] = str(fields.get("country") or project.home_country).upper()
    by_medium = facts_of_media(
        known.customer,
        known.consents,
        known.suppressions,
        category=kind.category,
        promotional=kind.promotional,
        at=at_home,
        media=_media_of(project),
    )
    for medium, inputs in by_medium.items():
        inputs["reachable"] = common.get(_REACHED_BY.get(medium, ""), True)
    return Facts(day=at_home.date(), common={**common, **data}, by_medium=by_medium)


def route(kind: CommunicationKind, policy: DeliveryPolicy, facts: Facts) -> Routing:
    """Ask the tables for plan, review, retention and print options.

    Raises DecisionError when a table has no answer or names no record class, or nothing is left for what must be sent.
    """
    delivery = decide_delivery(policy, facts)
    arrangement = arrange(policy, facts)
    return Routing(
        policy=policy,
        facts=facts,
        delivery=delivery,
        arrangement=arrangement,
        review=_review_of(kind, policy, delivery, arrangement),
        record_class=_record_class_of(kind, arrangement),
    )


def decide_route(
    project: Project, kind: CommunicationKind, known: CustomerFacts, data: Mapping[str, Any], *, at: datetime
) -> Routing:
    """Decide about one communication at a time, by the tables of the project's files.

    Raises DecisionError, and ContractError when mapped data breaks the contract.
    """
    facts = facts_of(project, kind, known, kind.contract.read(data), at=at)
    return route(kind, policy_of(project, kind, project.tables.__getitem__), facts)


def _review_of(
    kind: CommunicationKind, policy: DeliveryPolicy, delivery: DeliveryDecision, arrangement: Arrangement
) -> str | None:
    """Return what the routing table's own column says, else what the communication or its table says."""
    said = policy.route.row_by_id[delivery.proposal.row].said("review", LEFT_OPEN)
    if said == LEFT_OPEN:
        said = arrangement.review if isinstance(kind.review, TableChoice) else kind.review
    return None if said == NO_REVIEW else said


def _record_class_of(kind: CommunicationKind, arrangement: Arrangement) -> str:
    chosen = kind.archive.record_class
    if not isinstance(chosen, TableChoice):
        return chosen
    if arrangement.record_class is None:
        rows = [step.row for step in arrangement.steps if step.check is Check.RETENTION]
        said = (
            f"row {rows[0]} of table {chosen.table} names no record class" if rows else f"{chosen.table} was not asked"
        )
        error = NoRecordClassError(f"{said}: write one of those in xconnector.yaml under `then class`")
        error.place = spelled_place(Place(check=Check.RETENTION, table=chosen.table))
        raise error
    return arrangement.record_class


def _media_of(project: Project) -> frozenset[Medium]:
    return frozenset(one.medium for one in project.connections.values() if one.medium is not None)


# ---------------------------------------------------------------------------- what may be asked


def input_kinds(contract: DataContract) -> dict[str, Kind]:
    """Return every input that a table may ask of a communication with this contract, with its kind."""
    return {
        **CONSTANT_INPUTS,
        "jurisdiction": Kind.TEXT,
        "deceased": Kind.YES_NO,
        **{f"has {ability}": Kind.YES_NO for ability in _ABILITIES},
        **{f"customer.{name}": _GOLDEN_KINDS.get(name, Kind.TEXT) for name in GOLDEN_FIELDS if name != "address_lines"},
        **{f"data.{name}": _SCALAR_KINDS[type_.kind] for name, type_ in _scalars(contract).items()},
    }


def _scalars(contract: DataContract) -> Mapping[str, Scalar]:
    return {name: type_ for name, type_ in contract.fields.items() if isinstance(type_, Scalar)}


def input_domains(kinds: Sequence[CommunicationKind]) -> dict[str, Domain]:
    """Return what is known of the inputs of a table that is asked about these, whatever the table says."""
    return {
        "promotional": _ALWAYS_THERE,
        "deceased": _ALWAYS_THERE,
        **{f"has {ability}": _ALWAYS_THERE for ability in _ABILITIES},
        "jurisdiction": Domain(kind=Kind.TEXT, cell=_NOT_NOTHING),
        "communication": _one_of(*(kind.name for kind in kinds)),
        "category": _one_of(*(kind.category for kind in kinds)),
    }


def medium_domains() -> dict[str, Domain]:
    """Return what is known of the inputs that speak of a medium."""
    return {
        "medium": _one_of(*Medium),
        "mandatory": _ALWAYS_THERE,
        "reachable": _ALWAYS_THERE,
        "suppressed": _one_of(*SuppressionReason, includes_none=True),
        "consent": _one_of(*ConsentStatus),
        "consent.basis": _one_of(*ConsentBasis, includes_none=True),
        "consent.shown": _ALWAYS_THERE,
    }


def _one_of(*words: str, includes_none: bool = False) -> Domain:
    values = frozenset(str(word) for word in words)
    return Domain(kind=Kind.TEXT, cell=OneOf(values=values, includes_none=includes_none))


_NOT_NOTHING = OneOf(includes_none=True, negated=True)
_ALWAYS_THERE = Domain(kind=Kind.YES_NO, cell=_NOT_NOTHING)


# ---------------------------------------------------------------------------- reading


def _golden(name: str, value: object) -> object:
    """Return a golden value as its column speaks of it; consent that nobody gave is none."""
    if name in {"email_consent", "portal_account"}:
        return yes_or_no(value)
    return None if value == "" else value


def _comparable(value: object) -> object:
    return value.amount if isinstance(value, Money) else value


def _preference(kind: CommunicationKind, fields: Mapping[str, Any]) -> object:
    """Return the wish for this communication, else for its category, else for everything."""
    names = (f"preference.{kind.name}", f"preference.{kind.category}", "preference")
    return next((wish for name in names if (wish := _golden(name, fields.get(name))) is not None), None)


def _customer_input(name: str, _kind: CommunicationKind, fields: Mapping[str, Any]) -> object:
    return _golden(name, fields.get(name))


_INPUTS: Mapping[str, Callable[[CommunicationKind, Mapping[str, Any]], object]] = {
    "communication": lambda kind, _fields: kind.name,
    "category": lambda kind, _fields: kind.category,
    "promotional": lambda kind, _fields: kind.promotional,
    "deceased": lambda _kind, fields: bool(fields.get("deceased_on")),
    "has email": lambda _kind, fields: bool(fields.get("email")),
    "has mobile": lambda _kind, fields: bool(fields.get("mobile")),
    "has portal": lambda _kind, fields: _golden("portal_account", fields.get("portal_account")) is True,
    "has address": lambda _kind, fields: has_address(fields),
    **{f"customer.{name}": partial(_customer_input, name) for name in GOLDEN_FIELDS if name != "address_lines"},
    "customer.preference": _preference,
}
