"""Empower: documents that people edit, taken in, given back, described, deleted; and the link to one (S1, S2)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, cast
from urllib.parse import urlencode

import msgspec

from xconnector.connectors.exstream.cloud.address import address
from xconnector.connectors.exstream.cloud.client import CloudClient, FormFile
from xconnector.connectors.exstream.cloud.empower_settings import EmpowerSettings
from xconnector.connectors.exstream.cloud.empower_wire import Asked, EmpowerWire
from xconnector.contract.errors import PermanentError

_JSON: Final = "application/json"
_FORM: Final = "application/x-www-form-urlencoded"
_BYTES: Final = "application/octet-stream"


@dataclass(frozen=True, slots=True, kw_only=True)
class Import:
    """A document that Empower is to take in."""

    content: bytes = field(repr=False)
    application: str
    """`appId`: the application of Empower under which it is kept."""
    business_id: str
    """`busDocId`: our own name for it there."""
    owner: str
    tags: Sequence[str] = ()


class Empower:
    """What Empower is asked. Each call raises one of the four errors; OutcomeUnknownError where it says so only."""

    def __init__(self, client: CloudClient, settings: EmpowerSettings) -> None:
        self._settings = settings
        self._wire = EmpowerWire(client, settings)

    def link(self, document: str) -> str:
        """Return where a browser opens a document; who opens it signs in there."""
        settings = self._settings
        at = address(settings.browser_url or settings.url, settings.open_path, document=document)
        query = [("subscription", settings.subscription), ("tenant", settings.tenant)]
        told = [(name, value) for name, value in query if value is not None]
        told += [("hosted", "true")] if settings.hosted else []
        return f"{at}?{urlencode(told)}" if told else at

    async def version(self) -> str:
        """Return its version, empty where it tells none."""
        if self._settings.version_path is None:
            return ""
        match await self._wire.body(Asked(method="GET", path=self._settings.version_path)):
            case {"servicesVersion": str(version)}:
                return version
            case _:
                return ""

    async def prove_well(self) -> None:
        """Return when it says that it is well, or has no place to say so."""
        if self._settings.health_path is not None:
            await self._wire.body(Asked(method="GET", path=self._settings.health_path))

    async def take_in(self, document: Import) -> str:
        """Take a document in and return its id there.

        Raises PermanentError where it has one of that business id, OutcomeUnknownError when the answer is lost.
        """
        if len(document.content) > self._settings.largest_document:
            raise PermanentError(f"the document has more than {int(self._settings.largest_document)} bytes")
        fields = [("appId", document.application), ("busDocId", document.business_id), ("ownerId", document.owner)]
        fields += [("docTag", tag) for tag in document.tags]
        parts: list[FormFile] = [("file", ("document", document.content, _BYTES))]
        parts += [(name, (None, value.encode(), None)) for name, value in fields]
        asked = Asked(method="POST", path=self._settings.import_path, files=parts, repeatable=False)
        match await self._wire.body(asked):
            case str(found) | {"docId": str(found)} | {"documentId": str(found)} | {"id": str(found)} if found:
                return found
            case _:
                raise self._wire.strange(asked)

    async def documents(self) -> Sequence[Mapping[str, Any]]:
        """Return what Empower says of the documents that the account sees."""
        largest = int(self._settings.largest_document)
        asked = Asked(method="GET", path=self._settings.documents_path, largest_answer=largest)
        body = await self._wire.body(asked)
        found = cast("dict[str, object]", body).get("documents") if isinstance(body, dict) else body
        if not isinstance(found, list):
            raise self._wire.strange(asked)
        return [cast("dict[str, Any]", one) for one in cast("list[object]", found) if isinstance(one, dict)]

    async def meta(self, document: str) -> Mapping[str, Any]:
        """Return what is said of a document. Raises PermanentError when it is gone."""
        asked = Asked(method="GET", path=self._settings.meta_path, document=document)
        body = await self._wire.body(asked)
        if not isinstance(body, dict):
            raise self._wire.strange(asked)
        return cast("dict[str, Any]", body)

    async def describe(self, document: str, meta: Mapping[str, object]) -> None:
        """Change what is said of a document; the same twice is the same."""
        content, headers = msgspec.json.encode(meta), {"Content-Type": _JSON}
        path = self._settings.meta_path
        await self._wire.answer(Asked(method="POST", path=path, document=document, headers=headers, content=content))

    async def export(self, document: str, *, preserve: bool) -> bytes:
        """Return a document in Empower's own format; `preserve` keeps it there.

        Raises OutcomeUnknownError when the answer is lost and it was not to be kept.
        """
        asked = Asked(
            method="POST",
            path=self._settings.export_path,
            document=document,
            headers={"Content-Type": _FORM, "Accept": _BYTES},
            content=urlencode({"preserveDoc": "true" if preserve else "false"}).encode(),
            largest_answer=int(self._settings.largest_document),
            repeatable=preserve,
        )
        return (await self._wire.answer(asked)).body

    async def delete(self, document: str) -> None:
        """Delete a document; one that is gone already is no error."""
        await self._wire.answer(
            Asked(method="DELETE", path=self._settings.document_path, document=document, or_gone=True)
        )
