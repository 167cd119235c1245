"""Tables of settings, from the pydantic models that read them."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, cast

from pydantic import BaseModel

Schema = Mapping[str, Any]

_ISO_DURATION = re.compile(r"PT?(?P<amount>\d+)(?P<unit>[DHMS])")
_HEAD = "| Setting | Type | Default | What it is |\n|---|---|---|---|"
_KINDS = {
    "string": "text",
    "integer": "whole number",
    "number": "number",
    "boolean": "`true` `false`",
    "object": "keys of your own",
    "duration": "duration",
    "password": "secret",
    "path": "path",
    "uri": "address",
}


def settings_table(model: type[BaseModel], *, apart: Mapping[str, str] | None = None) -> str:
    """Return the fields of a model, and of the models inside it, as a Markdown table.

    Models in `apart`, by class, have a table of their own; here they are called by the word given.
    """
    reading = _Reading(root=cast("Schema", model.model_json_schema()), apart=apart or {})
    rows = [f"| `{row.path}` | {row.kind} | {row.default} | {row.says} |" for row in reading.rows("")]
    return "\n".join([_HEAD, *rows]) + "\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Row:
    path: str
    kind: str
    default: str
    says: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Reading:
    """Walks a JSON Schema from the outside in."""

    root: Schema
    apart: Mapping[str, str]

    def rows(
        self, prefix: str, schema: Schema | None = None, *, inside: frozenset[str] = frozenset()
    ) -> Iterator[_Row]:
        """Yield a row for each field. A model that stands inside itself is shown once: it is the same further in."""
        schema = self._resolved(self.root if schema is None else schema)
        required = cast("list[str]", schema.get("required", []))
        for name, field in cast("Mapping[str, Schema]", schema.get("properties", {})).items():
            path = f"{prefix}{name}"
            yield _Row(
                path=path,
                kind=self._kind(field),
                default="required" if name in required else _shown(field),
                says=self._prose(field),
            )
            for step, inner in self._models(field):
                title = cast("str", inner.get("title", ""))
                if title not in self.apart and title not in inside:
                    yield from self.rows(f"{path}{step}.", inner, inside=inside | {title})

    def _models(self, field: Schema) -> Iterator[tuple[str, Schema]]:
        """Yield the models a field holds, each with the step that leads to it in a path."""
        field = self._resolved(field)
        if "properties" in field:
            yield "", field
        elif "items" in field:
            yield from (("[]" + step, model) for step, model in self._models(cast("Schema", field["items"])))
        elif (named := _named(field)) is not None:
            yield from ((".<name>" + step, model) for step, model in self._models(named))
        else:
            models = [one for one in map(self._resolved, _alternatives(field)) if "properties" in one]
            for one in models:
                yield (self._chosen_by(one) if len(models) > 1 else ""), one

    def _chosen_by(self, model: Schema) -> str:
        """Return the word that chooses a model among others, in parentheses; empty for the one of all other words."""
        words = [
            self._resolved(field).get("const") for field in cast("Mapping[str, Schema]", model["properties"]).values()
        ]
        return next((f"({word})" for word in words if word is not None), "")

    def _kind(self, field: Schema) -> str:
        field = self._resolved(field)
        if choices := _alternatives(field):
            return " or ".join(dict.fromkeys(self._kind(one) for one in choices if one.get("type") != "null"))
        if words := cast("list[str]", field.get("enum") or ([field["const"]] if "const" in field else [])):
            return " ".join(f"`{one}`" for one in words)
        if "properties" in field:
            return self.apart.get(cast("str", field.get("title")), "settings below")
        if "items" in field:
            return f"list of {self._kind(cast('Schema', field['items']))}"
        if (named := _named(field)) is not None:
            return f"{self._kind(named)}, by name"
        return _KINDS.get(cast("str", field.get("format") or field.get("type") or ""), "anything")

    def _resolved(self, field: Schema) -> Schema:
        if "$ref" not in field:
            return field
        return cast("Schema", self.root["$defs"][cast("str", field["$ref"]).rsplit("/", 1)[-1]])

    def _prose(self, field: Schema) -> str:
        # A field that says the same as its model says it only there.
        text = cast("str", field.get("description") or self._resolved(field).get("description") or "")
        return " ".join(text.split()).replace("|", "\\|")


def _named(field: Schema) -> Schema | None:
    """Return what stands under each name of a mapping; None where the field is no mapping of one kind."""
    inner = next(iter(cast("Mapping[str, Schema]", field.get("patternProperties", {})).values()), None)
    inner = inner or field.get("additionalProperties")
    return cast("Schema", inner) if isinstance(inner, dict) else None


def _alternatives(field: Schema) -> list[Schema]:
    return cast("list[Schema]", field.get("anyOf") or field.get("oneOf") or [])


def _shown(field: Schema) -> str:
    """Show a default as YAML takes it; that of nested settings stands in their own rows."""
    default: object = field.get("default")
    if default in (None, "", []) or isinstance(default, dict):
        return ""
    # Where text is taken too, it is the short form: 30s.
    if isinstance(default, str) and "anyOf" in field and (found := _ISO_DURATION.fullmatch(default)):
        default = f"{found['amount']}{found['unit'].lower()}"
    text = default if isinstance(default, str) else json.dumps(_without_none(default), ensure_ascii=False)
    return f"`{text}`"


def _without_none(value: object) -> object:
    if isinstance(value, list):
        return [_without_none(one) for one in cast("list[object]", value)]
    if isinstance(value, dict):
        return {name: one for name, one in cast("dict[str, object]", value).items() if one is not None}
    return value
