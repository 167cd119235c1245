"""The Design service (DAS): domains, resources, links, manifests, workflow states, and imports."""

from collections.abc import Sequence
from hashlib import sha256
from http import HTTPStatus
from typing import Any
from uuid import uuid4

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from xconnector.sandbox.exstream.bodies import UnfitBodyError, json_of, parts_of
from xconnector.sandbox.exstream.design_resources import (
    IllegalMoveError,
    Resources,
    ResourceVersion,
    State,
    data_source_id,
    set_id,
)
from xconnector.sandbox.exstream.guarded import Endpoint, guarded, user_of
from xconnector.sandbox.exstream.house import ExstreamHouse
from xconnector.sandbox.exstream.imports import Imports, policy_of
from xconnector.sandbox.exstream.refusals import IMPORT_CONFLICT, service_error
from xconnector.sandbox.exstream.versions import VERSION, version_of

BASE = "/design/api/v1"
_DOCUMENTATION = "/design/v3/api-docs"
_MOST_AT_ONCE = 1_000


def routes(house: ExstreamHouse) -> list[Route]:
    service = _Design(house)
    endpoints: list[tuple[str, str, Endpoint]] = [
        ("GET", "/version", version_of("design")),
        ("GET", "/domains", service.domains),
        ("GET", "/resources/{domain}", service.resources),
        ("GET", "/links/{domain}", service.links),
        ("GET", "/links/{domain}/resources", service.linked_resources),
        ("GET", "/manifests/{domain}/communication-set/{set}", service.manifest),
        ("POST", "/resources/{domain}/content", service.add),
        ("PUT", "/resources/{domain}/{resource}/state", service.move),
        ("PUT", "/resources/{domain}/{resource}/content", service.change_content),
        ("POST", "/import/{kind}/{domain}", service.take_in),
    ]
    described = _description([(method, BASE + path) for method, path, _ in endpoints])

    async def documentation(request: Request) -> Response:
        del request
        return JSONResponse(described)

    return [
        *(Route(BASE + path, guarded(house, endpoint), methods=[method]) for method, path, endpoint in endpoints),
        Route(_DOCUMENTATION, documentation, methods=["GET"]),
        Route("/design/swagger-ui/index.html", _swagger_page, methods=["GET"]),
        Route("/design/swagger-ui/swagger-initializer.js", _swagger_start, methods=["GET"]),
        Route("/sandbox/designs/{template}/state", service.set_state, methods=["POST"]),
    ]


class _Design:
    def __init__(self, house: ExstreamHouse) -> None:
        self._house = house
        self._begin()
        house.when_reset(self._begin)

    def _begin(self) -> None:
        self._resources = Resources(self._house.designs.values())
        self._imports = Imports()

    async def domains(self, request: Request) -> Response:
        del request
        domain = {
            "id": self._house.domain,
            "production": False,
            "jobTracing": True,
            "workflow": "DEFAULT",
            "restrictApproval": False,
            "parent": None,
        }
        return _page([domain], size=1, number=0)

    async def resources(self, request: Request) -> Response:
        """List resources: `offset` is the number of the page, from 0."""
        if refused := self._other_domain(request):
            return refused
        size, number = _number(request, "count", 100), _number(request, "offset", 0)
        if not 1 <= size <= _MOST_AT_ONCE or number < 0:
            return service_error(HTTPStatus.BAD_REQUEST, "count or offset is out of range.")
        latest_only = request.query_params.get("filter.latestVersion", "").lower() == "true"
        found = _filtered(request, self._resources.all(latest_only=latest_only), "filter")
        return _page([one.told() for one in found], size=size, number=number)

    async def links(self, request: Request) -> Response:
        """Follow the links from a resource to those that it uses."""
        if refused := self._other_domain(request):
            return refused
        subject = self._resources.latest(request.query_params.get("linkSubjectId", ""))
        if subject is None:
            return _not_found("linkSubjectId")
        found = self._followed(subject, _number(request, "linkDepth", 1))
        kinds = _words(request, "filter.types")
        told = [_link(one, linked) for one, linked in found if not kinds or linked.kind in kinds]
        return _page(told, size=max(1, len(told)), number=0)

    async def linked_resources(self, request: Request) -> Response:
        """Follow the links backwards: which resources use one."""
        if refused := self._other_domain(request):
            return refused
        linked = request.query_params.get("linkObjectId", "")
        if self._resources.latest(linked) is None:
            return _not_found("linkObjectId")
        found: dict[str, ResourceVersion] = {}
        wanted = [linked]
        for _ in range(_number(request, "linkDepth", 1)):
            users = [user for one in wanted for user in self._resources.linked_to(one)]
            found.update({user.resource_id: user for user in users})
            wanted = [user.resource_id for user in users]
        fitting = [one.told() for one in _filtered(request, list(found.values()), "rfilter")]
        return _page(fitting, size=max(1, len(fitting)), number=0)

    async def manifest(self, request: Request) -> Response:
        """Tell what feeds a communication set, and its queues: a bare object."""
        if refused := self._other_domain(request):
            return refused
        for design in self._house.designs.values():
            if set_id(design) == request.path_params["set"].lower():
                source = {"name": design.data_source, "prodDsn": design.data_source, "type": "driver"}
                queues = [
                    {"driver": "PDF", "name": output.queue, "prodFile": output.queue, "use": "output"}
                    for output in design.settings.outputs.values()
                ]
                sources = [{**source, "resourceId": data_source_id(design)}]
                return JSONResponse({"dsnlist": sources, "queueList": queues})
        return _not_found("communication set")

    async def move(self, request: Request) -> Response:
        """Move a resource to another state of the workflow."""
        if refused := self._other_domain(request):
            return refused
        resource = self._resources.latest(request.path_params["resource"])
        if resource is None:
            return _not_found("resource")
        told = await json_of(request)
        try:
            moved = self._resources.move(
                resource,
                State(told.get("state")),
                comment=str(told.get("auditedComment") or ""),
                locked=bool(told.get("locked")),
                by=user_of(self._house, request),
            )
        except (ValueError, IllegalMoveError):
            return service_error(
                HTTPStatus.BAD_REQUEST, f"Resource {resource.resource_id} cannot be moved from {resource.state.value}."
            )
        return _success(moved.told())

    async def add(self, request: Request) -> Response:
        """Keep a new resource."""
        if refused := self._other_domain(request):
            return refused
        name, kind = request.query_params.get("name", ""), request.query_params.get("type", "")
        if not name or not kind or not any(part.name == "file" for part in await parts_of(request)):
            raise UnfitBodyError("name, type, and the part file are needed")
        added = self._resources.add(
            name, kind, subtype=request.query_params.get("subtype", ""), by=user_of(self._house, request)
        )
        return _success(added.told(), HTTPStatus.CREATED)

    async def change_content(self, request: Request) -> Response:
        """Keep a new version of a resource."""
        if refused := self._other_domain(request):
            return refused
        resource = self._resources.latest(request.path_params["resource"])
        if resource is None:
            return _not_found("resource")
        if not any(part.name == "file" for part in await parts_of(request)):
            raise UnfitBodyError("the part file is needed")
        return _success(self._resources.add_version(resource, by=user_of(self._house, request)).told())

    async def take_in(self, request: Request) -> Response:
        """Take a package in; one that was taken in before is a conflict, which its policy decides."""
        if refused := self._other_domain(request):
            return refused
        if request.path_params["kind"] not in {"das", "migrator"}:
            return service_error(HTTPStatus.NOT_FOUND, "There is no such kind of package.")
        parts = {part.name: part for part in await parts_of(request)}
        if not {"exportPackage", "conflictSettings"} <= parts.keys():
            raise UnfitBodyError("the parts exportPackage and conflictSettings are needed")
        policy = policy_of(parts["conflictSettings"].content)
        digest = sha256(parts["exportPackage"].content).hexdigest()
        if policy == "ERROR" and digest in self._imports:
            return service_error(
                HTTPStatus.CONFLICT, "The package conflicts with existing resources.", code=IMPORT_CONFLICT
            )
        commit = request.query_params.get("commit") == "true"
        told = self._imports.take_in(digest, parts["exportPackage"].file_name, policy=policy, commit=commit)
        return _success({"exportPackageUUID": str(uuid4()), "policies": {"generalPolicy": policy}, **told})

    async def set_state(self, request: Request) -> Response:
        """Put a template's communication into a state, as the sandbox is told."""
        design = self._house.designs.get(request.path_params["template"])
        resource = self._resources.latest(design.communication) if design is not None else None
        wanted = (await json_of(request)).get("state")
        if resource is None or wanted not in {*State}:
            raise UnfitBodyError("there is no such template or state")
        return JSONResponse(self._resources.set_state(resource, State(wanted)).told())

    def _followed(self, subject: ResourceVersion, depth: int) -> Sequence[tuple[ResourceVersion, ResourceVersion]]:
        found: list[tuple[ResourceVersion, ResourceVersion]] = []
        here = [subject]
        for _ in range(depth):
            steps = [(one, self._resources.latest(link)) for one in here for link in one.links]
            known = [(one, linked) for one, linked in steps if linked is not None]
            found += known
            here = [linked for _, linked in known]
        return found

    def _other_domain(self, request: Request) -> Response | None:
        domain = request.path_params["domain"]
        if domain == self._house.domain:
            return None
        return service_error(HTTPStatus.NOT_FOUND, f"Domain {domain} does not exist.")


def _filtered(request: Request, found: Sequence[ResourceVersion], prefix: str) -> list[ResourceVersion]:
    kinds, states = _words(request, f"{prefix}.types"), _words(request, f"{prefix}.states")
    return [one for one in found if (not kinds or one.kind in kinds) and (not states or one.state.value in states)]


def _words(request: Request, name: str) -> set[str]:
    return {word for given in request.query_params.getlist(name) for word in given.split(",") if word}


def _number(request: Request, name: str, default: int) -> int:
    try:
        return int(request.query_params.get(name, default))
    except ValueError:
        raise UnfitBodyError(f"{name} must be a number") from None


def _link(subject: ResourceVersion, linked: ResourceVersion) -> dict[str, Any]:
    return {
        "linkSubjectId": subject.resource_id,
        "subjectVersion": subject.version,
        "linkObjectId": linked.resource_id,
        "typeId": linked.kind,
    }


def _page(found: Sequence[dict[str, Any]], *, size: int, number: int) -> Response:
    page = {
        "pageSize": size,
        "pageOffset": number * size,
        "totalElements": len(found),
        "totalPages": -(-len(found) // size),
        "currentPageNumber": number,
    }
    return JSONResponse({"status": "success", "data": list(found[number * size :][:size]), "page": page})


def _success(told: dict[str, Any], status: HTTPStatus = HTTPStatus.OK) -> Response:
    return JSONResponse({"status": "success", "data": told}, status)


def _not_found(what: str) -> Response:
    return service_error(HTTPStatus.NOT_FOUND, f"The {what} was not found.")


def _description(calls: Sequence[tuple[str, str]]) -> dict[str, Any]:
    """Return an OpenAPI document of some calls."""
    paths: dict[str, dict[str, Any]] = {}
    for method, path in calls:
        paths.setdefault(path, {})[method.lower()] = {"responses": {"200": {"description": "OK"}}}
    return {"openapi": "3.0.1", "info": {"title": "Design", "version": VERSION}, "paths": paths}


async def _swagger_page(request: Request) -> Response:
    del request
    return HTMLResponse(
        '<!DOCTYPE html><html lang="en"><head><title>Swagger UI</title></head><body><div id="swagger-ui"></div>'
        '<script src="./swagger-initializer.js"></script></body></html>'
    )


async def _swagger_start(request: Request) -> Response:
    del request
    script = f'window.ui = SwaggerUIBundle({{url: "{_DOCUMENTATION}", dom_id: "#swagger-ui"}});'
    return Response(script, media_type="text/javascript")
