"""What the cloud-native services say of their versions."""

from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

MAJOR, MINOR, PATCH = "24", "4", "0"
VERSION = f"{MAJOR}.{MINOR}.{PATCH}"


def version_of(service: str) -> Callable[[Request], Awaitable[Response]]:
    """Return the endpoint of a service's version; its numbers are texts, as the SDK reads them."""

    async def version(request: Request) -> Response:
        del request
        told = {"apiIdentifier": service, "major": MAJOR, "minor": MINOR, "patch": PATCH, "versionString": VERSION}
        return JSONResponse(told)

    return version
