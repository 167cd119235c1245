"""Files beside the manifest by templates of the project: the inserter's records, a job ticket, a house's own list.

A template is a text in sections. `%%bundle` is written once, `%%part` for each part, `%%piece` for each letter in
print order, and `%%totals` once at the end. In a section `{name}` stands for what the manifest says under that name,
with its width where columns are fixed: `{envelope:8}` is cut or filled with spaces, `{sequence:>6}` and `{sequence:06}`
keep the last digits of a number that is too long, as counters of machines do. `{{` and `}}` are braces. In files that
end in `.xml` or `.jdf` what is put in is escaped.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import msgspec

from xconnector.connectors.print_house.ticket import Record

_SECTION = re.compile(r"%%(bundle|part|piece|totals)[ \t]*\r?\n?")
_FIELD = re.compile(
    r"\{\{|\}\}|\{(?P<name>[a-z_0-9]+(?:\.[A-Za-z_0-9-]+)?)(?::(?P<align>[<>0]?)(?P<width>[1-9]\d{0,3}))?\}|[{}]"
)
_ESCAPED = (".xml", ".jdf")
_COUNTS = {"pieces", "pages", "sheets", "envelopes"}
_NAMES: Mapping[str, frozenset[str]] = {
    "bundle": frozenset({"format", "bundle", "bundle_number", "run", "created_at", "duplex", "marks", *_COUNTS}),
    "part": frozenset({"bundle", "name", "sha256", "bytes", "pages", "sheets", "pieces", "envelope"}),
    "piece": frozenset(
        {
            "bundle", "sequence", "envelope_number", "dispatch_key", "communication_id", "sha256", "part", "first_page",
            "pages", "document_pages", "sheets", "envelope", "envelope_sheets", "grams", "postage", "imb", "country",
            "proof_of_mailing", "reprint_of",
        }
    ),
    "totals": frozenset({"bundle", "parts", "bytes", *_COUNTS}),
}  # fmt: skip
_OPTION = "options."


class TemplateError(ValueError):
    """The template cannot be read; the message says where."""


@dataclass(frozen=True, slots=True)
class _Column:
    """A place in a section that is filled in."""

    name: str
    align: str
    width: int


_Section = Sequence[str | _Column]


def sections_of(template: str) -> Mapping[str, _Section]:
    """Return a template by its sections. Raises TemplateError."""
    head, *rest = _SECTION.split(template)
    if head.strip():
        raise TemplateError("it begins without a section: write %%bundle, %%part, %%piece, or %%totals on a line")
    found: dict[str, _Section] = {}
    for kind, body in zip(rest[::2], rest[1::2], strict=True):
        if kind in found:
            raise TemplateError(f"it has two sections %%{kind}")
        found[kind] = list(_parsed(kind, body))
    return found


def _parsed(kind: str, body: str) -> Iterable[str | _Column]:
    at = 0
    for match in _FIELD.finditer(body):
        yield body[at : match.start()]
        at = match.end()
        name = match["name"]
        if match[0] in {"{{", "}}"}:
            yield match[0][0]
        elif name is None:
            raise TemplateError(f"%%{kind}: a brace that is no field is written twice")
        elif name not in _NAMES[kind] and not (kind == "piece" and name.startswith(_OPTION)):
            raise TemplateError(f"%%{kind} has no {{{name}}}; it has {', '.join(sorted(_NAMES[kind]))}")
        else:
            yield _Column(name=name, align=match["align"] or "", width=int(match["width"] or 0))
    yield body[at:]


def write_records(records: Iterable[Record], manifest: Path, folder: Path, bundle_key: str) -> list[Path]:
    """Write each file from the lines of a manifest, one at a time, and return where they lie."""
    written: list[Path] = []
    for record in records:
        path = folder / record.name.replace("{bundle}", bundle_key)
        sections = sections_of(record.template)
        is_escaped = path.name.endswith(_ESCAPED)
        with (
            manifest.open("rb") as lines,
            path.open("w", encoding=record.encoding, errors="replace", newline="") as file,
        ):
            for raw in lines:
                for kind, told in _told(msgspec.json.decode(raw)):
                    told["bundle"] = bundle_key
                    file.write(_filled(sections.get(kind, ()), told, is_escaped=is_escaped))
        written.append(path)
    return written


def _told(line: dict[str, Any]) -> Iterable[tuple[str, dict[str, Any]]]:
    yield line["kind"], line
    if line["kind"] == "bundle":
        for part in line["parts"]:
            yield "part", part


def _filled(section: _Section, told: Mapping[str, Any], *, is_escaped: bool) -> str:
    return "".join(each if isinstance(each, str) else _cell(each, told, is_escaped=is_escaped) for each in section)


def _cell(column: _Column, told: Mapping[str, Any], *, is_escaped: bool) -> str:
    name = column.name
    value = told.get("options", {}).get(name.removeprefix(_OPTION)) if name.startswith(_OPTION) else told.get(name)
    text = "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)
    if column.width and column.align in {">", "0"}:
        text = text[-column.width :].rjust(column.width, "0" if column.align == "0" else " ")
    elif column.width:
        text = text[: column.width].ljust(column.width)
    return escape(text, {'"': "&quot;"}) if is_escaped else text
