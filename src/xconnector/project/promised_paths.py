"""Whether a schema promises what a path leads to.

Where a schema lists properties, only those are promised; `additionalProperties: true` says that there may be others.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, cast

from xconnector.domain.record_path import NoSuchNameError, PathError, items_of, prove_path
from xconnector.domain.strict_json import Json
from xconnector.project.findings import named_like
from xconnector.project.source_contract import SourceContract

_TOGETHER = ("allOf", "anyOf", "oneOf")
_ONE_OF = ("then", "else", "if", "dependentSchemas")
_MOST_TOGETHER = 200


def unpromised(path: str, contract: SourceContract) -> tuple[str, str] | None:
    """Return why no record that keeps a contract can have something at a path, and the remedy; None where it can."""
    schemas = {"": contract.schema, **contract.beside}
    sample = _Promised([(cast("Json", contract.schema), "")], schemas)
    if sample.is_anything:
        return None
    try:
        prove_path(path, sample)
    except NoSuchNameError as wrong:
        known = [name for name in wrong.known if name]
        remedy = f"name it there, or write additionalProperties: true; {named_like(wrong.name, known)}"
        return f"contract {contract.name!r} does not promise {wrong.name!r}", remedy
    except PathError as wrong:
        return f"contract {contract.name!r}: {wrong}", "read it as the contract promises it"
    return None


class _Promised(dict[str, Any]):
    """Something that keeps one of several schemas, unfolded as far as it is looked into: schemas may be recursive."""

    def __init__(self, spelled: Sequence[tuple[Json, str]], files: Mapping[str, Mapping[str, Any]]) -> None:
        super().__init__()
        self._files = files
        self._schemas = list(self._unfolded(spelled))
        self._properties: dict[str, list[tuple[Json, str]]] = {}
        lists, self._others = False, list[tuple[Json, str]]()
        for schema, file in self._schemas:
            listed = schema.get("properties")
            for name, inner in listed.items() if isinstance(listed, dict) else ():
                self._properties.setdefault(name, []).append((inner, file))
            lists = lists or isinstance(listed, dict)
            others = [schema.get(word) for word in ("additionalProperties", "unevaluatedProperties")]
            patterns = schema.get("patternProperties")
            others += patterns.values() if isinstance(patterns, dict) else ()
            self._others += [(one, file) for one in others if one is not None and one is not False]
        self.is_anything = not lists and not self._others and not self._is_single()

    def _is_single(self) -> bool:
        """Say whether nothing can stand below: values of these types have no names."""
        kinds = [schema["type"] for schema, _ in self._schemas if "type" in schema]
        return bool(kinds) and not any({"object", "array"} & set(_as_list(kind)) for kind in kinds)

    def _unfolded(self, spelled: Sequence[tuple[Json, str]]) -> Iterator[tuple[dict[str, Json], str]]:
        """Yield every schema that may apply here: what is referred to, alternatives, and the items of lists."""
        waiting, seen = list(spelled), set[int]()
        while waiting and len(seen) < _MOST_TOGETHER:
            schema, file = waiting.pop()
            if not isinstance(schema, dict) or id(schema) in seen:
                continue
            seen.add(id(schema))
            yield schema, file
            for word in _TOGETHER:
                alternatives = schema.get(word)
                waiting += [(one, file) for one in alternatives] if isinstance(alternatives, list) else []
            waiting += [(schema[word], file) for word in (*_ONE_OF, "items") if word in schema]
            prefix = schema.get("prefixItems")
            waiting += [(one, file) for one in prefix] if isinstance(prefix, list) else []
            for word in ("$ref", "$dynamicRef"):
                if isinstance(target := schema.get(word), str):
                    waiting.append(self._referred(target, file))

    def _referred(self, target: str, file: str) -> tuple[Json, str]:
        name, _, inside = target.partition("#")
        place = name or file
        found = cast("Json", self._files.get(place))
        for step in inside.split("/")[1:]:
            key = step.replace("~1", "/").replace("~0", "~")
            if isinstance(found, dict):
                found = found.get(key)
            elif isinstance(found, list) and key.isdigit():
                found = found[int(key)]
        return found, place

    def __contains__(self, name: object) -> bool:
        return self.is_anything or name in self._properties or bool(self._others)

    def __getitem__(self, name: str) -> "_Promised":
        return _Promised(self._properties.get(name) or self._others, self._files)

    def __iter__(self) -> Iterator[str]:
        return iter(self._properties)


def _as_list(kind: Json) -> Sequence[str]:
    return [one for one in items_of(kind) if isinstance(one, str)]
