"""Decisions made of a small policy, as they are recorded."""

import random
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID

from tests.domain.decision.made import one_of
from tests.domain.routing.made import DAY, MEDIA, made, opens, prices, wants_consent
from xconnector.domain.decision.cells import ANY
from xconnector.domain.decision.values import Kind
from xconnector.domain.routing.checks import decide_delivery
from xconnector.domain.routing.plan import Medium
from xconnector.domain.routing.policy import Check, DeliveryPolicy, Facts
from xconnector.postgres.connect import Pool, transaction
from xconnector.project.tables.stored import content_of
from xconnector.store import decisions, tables
from xconnector.store.decisions import DecisionRow, decided

NOW = datetime(2026, 7, 1, 8, tzinfo=UTC)
ROUTING = made(
    "routing",
    {"customer.preference": Kind.TEXT, "category": Kind.TEXT},
    ("E1", (one_of("email"), ANY), {"route": "email for 5 days, print"}),
    ("P1", (one_of("portal"), one_of("marketing")), {"route": "suppress: no wish for it"}),
    ("P2", (one_of("portal"), ANY), {"route": "portal or email, print"}),
    ("L1", (ANY, ANY), {"route": "print with certified"}),
)
POLICY = DeliveryPolicy(
    route=ROUTING,
    checks={
        Check.MUST_SEND: (
            made(
                "notices",
                {"category": Kind.TEXT},
                ("M1", (one_of("notice"),), {"mandatory": "yes", "media": "any", "proof": "none", "within days": "5"}),
                ("M2", (ANY,), {"mandatory": "no", "media": "any", "proof": "none", "within days": "none"}),
            ),
        ),
        Check.CONSENT: (wants_consent("consent_eu"), wants_consent("consent_us")),
        Check.QUIET_HOURS: (opens("08:00", "21:00", "email", "sms"),),
        Check.COST: (prices(email="0.02", print="0.85", portal="0"),),
    },
    media=MEDIA,
    default="print",
)


def facts(chance: random.Random) -> Facts:
    return Facts(
        day=DAY,
        common={
            "customer.preference": chance.choice(["email", "portal", "print", None]),
            "category": chance.choice(["notice", "bill", "marketing"]),
        },
        by_medium={one: {"consent": chance.choice(["given", "withdrawn", "never"])} for one in Medium},
    )


def rows(number: int, *, policy: DeliveryPolicy = POLICY) -> list[DecisionRow]:
    """Decisions, one a minute, of some customers who have many each."""
    chance = random.Random(7)
    made_rows: list[DecisionRow] = []
    for at in range(number):
        seen = facts(chance)
        made_rows.append(
            decided(
                UUID(int=at + 1),
                seen,
                decide_delivery(policy, seen),
                name="notice",
                customer_key=f"K{at % 97}",
                policy_sha256=policy.sha256,
                at=NOW + timedelta(minutes=at),
            )
        )
    return made_rows


async def remembered(pool: Pool, some: Sequence[DecisionRow], *, policy: DeliveryPolicy = POLICY) -> None:
    """Keep decisions with all that stood behind them."""
    async with transaction(pool) as connection:
        await tables.keep(connection, [content_of(table) for table in policy.tables], NOW)
        await decisions.remember_policies(connection, [policy])
        await decisions.remember(connection, some)
