"""Knowing a JSON file by the names at its top."""

import re
from collections.abc import Iterator, Mapping

from xconnector.contract.recognition import RecognisedFile

FORMATS: Mapping[str, str] = {
    "fhir": "FHIR R4 resources: one, one a line, or a bundle of them",
    "debezium": "change events in the shape of Debezium, one a line, tombstones included",
    "cloudevents": "CloudEvents in JSON, one a line, or a list of them; the record is their data",
    "json": "any other JSON: one object, one a line, or a list of them",
}
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
    if "resourceType" in top:
        return RecognisedFile(format="fhir", settings={"layout": layout})
    if "specversion" in top:
        return RecognisedFile(format="cloudevents", settings={"layout": layout, "inside": "data"})
    if {"op", "source"} <= {*top} or {"schema", "payload"} <= {*top} or {"key", "value"} <= {*top}:
        return RecognisedFile(format="debezium", settings={"layout": layout, "change_events": True})
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
