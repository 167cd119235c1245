"""What a supervisor asks: does the process live, and can it do its work?"""

import asyncio
import logging
from datetime import timedelta
from http import HTTPStatus

from fastapi import APIRouter
from pydantic import BaseModel

from xconnector.entrypoints.web.refusals import come_again, documented
from xconnector.execution.failing import describe
from xconnector.operations.readiness import NotReadyError, prove_readiness
from xconnector.postgres.connect import DatabaseUnreachableError, Pool

logger = logging.getLogger("xconnector.web")


class Health(BaseModel):
    """How it is."""

    status: str = "ok"


def health_routes(pool: Pool, *, patience: timedelta) -> APIRouter:
    """Return the calls of a supervisor; they need no key and tell nothing."""
    routes = APIRouter(tags=["health"])

    @routes.get("/healthz", summary="Does the process live?")
    async def healthz() -> Health:
        return Health()

    @routes.get(
        "/readyz",
        summary="Can it be reached, and is its database there and of this version?",
        responses=documented(HTTPStatus.SERVICE_UNAVAILABLE),
    )
    async def readyz() -> Health:
        try:
            async with asyncio.timeout(patience.total_seconds()):
                await prove_readiness(pool)
        except NotReadyError as error:
            raise come_again(str(error)) from None
        except (DatabaseUnreachableError, TimeoutError) as error:
            logger.warning("not ready: %s", describe(error))
            raise come_again("the database cannot be reached at the moment") from None
        return Health()

    return routes
