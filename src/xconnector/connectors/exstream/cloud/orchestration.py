"""The Orchestration service, as far as it answers while we wait: generate, named channels, fulfilment, version."""

import base64
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

import msgspec

from xconnector.connectors.exstream.cloud.address import address
from xconnector.connectors.exstream.cloud.client import Answer, CloudClient
from xconnector.connectors.exstream.cloud.errors import Call, engine_failure, strange_answer
from xconnector.connectors.exstream.cloud.reading import decoded
from xconnector.connectors.exstream.cloud.settings import Orchestration as OrchestrationSettings
from xconnector.connectors.exstream.outputs import QueueOutput
from xconnector.contract.errors import MisconfiguredError

_SERVICE: Final = "Orchestration"
_PDF: Final = "application/pdf"
_JSON: Final = "application/json"
_VERSION: Final = re.compile(r"[\w.+-]{1,60}", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Generated:
    """What one request made."""

    outputs: Sequence[QueueOutput]
    """What the queues hold for one customer."""
    ids: Mapping[str, str]
    """The service's own names for the request, for the ledger."""


class _OutputContext(msgspec.Struct, rename="camel"):
    queue_name: str | None = None


class _Output(msgspec.Struct, rename="camel"):
    content: str | None = None
    mime_type: str | None = None
    status_code: str | int | None = None
    engine_output_context: _OutputContext | None = None

    @property
    def failure_code(self) -> str:
        """The engine's status code of an output that it could not make, else empty."""
        code = str(self.status_code or "")
        return "" if code.startswith("2") else code

    @property
    def queue(self) -> str:
        context = self.engine_output_context
        return (context.queue_name if context is not None else None) or ""


class _Outputs(msgspec.Struct):
    status: str
    data: list[_Output] = []


class _Kept(msgspec.Struct, rename="camel"):
    document_id: str


class _Version(msgspec.Struct, rename="camel"):
    version_string: str | None = None
    major: int | str | None = None
    minor: int | str | None = None
    patch: int | str | None = None


class Orchestration:
    """What Orchestration makes on demand. Making is pure; only `fulfill` may send something."""

    def __init__(self, client: CloudClient, settings: OrchestrationSettings) -> None:
        self._client = client
        self._settings = settings

    async def version(self) -> str:
        """Return the service's version, `unknown` where it tells none. Raises one of the four errors."""
        if self._settings.version_path is None:
            return "unknown"
        at = address(self._settings.url, self._settings.version_path, domain=self._settings.domain)
        answer = await self._client.ask("GET", at, call=Call(service=_SERVICE), headers={"Accept": _JSON})
        version = decoded(answer.body, _Version)
        if version is None:
            raise MisconfiguredError(
                f"{_SERVICE} at {at} tells no version: correct `orchestration.url` or `version_path`"
            )
        return _spelled(version)

    async def generate(self, communication: UUID, data_source: str, driver: bytes, *, media_type: str) -> Generated:
        """Return all outputs of one customer's driver. Raises one of the four errors, never OutcomeUnknownError."""
        return await self._outputs(
            self._generate_at(),
            self._call(),
            headers=self._headers(communication, data_source, media_type),
            content=driver,
        )

    async def generate_letter(
        self, communication: UUID, data_source: str, driver: bytes, *, queue: str, media_type: str
    ) -> Generated:
        """Return the PDF itself of one customer's driver, as the output of the letter's queue.

        Raises one of the four errors, never OutcomeUnknownError.
        """
        headers = {**self._headers(communication, data_source, media_type), "Accept": _PDF}
        answer = await self._client.ask("POST", self._generate_at(), call=self._call(), headers=headers, content=driver)
        if answer.media_type == _JSON:
            self._decoded(answer, self._generate_at(), self._call())
        if answer.media_type != _PDF:
            raise strange_answer(self._call(), self._generate_at())
        return _letter(answer, queue)

    async def draft(self, communication: UUID, data_source: str, driver: bytes, *, media_type: str) -> str:
        """Keep one customer's document in Empower instead of returning it, and return its id there.

        Raises one of the four errors, never OutcomeUnknownError: doing it again keeps another one.
        """
        user = self._settings.on_demand.empower_user
        if user is None:
            raise MisconfiguredError("drafts are kept in Empower under an account: give `on_demand.empower_user`")
        headers = {**self._headers(communication, data_source, media_type), "Accept": _JSON, "empowerUser": user}
        call, at = self._call(), self._generate_at()
        answer = await self._client.ask("POST", at, call=call, headers=headers, content=driver)
        kept = decoded(answer.body, _Kept)
        if kept is None:
            self._decoded(answer, at, call)
            raise strange_answer(call, at)
        return kept.document_id

    async def run_channel(self, channel: str, driver: bytes, *, queue: str | None, media_type: str) -> Generated:
        """Return all outputs of a named channel, or the PDF that it answers with as the output of the letter's queue.

        Raises one of the four errors, never OutcomeUnknownError.
        """
        on_demand, call = self._settings.on_demand, self._call(channel=channel)
        at = address(self._settings.url, self._settings.channel_path, domain=self._settings.domain, channel=channel)
        accept = {"Accept": on_demand.channel_accept} if on_demand.channel_accept is not None else {}
        headers = {**on_demand.variables, **accept, "Content-Type": media_type}
        answer = await self._client.ask("POST", at, call=call, headers=headers, content=driver)
        if answer.media_type == _PDF and queue is not None:
            return _letter(answer, queue)
        return self._decoded(answer, at, call)

    async def fulfill(
        self, documents: Sequence[str], communication: UUID, data_source: str, *, preserve: bool, may_send: bool
    ) -> Generated:
        """Return what documents that people edited have become; `preserve` keeps them in Empower.

        Raises one of the four errors: OutcomeUnknownError when the answer is lost of a flow that may send them as well.
        """
        at = address(self._settings.url, self._settings.fulfill_path, domain=self._settings.domain)
        headers = {
            **self._headers(communication, data_source, _JSON),
            "preserveDocuments": "true" if preserve else "false",
        }
        body = msgspec.json.encode({"documents": list(documents)})
        return await self._outputs(at, self._call(repeatable=not may_send), headers=headers, content=body)

    async def _outputs(self, at: str, call: Call, *, headers: Mapping[str, str], content: bytes) -> Generated:
        answer = await self._client.ask("POST", at, call=call, headers=headers, content=content)
        return self._decoded(answer, at, call)

    def _decoded(self, answer: Answer, at: str, call: Call) -> Generated:
        """Return the outputs of a success. Raises what `status: error` means, which comes with any HTTP status."""
        told = decoded(answer.body, _Outputs)
        if told is None:
            raise strange_answer(call, at)
        failed = [(one.failure_code, one.queue) for one in told.data if one.failure_code]
        if failed or told.status.casefold() != "success":
            raise engine_failure(failed, call, others_made=any(one.content for one in told.data))
        try:
            outputs = [_queue_output(one) for one in told.data if one.content is not None]
        except ValueError:
            raise strange_answer(call, at) from None
        return Generated(outputs=outputs, ids=answer.ids)

    def _generate_at(self) -> str:
        return address(self._settings.url, self._settings.generate_path, domain=self._settings.domain)

    def _headers(self, communication: UUID, data_source: str, media_type: str) -> Mapping[str, str]:
        return {
            **self._settings.on_demand.variables,
            "communicationId": str(communication),
            "driverDataSource": data_source,
            "Content-Type": media_type,
        }

    def _call(self, *, channel: str | None = None, repeatable: bool = True) -> Call:
        on_demand = self._settings.on_demand
        places = {"domain": self._settings.domain} | ({"channel": channel} if channel is not None else {})
        return Call(
            service=_SERVICE,
            repeatable=repeatable,
            places=places,
            timeout=on_demand.timeout,
            largest_answer=int(on_demand.largest_answer),
        )


def _letter(answer: Answer, queue: str) -> Generated:
    return Generated(outputs=[QueueOutput(queue=queue, media_type=_PDF, content=answer.body)], ids=answer.ids)


def _queue_output(output: _Output) -> QueueOutput:
    media_type = (output.mime_type or "").partition(";")[0].strip().lower()
    content = base64.b64decode((output.content or "").encode("ascii"), validate=True)
    return QueueOutput(queue=output.queue, media_type=media_type, content=content)


def _spelled(version: _Version) -> str:
    numbers = [str(part) for part in (version.major, version.minor, version.patch) if part is not None]
    told = version.version_string or ".".join(numbers)
    return told if _VERSION.fullmatch(told) else "unknown"
