"""Empower documents: drafts that people edit before they become documents."""

import json
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast
from uuid import uuid4

MEDIA_TYPE = "application/vnd.exstream-empower"
_MOST_KEPT = 5_000
_MOST_BYTES = 1024 * 1024 * 1024


@dataclass(slots=True, kw_only=True)
class EmpowerDocument:
    """A document as Empower keeps it: bytes that only Exstream reads, and what is said of them."""

    document_id: str
    content: bytes = field(repr=False)
    owner: str = ""
    application: str = ""
    business_id: str = ""
    tags: list[str] = field(default_factory=list[str])
    edits: int = 0


class Drafts:
    """All that Empower keeps; beyond some thousands, or 1 GiB, the oldest go."""

    def __init__(self) -> None:
        self._kept: OrderedDict[str, EmpowerDocument] = OrderedDict()

    def keep(self, content: bytes, *, owner: str) -> EmpowerDocument:
        document = EmpowerDocument(document_id=str(uuid4()), content=content, owner=owner)
        self._kept[document.document_id] = document
        while len(self._kept) > _MOST_KEPT or self._size() > _MOST_BYTES:
            self._kept.popitem(last=False)
        return document

    def find(self, document_id: str) -> EmpowerDocument | None:
        return self._kept.get(document_id)

    def find_business_id(self, application: str, business_id: str) -> EmpowerDocument | None:
        for document in self._kept.values():
            if (document.application, document.business_id) == (application, business_id):
                return document
        return None

    def all(self) -> Sequence[EmpowerDocument]:
        return list(self._kept.values())

    def delete(self, document_id: str) -> None:
        self._kept.pop(document_id, None)

    def clear(self) -> None:
        self._kept.clear()

    def edit(self, document: EmpowerDocument, text: str) -> None:
        """Do as an editor who writes something into the document: it is composed with other words from now on."""
        document.edits += 1
        opened = opened_draft(document.content)
        if opened is None:
            document.content += text.encode()
            return
        template, customers = opened
        document.content = draft_content(template, [_edited(data, text) for data in customers])

    def _size(self) -> int:
        return sum(len(document.content) for document in self._kept.values())


def draft_content(template: str, customers: Sequence[Mapping[str, Any]]) -> bytes:
    """Return an Empower document of a design and the data of its customers."""
    return json.dumps({"template": template, "customers": list(customers)}, ensure_ascii=False).encode()


def opened_draft(content: bytes) -> tuple[str, Sequence[Mapping[str, Any]]] | None:
    """Return design and data of an Empower document; None for bytes that are none of ours."""
    try:
        match json.loads(content):
            case {"template": str(template), "customers": customers}:
                return template, cast("list[Mapping[str, Any]]", customers)
            case _:
                return None
    except (ValueError, RecursionError):
        return None


def _edited(data: Mapping[str, Any], text: str) -> Mapping[str, Any]:
    communication = cast("Mapping[str, Any]", data.get("communication") or {})
    return {**data, "communication": {**communication, "title": f"{communication.get('title') or ''} {text}".strip()}}
