"""Policies made small: tables with one input or two, and facts that fit them."""

from collections.abc import Mapping
from datetime import date
from functools import cache
from typing import Any

from tests.domain.decision.made import one_of
from xconnector.domain.decision.cells import ANY, Cell
from xconnector.domain.decision.table import DecisionTable, Domain, HitPolicy, Input, Output, Row
from xconnector.domain.decision.values import Kind, Value, kind_of
from xconnector.domain.routing.plan import Medium
from xconnector.domain.routing.policy import Check, DeliveryPolicy, Facts

MEDIA = {
    "print": Medium.PRINT,
    "courier": Medium.PRINT,
    "email": Medium.EMAIL,
    "sms": Medium.SMS,
    "portal": Medium.PORTAL,
}
DAY = date(2026, 7, 1)


def made(
    name: str, kinds: Mapping[str, Kind], *rows: tuple[str, tuple[Cell, ...], Mapping[str, Value | None]]
) -> DecisionTable:
    """A table of rows: id, cells, outputs; each row cites § and its id."""
    outputs = tuple(Output(name=one, kind=_kind(value)) for one, value in rows[0][2].items())
    return DecisionTable(
        name=name,
        inputs=tuple(Input(name=one, domain=Domain(kind=kind)) for one, kind in kinds.items()),
        outputs=outputs,
        rows=tuple(Row(id=row, when=when, then=then, cite=f"§ {row}") for row, when, then in rows),
        hit=HitPolicy.FIRST,
    )


@cache
def routes(cell: str) -> DecisionTable:
    return made("routing", {}, ("L1", (), {"route": cell}))


@cache
def demands(
    mandatory: str = "yes", media: str = "any", proof: str = "none", days: str = "none", name: str = "must_send"
) -> DecisionTable:
    said = {"mandatory": mandatory, "media": media, "proof": proof, "within days": days}
    return made(name, {}, ("M1", (), said))


@cache
def denies(*media: str, name: str = "consent", reason: str = "no consent") -> DecisionTable:
    """A table that takes these media away."""
    taken = ("C1", (one_of(*media),), {"send": "no", "reason": reason})
    rest = ("C2", (ANY,), {"send": "yes", "reason": "-"})
    return made(name, {"medium": Kind.TEXT}, *([taken] if media else []), rest)


@cache
def wants_consent(name: str = "consent") -> DecisionTable:
    return made(
        name,
        {"medium": Kind.TEXT, "consent": Kind.TEXT},
        ("C1", (one_of("print"), ANY), {"send": "yes", "reason": "-"}),
        ("C2", (ANY, one_of("given")), {"send": "yes", "reason": "-"}),
        ("C3", (ANY, ANY), {"send": "no", "reason": "no consent"}),
    )


@cache
def prices(name: str = "costs", **cost_by_connection: str) -> DecisionTable:
    rows = [(f"K{at}", (one_of(one),), {"cost": cost}) for at, (one, cost) in enumerate(cost_by_connection.items())]
    return made(name, {"connection": Kind.TEXT}, *rows, ("K", (ANY,), {"cost": "1"}))


@cache
def opens(opens: str, closes: str, *media: str, name: str = "quiet_hours") -> DecisionTable:
    limited = ("Q1", (one_of(*media),), {"opens": opens, "closes": closes})
    return made(name, {"medium": Kind.TEXT}, limited, ("Q2", (ANY,), {"opens": "-", "closes": "-"}))


def policy(
    cell: str, *, default: str | None = None, **checks: DecisionTable | tuple[DecisionTable, ...]
) -> DeliveryPolicy:
    """A policy that routes so, with tables by the check's name in capitals."""
    tables = {Check[name.upper()]: one if isinstance(one, tuple) else (one,) for name, one in checks.items()}
    return DeliveryPolicy(route=routes(cell), checks=tables, media=MEDIA, default=default)


def facts(common: Mapping[str, Any] | None = None, consents: Mapping[str, str] | None = None) -> Facts:
    """Facts with a consent for each medium: given, unless said otherwise."""
    told = consents or {}
    return Facts(
        day=DAY,
        common=common or {},
        by_medium={one: {"consent": told.get(one.value, "given")} for one in Medium},
    )


def _kind(value: Value | None) -> Kind:
    return Kind.TEXT if value is None else kind_of(value)
