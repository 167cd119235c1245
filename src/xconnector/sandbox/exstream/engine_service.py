"""Engine Web Services: the classic engine behind SOAP 1.1, with its WSDL at `?wsdl`."""

import asyncio
from collections.abc import Sequence
from hashlib import sha256
from io import BytesIO
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from xconnector.sandbox.exstream.bodies import content_of
from xconnector.sandbox.exstream.customers import ComposedCustomer, QueueFile, UncomposedCustomer, key_of
from xconnector.sandbox.exstream.designs import HouseDesign
from xconnector.sandbox.exstream.engine_service_answer import (
    Answered,
    AnsweredFile,
    authentication_fault,
    client_fault,
    compose_response,
    engine_fault,
    wsdl,
)
from xconnector.sandbox.exstream.engine_service_request import ComposeRequest, UnfitRequestError, read_request
from xconnector.sandbox.exstream.house import ExstreamHouse
from xconnector.sandbox.exstream.unreadable import UnreadableDriverError

PATH = "/EngineService/EngineService"
FOLDER = "engine_service"
"""Below the output: where files go that stay on the server."""
_DRIVER_NAME = "INPUT"
_MOST_CUSTOMERS = 10_000
_MOST_NONCES = 100_000


def routes(house: ExstreamHouse) -> list[Route]:
    service = _EngineService(house)
    return [
        Route(PATH, service.describe, methods=["GET"]),
        Route(PATH, service.compose, methods=["POST"]),
    ]


class _EngineService:
    def __init__(self, house: ExstreamHouse) -> None:
        self._house = house
        self._nonces: set[str] = set()

    async def describe(self, request: Request) -> Response:
        """Give the WSDL to whoever asks for it, and to others a page for people."""
        if "wsdl" not in {name.lower() for name in request.query_params}:
            return Response("<html><body><h1>Engine Web Services</h1></body></html>", media_type="text/html")
        return wsdl(str(request.url.replace(query="")))

    async def compose(self, request: Request) -> Response:
        """Compose what the driver holds."""
        try:
            asked = read_request(request.headers.get("content-type", ""), await content_of(request))
        except UnfitRequestError as unfit:
            return client_fault(str(unfit))
        if not self._lets_in(asked):
            return authentication_fault()
        if self._house.strikes("ews_fault_next"):
            return engine_fault(self._house.faults.ews_fault)
        if not asked.packages:
            return engine_fault("No package file was specified")
        if asked.driver_name != _DRIVER_NAME:
            return self._failed(asked, f"EX000101S The file {asked.driver_name} is not mapped to any input")
        return await self._composed(asked)

    def _lets_in(self, asked: ComposeRequest) -> bool:
        if self._house.faults.reject_credentials and asked.user:
            return False
        if asked.token_nonce and asked.token_nonce in self._nonces:
            return False
        if asked.token_nonce and len(self._nonces) < _MOST_NONCES:
            self._nonces.add(asked.token_nonce)
        known = self._house.sign_ins.credentials
        wanted = self._house.faults.ews_token
        return not wanted or (asked.user == known.user and asked.password == known.password)

    async def _composed(self, asked: ComposeRequest) -> Response:
        design = self._house.design_of_package(asked.packages[0])
        if design is None:
            return self._failed(
                asked,
                f"EX000511S Fatal error received trying to read the package file: {asked.packages[0]}.",
            )
        try:
            customers = list(self._house.customers(design, BytesIO(asked.driver)))
        except UnreadableDriverError as unreadable:
            return self._failed(asked, f"EX000501S {unreadable}")
        if not customers or len(customers) > _MOST_CUSTOMERS:
            return self._failed(asked, "EX000502S The driver file holds no customer, or too many")
        submission = sha256(asked.driver).hexdigest()
        kept = [
            data
            for number, data in enumerate(customers, 1)
            if not self._house.skips(key_of(design, data), number, submission=submission, of_run=len(customers) > 1)
        ]
        async with self._house.engines.one():
            await asyncio.sleep(self._house.faults.compose_seconds)
            results = await self._house.compose(design.template, kept)
        if self._house.strikes("engine_fails_next"):
            return self._failed(asked, "EX000713S The output could not be created")
        return self._answered(asked, design, results)

    def _answered(
        self, asked: ComposeRequest, design: HouseDesign, results: Sequence[ComposedCustomer | UncomposedCustomer]
    ) -> Response:
        composed = [result for result in results if isinstance(result, ComposedCustomer)]
        messages = [
            f"EX003004E Customer {one.number} was not composed: {one.reason}"
            for one in results
            if isinstance(one, UncomposedCustomer)
        ]
        if not composed:
            return self._failed(asked, *messages)
        code = 8 if messages else 0
        names = [_named(design, file, one) for one in composed for file in one.files]
        queue_files = [file for one in composed for file in one.files]
        files = [
            self._file(asked, name, file, code, alone=len(names) == 1)
            for name, file in zip(names, queue_files, strict=True)
            if asked.file_return.fullmatch(name)
        ]
        return self._response(asked, files, f"Engine completed with return code {code}", messages)

    def _file(self, asked: ComposeRequest, name: str, file: QueueFile, code: int, *, alone: bool) -> AnsweredFile:
        directory = asked.directory or asked.options.get("OUTPUTDIRECTORY", "")
        stays = bool(directory) or self._house.faults.ews_names_only
        if stays and asked.file_name:
            name = asked.file_name if alone else f"{Path(asked.file_name).stem}_{file.queue}{Path(name).suffix}"
        if stays:
            name = self._left(directory, name, file.content)
        return AnsweredFile(
            name=name,
            media_type=file.media_type,
            content=None if stays else file.content,
            pages=file.pages,
            return_code=code,
        )

    def _left(self, directory: str, name: str, content: bytes) -> str:
        """Write a file on the engine's own disk, and return what the engine calls it."""
        root = self._house.output / FOLDER
        inside = directory.replace("\\", "/").removeprefix(f"{self._house.mount}/{FOLDER}").strip("/")
        place = (root / inside / Path(name).name).resolve()
        if not place.is_relative_to(root):
            place = root / Path(name).name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content)
        return f"{self._house.mount}/{FOLDER}/{place.relative_to(root).as_posix()}"

    def _failed(self, asked: ComposeRequest, *messages: str) -> Response:
        return self._response(asked, [], "Engine completed with return code 12", messages)

    def _response(
        self, asked: ComposeRequest, files: Sequence[AnsweredFile], status: str, messages: Sequence[str]
    ) -> Response:
        return compose_response(
            Answered(
                files=files,
                status=status,
                messages=_message_file(asked, messages) if asked.with_messages else None,
                with_header=asked.with_header and self._house.faults.ews_headers,
                by_mtom=asked.by_mtom,
            )
        )


def _named(design: HouseDesign, file: QueueFile, customer: ComposedCustomer) -> str:
    """Return what a design calls a file."""
    stem, dot, suffix = file.file_name.rpartition(".")
    pattern = next((one.file for one in design.settings.outputs.values() if one.queue == file.queue), None)
    if pattern is None:
        return file.file_name
    return pattern.replace("{key}", customer.key or str(customer.number)).replace("*", stem or dot + suffix)


def _message_file(asked: ComposeRequest, messages: Sequence[str]) -> bytes:
    lines = ["EX000001I Engine started", *messages, "EX000002I Engine ended"]
    encoding = {"UTF16": "utf-16", "UTF8": "utf-8"}.get(asked.options.get("MSGENCODE", ""), "iso-8859-1")
    return "".join(f"{line}\r\n" for line in lines).encode(encoding, "replace")
