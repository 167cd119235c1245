"""Knowing a JSON file by the names at its top."""

import re
from collections.abc import Iterator, Mapping, Sequence

from xconnector.contract.recognition import RecognisedFile

FORMATS: Mapping[str, str] = {
    "fhir": "FHIR R4 resources: one, one a line, or a bundle of them",
    "debezium": "change events in the shape of Debezium, one a line, tombstones included",
    "cloudevents": "CloudEvents in JSON, one a line, or a list of them; the record is their data",
    "salesforce": "change events of Salesforce (Change Data Capture), one a line, or a list of them",
    "dataverse": "messages of Dataverse (Dynamics 365) as its webhooks send them",
    "json": "any other JSON: one object, one a line, or a list of them",
}
_CHANGES: Mapping[str, object] = {"change_events": True}
_BY_NAMES: Sequence[tuple[frozenset[str], str, Mapping[str, object]]] = (
    (frozenset({"resourceType"}), "fhir", {}),
    (frozenset({"specversion"}), "cloudevents", {"inside": "data"}),
    (frozenset({"ChangeEventHeader"}), "salesforce", {}),
    (frozenset({"schema", "payload", "event"}), "salesforce", {"inside": "payload"}),
    (frozenset({"PrimaryEntityName", "MessageName", "CorrelationId"}), "dataverse", {}),
    (frozenset({"op", "source"}), "debezium", _CHANGES),
    (frozenset({"schema", "payload"}), "debezium", _CHANGES),
    (frozenset({"key", "value"}), "debezium", _CHANGES),
)
"""By which names at its top what is known, and with which settings it is read; the first that fits counts."""
_TOKEN = re.compile(r'[\s,:]*(?:(?P<text>"(?:[^"\\]|\\.)*+")|(?P<sign>[{}\[\]])|(?P<word>[^\s,:"{}\[\]]+))', re.DOTALL)
_BOM = b"\xef\xbb\xbf"


def recognise(head: bytes) -> RecognisedFile | None:
    """Return what a JSON file is by its beginning, or None where it is no JSON."""
    text = head.removeprefix(_BOM).decode("utf-8", errors="replace").lstrip()
    if text.startswith("null\n"):
        return RecognisedFile(format="debezium", settings={"change_events": True})
    if not text.startswith(("{", "[")):
        return None
    top = dict(_names_of_first(text))
    is_list = text.startswith("[")
    layout = "list" if is_list else "lines" if _ends_in_its_line(text) else "document"
    return _known(top, layout)


def _known(top: Mapping[str, str], layout: str) -> RecognisedFile:
    if top.get("resourceType") == "Bundle":
        return RecognisedFile(format="fhir", settings={"layout": "list", "list": "entry", "inside": "resource"})
    for names, form, settings in _BY_NAMES:
        if names <= top.keys():
            return RecognisedFile(format=form, settings={"layout": layout, **settings})
    return RecognisedFile(format="json", settings={"layout": layout}, is_certain=False)


def _names_of_first(text: str) -> Iterator[tuple[str, str]]:
    """Yield the names at the top of the first object, each with its text or with none, as far as the text goes."""
    depth, at, name = -text.startswith("["), 0, ""
    while (found := _TOKEN.match(text, at)) is not None:
        at = found.end()
        sign = found["sign"] or ""
        if depth == 1 and name and not (sign and sign in "}]"):
            yield name, (found["text"] or "")[1:-1]
            name = ""
        elif depth == 1 and found["text"]:
            name = found["text"][1:-1]
        depth += bool(sign) and (1 if sign in "{[" else -1)
        if depth == 0 and sign and sign in "}]":
            return


def _ends_in_its_line(text: str) -> bool:
    """Say whether the first line is a record by itself: it closes what it opens, or the next one begins anew."""
    line, _, rest = text.partition("\n")
    return not rest or _depth_behind(line) == 0 or rest.lstrip("\r\n").startswith("{")


def _depth_behind(line: str) -> int:
    depth, at = 0, 0
    while (found := _TOKEN.match(line, at)) is not None:
        at = found.end()
        sign = found["sign"]
        depth += 0 if not sign else 1 if sign in "{[" else -1
    return depth
