"""Empower, where people edit documents: the cloud-native one, and the one on a server of its own."""

import secrets
from collections.abc import Sequence
from html import escape
from http import HTTPStatus
from typing import Any, cast

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from xconnector.sandbox.exstream.bodies import UnfitBodyError, form_of, json_of, parts_of
from xconnector.sandbox.exstream.drafts import EmpowerDocument
from xconnector.sandbox.exstream.empower_answers import (
    DELETED,
    EXISTS,
    MEANINGS,
    NO_PERMISSION,
    NOT_FOUND,
    envelope,
)
from xconnector.sandbox.exstream.guarded import Endpoint, guarded
from xconnector.sandbox.exstream.house import ExstreamHouse
from xconnector.sandbox.exstream.versions import VERSION

_BASES = ("/empower/api/v1", "/{context}/resource")
_TOKEN_HEADER = "x-csrf-token"  # noqa: S105 - the name of a header


def routes(house: ExstreamHouse) -> list[Route]:
    service = _Empower(house)
    signed_in: list[tuple[str, str, Endpoint]] = [
        ("GET", "/version", service.version),
        ("GET", "/GetToken", service.token),
        ("GET", "/documents", service.documents),
        ("POST", "/documents/import", service.take_in),
        ("GET", "/documents/{document}/meta", service.meta),
        ("POST", "/documents/{document}/meta", service.describe),
        ("POST", "/documents/{document}/export", service.export),
        ("DELETE", "/documents/{document}", service.delete),
        ("POST", "/applications", service.add_application),
    ]
    # Browsers sign in by themselves, and whoever watches a service does not.
    open_to_all: list[tuple[str, str, Endpoint]] = [
        ("GET", "/docedit/{document}/open", service.open),
        ("GET", "/healthcheck", service.health),
        ("GET", "/config/errorCodes", service.codes),
    ]
    found: list[Route] = [Route("/sandbox/empower/{document}/edit", service.edit, methods=["POST"])]
    for base in _BASES:
        found += [Route(base + path, guarded(house, end), methods=[method]) for method, path, end in signed_in]
        found += [Route(base + path, end, methods=[method]) for method, path, end in open_to_all]
    return found


class _Empower:
    def __init__(self, house: ExstreamHouse) -> None:
        self._house = house
        self._token = secrets.token_urlsafe(24)
        self._applications: dict[str, dict[str, Any]] = {}

    async def version(self, request: Request) -> Response:
        return envelope(request, {"servicesVersion": VERSION})

    async def token(self, request: Request) -> Response:
        """Give the token that changes need."""
        return envelope(request, {"token": self._token})

    async def health(self, request: Request) -> Response:
        if self._house.faults.empower_down:
            return Response(status_code=HTTPStatus.SERVICE_UNAVAILABLE)
        return envelope(request, {"status": "UP"})

    async def codes(self, request: Request) -> Response:
        return envelope(request, [{"code": code, "msg": meaning} for code, meaning in MEANINGS.items()])

    async def documents(self, request: Request) -> Response:
        if refused := self._refusal(request):
            return refused
        wanted = request.query_params.get("appId")
        kept = self._house.drafts.all()
        return envelope(request, [_meta(one) for one in kept if wanted in {None, one.application}])

    async def take_in(self, request: Request) -> Response:
        """Take a document in, under an application and a name of the caller's."""
        if refused := self._refusal(request):
            return refused
        parts = await parts_of(request)
        told = {part.name: part.text for part in parts if part.name != "file"}
        content = next((part.content for part in parts if part.name == "file"), None)
        if content is None or not {"appId", "busDocId", "ownerId"} <= told.keys():
            raise UnfitBodyError("the parts file, appId, busDocId, and ownerId are needed")
        if self._house.drafts.find_business_id(told["appId"], told["busDocId"]) is not None:
            return self._wrong(request, EXISTS)
        document = self._house.drafts.keep(content, owner=told["ownerId"])
        document.application, document.business_id = told["appId"], told["busDocId"]
        document.tags = [part.text for part in parts if part.name == "docTag"]
        return envelope(request, {"docId": document.document_id})

    async def meta(self, request: Request) -> Response:
        if refused := self._refusal(request):
            return refused
        document = self._document(request)
        return self._wrong(request, NOT_FOUND) if document is None else envelope(request, _meta(document))

    async def describe(self, request: Request) -> Response:
        """Change what is said of a document."""
        if refused := self._refusal(request):
            return refused
        document = self._document(request)
        if document is None:
            return self._wrong(request, NOT_FOUND)
        told = await json_of(request)
        document.owner = str(told.get("ownerId", document.owner))
        document.business_id = str(told.get("busDocId", document.business_id))
        document.tags = [str(tag) for tag in cast("Sequence[object]", told.get("docTags", document.tags))]
        return envelope(request, _meta(document))

    async def export(self, request: Request) -> Response:
        """Give a document back; it goes unless it is to be preserved."""
        if refused := self._refusal(request):
            return refused
        document = self._document(request)
        if document is None:
            return self._wrong(request, NOT_FOUND)
        if (await _form(request)).get("preserveDoc", "").lower() != "true":
            self._house.drafts.delete(document.document_id)
        return Response(document.content, media_type="application/octet-stream")

    async def delete(self, request: Request) -> Response:
        if refused := self._refusal(request):
            return refused
        document = self._document(request)
        if document is None:
            return self._wrong(request, NOT_FOUND)
        self._house.drafts.delete(document.document_id)
        return envelope(request, code=DELETED)

    async def add_application(self, request: Request) -> Response:
        if refused := self._refusal(request):
            return refused
        told = await json_of(request)
        name = str(told.get("appId") or "")
        if not name:
            raise UnfitBodyError("appId is needed")
        if name in self._applications:
            return self._wrong(request, EXISTS)
        self._applications[name] = told
        return envelope(request, {"appId": name})

    async def open(self, request: Request) -> Response:
        """Show the page on which people would edit a document."""
        document = self._document(request)
        if document is None:
            return self._wrong(request, NOT_FOUND)
        name = escape(document.document_id)
        return HTMLResponse(
            f'<!DOCTYPE html><html lang="en"><head><title>Empower</title></head><body><h1>Empower</h1><p>{name}</p>'
            f"<p>POST /sandbox/empower/{name}/edit writes into it.</p></body></html>"
        )

    async def edit(self, request: Request) -> Response:
        """Do as an editor would: write a text into a document."""
        document = self._document(request)
        if document is None:
            return JSONResponse({"wrong": "there is no such document"}, HTTPStatus.NOT_FOUND)
        self._house.drafts.edit(document, str((await json_of(request)).get("text") or "edited"))
        return JSONResponse(_meta(document))

    def _document(self, request: Request) -> EmpowerDocument | None:
        return self._house.drafts.find(request.path_params["document"])

    def _refusal(self, request: Request) -> Response | None:
        """Return why a request is not carried out; None lets it pass."""
        if self._house.faults.empower_down:
            return Response(status_code=HTTPStatus.SERVICE_UNAVAILABLE)
        if request.method == "GET":
            return None
        if not secrets.compare_digest(request.headers.get(_TOKEN_HEADER, "").encode(), self._token.encode()):
            return Response(status_code=HTTPStatus.FORBIDDEN)
        return self._wrong(request, NO_PERMISSION) if self._house.faults.empower_no_permission else None

    def _wrong(self, request: Request, code: str) -> Response:
        return envelope(request, code=code, status=self._house.faults.empower_error_status)


def _meta(document: EmpowerDocument) -> dict[str, Any]:
    return {
        "docId": document.document_id,
        "appId": document.application,
        "busDocId": document.business_id,
        "ownerId": document.owner,
        "docTags": document.tags,
        "edits": document.edits,
        "size": len(document.content),
    }


async def _form(request: Request) -> dict[str, str]:
    if request.headers.get("content-type", "").lower().startswith("multipart/form-data"):
        return {part.name: part.text for part in await parts_of(request)}
    return dict(await form_of(request))
