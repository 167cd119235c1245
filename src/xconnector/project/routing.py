"""The route of one communication: which inputs its table sees, and what the row that fits means."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from functools import partial
from typing import Any

from xconnector.domain.decision.cells import OneOf
from xconnector.domain.decision.deciding import decide
from xconnector.domain.decision.table import DecisionTable, Domain, Row
from xconnector.domain.decision.values import Kind
from xconnector.domain.routing.plan import DeliveryPlan, RouteDecision, Suppression
from xconnector.project.data_contract import DataContract, Money, Scalar, ScalarKind
from xconnector.project.mapping_text import GOLDEN_FIELDS
from xconnector.project.model import CommunicationKind, Project
from xconnector.project.postal import has_address

NO_REVIEW = "none"
"""What a table's or communication's `review` says to release at once."""
_SUPPRESS = "suppress:"
_LEFT_OPEN = "-"
_DATA = "data."

CONSTANT_INPUTS: Mapping[str, Kind] = {
    "communication": Kind.TEXT,
    "category": Kind.TEXT,
    "promotional": Kind.YES_NO,
}
_ABILITIES = ("email", "mobile", "portal", "address")
_GOLDEN_KINDS = {
    "email_consent": Kind.YES_NO,
    "portal_account": Kind.YES_NO,
    "birth_date": Kind.DATE,
}
_SCALAR_KINDS = {
    ScalarKind.TEXT: Kind.TEXT,
    ScalarKind.MONEY: Kind.NUMBER,
    ScalarKind.NUMBER: Kind.NUMBER,
    ScalarKind.INTEGER: Kind.NUMBER,
    ScalarKind.DATE: Kind.DATE,
    ScalarKind.BOOL: Kind.YES_NO,
}


def decide_route(
    project: Project, kind: CommunicationKind, customer_fields: Mapping[str, Any], data: Mapping[str, Any], *, on: date
) -> RouteDecision:
    """Ask the communication's table for its route, as of a day.

    Raises DecisionError when the table has no answer, ContractError when mapped data breaks the contract.
    """
    return route_values(project, kind, customer_fields, kind.contract.read(data), on=on)


def route_values(
    project: Project,
    kind: CommunicationKind,
    customer_fields: Mapping[str, Any],
    values: Mapping[str, Any],
    *,
    on: date,
) -> RouteDecision:
    """Ask the communication's table for its route as of a day, by data that the contract has read.

    Raises DecisionError when the table has no answer.
    """
    table = project.tables[kind.route]
    inputs = _inputs(table.input_names, kind, customer_fields, values)
    row = decide(table, inputs, on=on).row
    return RouteDecision(
        outcome=outcome_of(row.said("route", _LEFT_OPEN)),
        review=review_of(kind, row),
        table=table.name,
        table_sha256=table.sha256,
        row=row.id,
        inputs={name: _recorded(inputs.get(name)) for name in table.input_names},
        cite=row.cite,
    )


def _inputs(
    names: Sequence[str], kind: CommunicationKind, customer_fields: Mapping[str, Any], values: Mapping[str, Any]
) -> dict[str, Any]:
    """Return those inputs, by name, that this communication has."""
    inputs: dict[str, Any] = {}
    for name in names:
        if (read := _INPUTS.get(name)) is not None:
            inputs[name] = read(kind, customer_fields)
        elif isinstance(kind.contract.fields.get(field := name.removeprefix(_DATA)), Scalar):
            inputs[name] = _comparable(values[field])
    return inputs


def input_kinds(contract: DataContract) -> dict[str, Kind]:
    """Return every input that a table may ask of a communication with this contract, with its kind."""
    scalars = {name: type_ for name, type_ in contract.fields.items() if isinstance(type_, Scalar)}
    return {
        **CONSTANT_INPUTS,
        **{f"has {ability}": Kind.YES_NO for ability in _ABILITIES},
        **{f"customer.{name}": _GOLDEN_KINDS.get(name, Kind.TEXT) for name in GOLDEN_FIELDS if name != "address_lines"},
        **{f"data.{name}": _SCALAR_KINDS[type_.kind] for name, type_ in scalars.items()},
    }


def input_domains(kinds: Sequence[CommunicationKind]) -> dict[str, Domain]:
    """Return what is known of the inputs of a table that routes these communications, whatever the table says."""
    always_there = Domain(kind=Kind.YES_NO, cell=OneOf(includes_none=True, negated=True))
    names = OneOf(values=frozenset(kind.name for kind in kinds))
    categories = OneOf(values=frozenset(kind.category for kind in kinds))
    return {
        "promotional": always_there,
        **{f"has {ability}": always_there for ability in _ABILITIES},
        "communication": Domain(kind=Kind.TEXT, cell=names),
        "category": Domain(kind=Kind.TEXT, cell=categories),
    }


def outcome_of(cell: str) -> DeliveryPlan | Suppression:
    """Return what a cell of `then route` means.

    Raises ValueError saying what to write.
    """
    if cell.startswith(_SUPPRESS):
        reason = cell.removeprefix(_SUPPRESS).strip()
        if not reason:
            raise ValueError("write the reason behind it, such as suppress: no consent")
        return Suppression(reason=reason)
    names = [name.strip() for name in cell.split(",")]
    if not all(names) or len(set(names)) != len(names):
        raise ValueError("write connections in order, each once, such as email, print, or suppress: reason")
    return DeliveryPlan.through(*names)


def review_of(kind: CommunicationKind, row: Row) -> str | None:
    """Return the role that must approve: what the table says, else what the communication says."""
    said = row.said("review", _LEFT_OPEN)
    if said == _LEFT_OPEN:
        return kind.review
    return None if said == NO_REVIEW else said


def roles_named_by(table: DecisionTable) -> Sequence[tuple[str, str]]:
    """Return row id and role of every row whose `review` names a role."""
    said = [(row.id, row.said("review", _LEFT_OPEN)) for row in table.rows]
    return [(row, role) for row, role in said if role not in {_LEFT_OPEN, NO_REVIEW}]


def _golden(name: str, value: object) -> object:
    """Return a golden value as its column speaks of it; consent that nobody gave is none."""
    if name in {"email_consent", "portal_account"}:
        return {"true": True, "false": False}.get(str(value).lower())
    return None if value == "" else value


def _comparable(value: object) -> object:
    return value.amount if isinstance(value, Money) else value


def _recorded(value: object) -> object:
    """Return an input as JSON keeps it."""
    if isinstance(value, Decimal):
        return f"{value:f}"
    return value.isoformat() if isinstance(value, date) else value


def _customer_input(name: str, _kind: CommunicationKind, fields: Mapping[str, Any]) -> object:
    return _golden(name, fields.get(name))


_INPUTS: Mapping[str, Callable[[CommunicationKind, Mapping[str, Any]], object]] = {
    "communication": lambda kind, _fields: kind.name,
    "category": lambda kind, _fields: kind.category,
    "promotional": lambda kind, _fields: kind.promotional,
    "has email": lambda _kind, fields: bool(fields.get("email")),
    "has mobile": lambda _kind, fields: bool(fields.get("mobile")),
    "has portal": lambda _kind, fields: _golden("portal_account", fields.get("portal_account")) is True,
    "has address": lambda _kind, fields: has_address(fields),
    **{f"customer.{name}": partial(_customer_input, name) for name in GOLDEN_FIELDS},
}
