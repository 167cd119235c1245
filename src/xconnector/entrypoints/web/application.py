"""The web application of one project, put together."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import replace
from importlib.metadata import version

from fastapi import FastAPI

from xconnector.domain.portal_link import PortalSecrets
from xconnector.entrypoints.web.assets import asset_routes
from xconnector.entrypoints.web.bodies import Bodies
from xconnector.entrypoints.web.callers import Callers
from xconnector.entrypoints.web.decisions import decision_routes
from xconnector.entrypoints.web.deliveries import delivery_routes
from xconnector.entrypoints.web.devices import device_routes
from xconnector.entrypoints.web.door import Door
from xconnector.entrypoints.web.events import event_routes, intake_of
from xconnector.entrypoints.web.health import health_routes
from xconnector.entrypoints.web.hooks import hook_routes
from xconnector.entrypoints.web.limits import WebLimits
from xconnector.entrypoints.web.portal_links import link_routes
from xconnector.entrypoints.web.pressure import Pressure
from xconnector.entrypoints.web.publishing import publishing_routes
from xconnector.entrypoints.web.reading import reading_routes
from xconnector.entrypoints.web.refusals import answer_refusals
from xconnector.entrypoints.web.reports import Room, report_intake_of, report_routes
from xconnector.entrypoints.web.unsubscribing import unsubscribing_routes
from xconnector.pipeline.workplace import Workplace


def application(place: Workplace, *, secrets: PortalSecrets, limits: WebLimits | None = None) -> FastAPI:
    """Return what a server serves: intake of events and reports, decisions, the portal, and health.

    Args:
        place: opened, and open for as long as the application is served.
        secrets: sign the portal's links.
        limits: what one request may take.
    """
    limits = limits or WebLimits()
    intake = intake_of(place)
    reports = report_intake_of(place)
    callers = Callers(place.pool, patience=limits.database_patience)
    bodies = Bodies(limits)
    hook_bodies = Bodies(replace(limits, bodies_at_once=limits.webhooks_at_once))
    pressure = Pressure(place.pool, limits)
    room = Room(proven=bodies, unproven=hook_bodies, pressure=pressure)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncGenerator[None]:
        yield
        await intake.settled()
        await reports.settled()

    app = FastAPI(
        title="xConnector",
        summary="Intake of events and of delivery reports, decisions explained, and the portal.",
        version=version("xconnector"),
        lifespan=lifespan,
        # Their pages load scripts from elsewhere.
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
    )
    app.include_router(event_routes(place, intake, callers, pressure, bodies, limits))
    app.include_router(hook_routes(place, intake, pressure, hook_bodies, limits))
    app.include_router(report_routes(place, reports, callers, room, limits))
    app.include_router(decision_routes(place.pool, callers, limits))
    app.include_router(device_routes(place, callers, bodies, limits))
    app.include_router(delivery_routes(place.pool, callers, limits))
    # Before the reader's pages: `documents` is no token.
    app.include_router(publishing_routes(place, callers, bodies, limits))
    app.include_router(link_routes(secrets, callers))
    app.include_router(reading_routes(place, secrets, limits))
    app.include_router(unsubscribing_routes(place, limits))
    app.include_router(health_routes(place.pool, patience=limits.database_patience))
    app.include_router(asset_routes())
    answer_refusals(app)
    app.add_middleware(Door, limits=limits)
    return app
