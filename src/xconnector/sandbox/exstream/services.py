"""All services of the stand-in, behind one port and under their own paths."""

from starlette.routing import Route

from xconnector.sandbox.exstream import (
    batch,
    broker,
    control,
    design_service,
    empower,
    engine_service,
    gateway,
    orchestration,
    otds,
    tracking,
)
from xconnector.sandbox.exstream.house import ExstreamHouse


def all_routes(house: ExstreamHouse) -> list[Route]:
    """Return the routes of every service; one that names its path in full stands before one with places."""
    services = (control, otds, orchestration, batch, design_service, empower, tracking, broker, gateway, engine_service)
    return [route for service in services for route in service.routes(house)]
