"""A decision as it was kept, told again: from the rows that answered to the steps that they stand for."""

from collections.abc import Mapping

from xconnector.domain.decision.deciding import DecisionError
from xconnector.domain.decision.table import DecisionTable, Row
from xconnector.domain.routing.arranging import told_beside
from xconnector.domain.routing.asking import default_step, demands, forbidden_by_law, hours, permissions, prices, wishes
from xconnector.domain.routing.place import Place, read_place
from xconnector.domain.routing.policy import PERMISSIONS, Check, DeliveryPolicy, Step


class KeptDecisionError(DecisionError):
    """What is kept of a decision does not fit the tables that made it; the message says what to do."""


def steps_of(rows: Mapping[str, str], policy: DeliveryPolicy) -> tuple[Step, ...]:
    """Return the steps of a decision by the policy that made it; `rows` by place, as `spelled_place` spells it.

    Raises KeptDecisionError where the policy has no such table or row.
    """
    answers = {read_place(place): row for place, row in rows.items()}
    return tuple(_step(place, row, answers, policy) for place, row in answers.items())


def table_at(place: Place, policy: DeliveryPolicy) -> DecisionTable:
    """Return the table that was asked at a place.

    Raises KeptDecisionError where the policy has none of its name there.
    """
    # The default is taken by the row that wants it sent.
    check = Check.MUST_SEND if place.check is Check.DEFAULT else place.check
    tables = (policy.route,) if check is Check.PREFERENCE else policy.checks.get(check, ())
    found = next((table for table in tables if table.name == place.table), None)
    if found is None:
        raise _changed(f"nobody asked a table {place.table} for {place.check}")
    return found


def _step(place: Place, row_id: str, answers: Mapping[Place, str], policy: DeliveryPolicy) -> Step:
    table = table_at(place, policy)
    row = _row(table, row_id)
    if place.check is Check.PREFERENCE:
        return wishes(table).told(row)[0]
    if place.check is Check.MUST_SEND:
        return _demanded(place, table, row)
    if place.check is Check.DEFAULT:
        return _default(place, table, row, answers, policy)
    return _said(place, table, row)


def _said(place: Place, table: DecisionTable, row: Row) -> Step:
    if place.check in PERMISSIONS:
        return permissions(place.check, table).told(row, medium=place.medium)[0]
    if place.check is Check.QUIET_HOURS:
        return hours(table).told(row, medium=place.medium)[0]
    if place.check is Check.COST:
        return prices(table).told(row, medium=place.medium, connection=place.connection or "")[0]
    return told_beside(place.check, table, row)


def _demanded(place: Place, table: DecisionTable, row: Row) -> Step:
    step, demand = demands(table).told(row)
    denial = None if place.medium is None else forbidden_by_law(step, demand, place.medium)
    return denial or step


def _default(
    place: Place, table: DecisionTable, row: Row, answers: Mapping[Place, str], policy: DeliveryPolicy
) -> Step:
    route = answers.get(Place(check=Check.PREFERENCE, table=policy.route.name))
    if policy.default is None or place.medium is None or route is None:
        raise _changed("it has a default of which nothing is known")
    mandate, _ = demands(table).told(row)
    _, wish = wishes(policy.route).told(_row(policy.route, route))
    return default_step(mandate, wish, policy.default, place.medium)


def _row(table: DecisionTable, row_id: str) -> Row:
    row = table.row_by_id.get(row_id)
    if row is None:
        raise _changed(f"table {table.name} never had a row {row_id}")
    return row


def _changed(what: str) -> KeptDecisionError:
    return KeptDecisionError(f"{what}: the kept decision was changed past us; restore it from a backup")
