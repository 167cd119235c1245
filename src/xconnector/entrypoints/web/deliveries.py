"""`GET /communications/{id}/delivery`: what became of a communication, and how well that is proven."""

import asyncio
from datetime import datetime
from http import HTTPStatus
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends
from pydantic import BaseModel

from xconnector.domain.delivery import DeliveryEvent, DeliveryEventType, DeliveryReason, DeliveryStatus
from xconnector.domain.evidence import Evidence, evidence_in
from xconnector.domain.keys import Purpose
from xconnector.entrypoints.web.callers import Callers
from xconnector.entrypoints.web.limits import WebLimits
from xconnector.entrypoints.web.refusals import Refusal, documented
from xconnector.operations.explaining import Explanation, explain_delivery
from xconnector.postgres.connect import Pool
from xconnector.store.dispatches import Handover


class ReportAnswer(BaseModel):
    """One report of a channel."""

    occurred_at: datetime
    type: DeliveryEventType
    reason: DeliveryReason | None
    """Why it did not arrive."""
    final: bool
    """Whether the channel will not try again."""
    by_machine: bool
    """Whether a program did it, such as an image proxy or a link scanner."""
    evidence: Evidence
    """What this report proves by itself."""

    @classmethod
    def of(cls, event: DeliveryEvent) -> "ReportAnswer":
        return cls(
            occurred_at=event.occurred_at,
            type=event.type,
            reason=event.reason,
            final=event.final,
            by_machine=event.by_machine,
            evidence=evidence_in(event),
        )


class HandOverAnswer(BaseModel):
    """One hand-over to a channel."""

    dispatch_key: str
    connection: str
    reference: str | None
    """The channel's own name for it."""
    state: str
    intended_at: datetime
    evidence: Evidence
    """What is proven of it by everything reported."""
    reports: list[ReportAnswer]
    """In the order in which it happened."""

    @classmethod
    def of(cls, found: Explanation, handover: Handover) -> "HandOverAnswer":
        told = [event for event in found.events if event.dispatch_key == handover.dispatch_key]
        return cls(
            dispatch_key=handover.dispatch_key,
            connection=handover.connection,
            reference=handover.reference,
            state=handover.state,
            intended_at=handover.intended_at,
            evidence=found.evidence_of(handover),
            reports=[ReportAnswer.of(event) for event in told],
        )


class DeliveryAnswer(BaseModel):
    """What became of a communication. It holds no value of the customer."""

    communication_id: UUID
    state: str
    status: DeliveryStatus
    """Of the latest hand-over: computed from the set of its reports."""
    evidence: Evidence
    """The strongest of all hand-overs."""
    hand_overs: list[HandOverAnswer]

    @classmethod
    def of(cls, found: Explanation) -> "DeliveryAnswer":
        return cls(
            communication_id=found.found.communication_id,
            state=found.found.state,
            status=found.delivery_status,
            evidence=found.evidence,
            hand_overs=[HandOverAnswer.of(found, handover) for handover in found.handovers],
        )


def delivery_routes(pool: Pool, callers: Callers, limits: WebLimits) -> APIRouter:
    """Return what tells of deliveries."""
    routes = APIRouter(tags=["deliveries"])
    caller = callers.known(Purpose.DECISIONS)

    @routes.get(
        "/communications/{communication_id}/delivery",
        summary="What became of a communication, and how well that is proven",
        response_description="Status, evidence, and every report.",
        responses=documented(
            HTTPStatus.UNAUTHORIZED,
            HTTPStatus.NOT_FOUND,
            HTTPStatus.UNPROCESSABLE_ENTITY,
            HTTPStatus.SERVICE_UNAVAILABLE,
        ),
    )
    async def delivery(_: Annotated[str, Depends(caller)], communication_id: UUID) -> DeliveryAnswer:
        """Handed over, accepted, delivered, opened by a person: what programs open proves nothing of people."""
        async with asyncio.timeout(limits.database_patience.total_seconds()):
            found = await explain_delivery(pool, communication_id)
        if found is None:
            raise Refusal(HTTPStatus.NOT_FOUND, "there is no communication with this id")
        return DeliveryAnswer.of(found)

    return routes
