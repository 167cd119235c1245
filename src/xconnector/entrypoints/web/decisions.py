"""`GET /communications/{id}/decision`: why a communication goes the way it goes, in one sentence and in full."""

import asyncio
from datetime import date, datetime
from decimal import Decimal
from http import HTTPStatus
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends
from pydantic import BaseModel

from xconnector.domain.keys import Purpose
from xconnector.domain.routing.plan import DeliveryPlan, Hop, Medium, ProofOfMailing, Suppression
from xconnector.domain.routing.policy import Check, Step
from xconnector.entrypoints.web.callers import Callers
from xconnector.entrypoints.web.limits import WebLimits
from xconnector.entrypoints.web.refusals import Refusal, documented
from xconnector.operations.decision_accounts import DecisionAccount, DecisionHistory
from xconnector.operations.explaining import explain_decision
from xconnector.postgres.connect import Pool


class HopAnswer(BaseModel):
    """One channel of the plan."""

    connection: str
    wait_seconds: int | None
    """How long it may stay unseen there before the next hop is taken; null waits for a bounce or refusal only."""
    proof: ProofOfMailing | None
    """What is asked of the post."""
    cost: Decimal | None
    """What one piece costs, in the project's currency; null where no table says."""

    @classmethod
    def of(cls, hop: Hop) -> "HopAnswer":
        wait = None if hop.wait is None else int(hop.wait.total_seconds())
        return cls(connection=hop.connection, wait_seconds=wait, proof=hop.proof, cost=hop.cost)


class StepAnswer(BaseModel):
    """What one row of one table said."""

    check: Check
    """The check that asked."""
    table: str
    """Name of the table."""
    table_sha256: str
    """Digest of what the table decided then."""
    row: str
    """Id of the row."""
    said: str
    """In a few words."""
    cite: str | None
    """The rule or law behind the row."""
    medium: Medium | None
    """The medium it was asked about."""
    connection: str | None
    """The connection it was asked about: costs are asked hop by hop."""
    takes_away: bool
    """Whether the medium was taken out of the plan."""

    @classmethod
    def of(cls, step: Step) -> "StepAnswer":
        return cls(
            check=step.check,
            table=step.table,
            table_sha256=step.table_sha256,
            row=step.row,
            said=step.said,
            cite=step.cite,
            medium=step.medium,
            connection=step.connection,
            takes_away=step.takes_away,
        )


class OccasionAnswer(BaseModel):
    """What was decided on one occasion: first, or again right before a hand-over."""

    decided_at: datetime
    day: date
    """As of which rows of the tables counted."""
    mandatory: bool
    """Whether a law wants it sent."""
    leave_within: int | None
    """Days, after which it must be on its way."""
    hops: list[HopAnswer]
    """In order; none for what is not sent."""
    suppressed: str | None
    """Why it is not sent."""
    failed: str | None
    """Why it could not be decided."""
    full: list[str]
    """A numbered line for each row that was asked, in the order of the checks."""
    steps: list[StepAnswer]
    """The same for programs."""
    trouble: str | None
    """Why it cannot be told again: its tables are not kept as they were."""

    @classmethod
    def of(cls, account: DecisionAccount) -> "OccasionAnswer":
        outcome = account.outcome
        return cls(
            decided_at=account.decided_at,
            day=account.day,
            mandatory=account.is_mandatory,
            leave_within=account.leave_within,
            hops=[HopAnswer.of(hop) for hop in outcome.hops] if isinstance(outcome, DeliveryPlan) else [],
            suppressed=outcome.reason if isinstance(outcome, Suppression) else None,
            failed=account.failed,
            full=[step.line for step in account.steps],
            steps=[StepAnswer.of(step.step) for step in account.steps],
            trouble=account.trouble,
        )


class DecisionAnswer(BaseModel):
    """Why a communication goes the way it goes. It holds what tables say, and no value of the customer."""

    communication_id: UUID
    why: str | None
    """In one sentence; null where nothing was decided, or it cannot be told again."""
    decisions: list[OccasionAnswer]
    """The first, then those right before hand-overs."""

    @classmethod
    def of(cls, communication_id: UUID, history: DecisionHistory) -> "DecisionAnswer":
        occasions = [OccasionAnswer.of(account) for account in history.accounts]
        return cls(communication_id=communication_id, why=history.why, decisions=occasions)


def decision_routes(pool: Pool, callers: Callers, limits: WebLimits) -> APIRouter:
    """Return what tells of decisions."""
    routes = APIRouter(tags=["decisions"])
    caller = callers.known(Purpose.DECISIONS)

    @routes.get(
        "/communications/{communication_id}/decision",
        summary="Why a communication goes the way it goes",
        response_description="In one sentence and in full.",
        responses=documented(
            HTTPStatus.UNAUTHORIZED,
            HTTPStatus.NOT_FOUND,
            HTTPStatus.UNPROCESSABLE_ENTITY,
            HTTPStatus.SERVICE_UNAVAILABLE,
        ),
    )
    async def decision(_: Annotated[str, Depends(caller)], communication_id: UUID) -> DecisionAnswer:
        """Told again from the rows that were kept and the tables of that day; it names no value of the customer."""
        async with asyncio.timeout(limits.database_patience.total_seconds()):
            history = await explain_decision(pool, communication_id)
        if history is None:
            raise Refusal(HTTPStatus.NOT_FOUND, "there is no communication with this id; `xconnector explain` finds it")
        return DecisionAnswer.of(communication_id, history)

    return routes
