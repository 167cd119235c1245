"""All services of the stand-in, behind one port and under their own paths."""

from starlette.routing import Route

from xconnector.sandbox.exstream import batch, broker, control, engine_service, gateway, orchestration, otds
from xconnector.sandbox.exstream.house import ExstreamHouse


def all_routes(house: ExstreamHouse) -> list[Route]:
    """Return the routes of every service; one that names its path in full stands before one with places."""
    services = (control, otds, orchestration, batch, broker, gateway, engine_service)
    return [route for service in services for route in service.routes(house)]
