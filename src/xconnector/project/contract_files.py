"""Contracts of sources as a project keeps them: `contracts/<name>.schema.json`, and `contracts/<name>.yaml` beside it.

A schema refers to nothing but itself and other files of the folder; nothing is ever fetched.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from jsonschema_rs import Draft202012, Draft202012Validator, RegexOptions, Registry, ValidationError, meta

from xconnector.domain.record_path import PathError, RecordPath, parse_path
from xconnector.domain.strict_json import Json, StrictJsonError, read_json
from xconnector.domain.volume import Volume
from xconnector.project.contract_shape import ContractShape
from xconnector.project.findings import Finding
from xconnector.project.shape import Shaped, shape
from xconnector.project.source_contract import RunRules, SourceContract
from xconnector.project.yaml_file import Place, YamlFile, read_yaml

CONTRACTS = "contracts"
SCHEMA = ".schema.json"
DIALECT = "https://json-schema.org/draft/2020-12/schema"

_MOST_BYTES = 1_048_576
_MOST_PARTS = 50_000
_AT = "contract:///"
_REFERENCES = ("$ref", "$dynamicRef")
_PATTERNS = "patterns know no look-around and no back-references: their time is linear in what they read"
_LARGEST_PATTERN = 1 << 20
"""Bytes of a compiled pattern."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _SchemaFile:
    path: Path
    file: str
    """What findings call it."""
    content: dict[str, Json]

    def finding(self, place: Place, message: str, remedy: str) -> Finding:
        # JSON is YAML; lines are looked for only where there is something to tell of them.
        found, _ = read_yaml(self.path, self.file)
        line = found.line_of(place) if found is not None else 1
        return Finding(file=self.file, line=line, message=message, remedy=remedy)


def read_contracts(folder: Path) -> tuple[dict[str, SourceContract | None], list[Finding]]:
    """Return the contracts of a project's folder by name, those that are wrong as None, and everything wrong."""
    findings: list[Finding] = []
    place = folder / CONTRACTS
    paths = sorted(place.iterdir()) if place.is_dir() else []
    files = {path.name: path for path in paths if path.is_file() and not path.is_symlink()}
    schemas: dict[str, _SchemaFile | None] = {}
    for name, path in files.items():
        if name.endswith(SCHEMA):
            read = _read_schema(path)
            schemas[name.removesuffix(SCHEMA)] = read if isinstance(read, _SchemaFile) else None
            findings += [] if isinstance(read, _SchemaFile) else [read]
        elif not name.endswith(".yaml"):
            findings.append(_stray(name))
    for name in files:
        if name.endswith(".yaml") and name.removesuffix(".yaml") not in schemas:
            findings.append(_alone(name))
    known = {name: schema for name, schema in schemas.items() if schema is not None}
    contracts: dict[str, SourceContract | None] = dict.fromkeys(schemas)
    for name, schema in known.items():
        contract, wrong = _contract(name, schema, known, files.get(f"{name}.yaml"))
        contracts[name] = contract
        findings += wrong
    return contracts, findings


def compile_contract(name: str, schema: Mapping[str, Any], rules: RunRules) -> SourceContract:
    """Return the contract of a schema that refers to itself only.

    Raises jsonschema_rs.ValidationError where it is no schema.
    """
    return _compiled(name, dict(schema), {}, rules)


def _stray(name: str) -> Finding:
    remedy = f"name a schema NAME{SCHEMA}, and what is promised beside it NAME.yaml"
    return Finding(file=f"{CONTRACTS}/{name}", line=1, message="this file is not read", remedy=remedy)


def _alone(name: str) -> Finding:
    schema = f"{name.removesuffix('.yaml')}{SCHEMA}"
    return Finding(
        file=f"{CONTRACTS}/{name}",
        line=1,
        message=f"there is no {schema} beside it",
        remedy="add the schema: `xconnector contracts infer` writes a first one",
    )


# ---------------------------------------------------------------------------- the schema


def _read_schema(path: Path) -> _SchemaFile | Finding:
    file = f"{CONTRACTS}/{path.name}"
    try:
        with path.open("rb") as opened:
            content = opened.read(_MOST_BYTES + 1)
    except OSError as unreadable:
        message = f"the file cannot be read: {unreadable.strerror}"
        return Finding(file=file, line=1, message=message, remedy="add it, or mend its permissions")
    if len(content) > _MOST_BYTES:
        return Finding(file=file, line=1, message=f"the file has more than {_MOST_BYTES} bytes", remedy="divide it")
    try:
        schema = read_json(content)
    except StrictJsonError as wrong:
        return Finding(file=file, line=_line_in(str(wrong)), message=str(wrong), remedy="mend the JSON")
    if not isinstance(schema, dict):
        return Finding(file=file, line=1, message="a schema is a JSON object", remedy='begin with {"type": "object"}')
    return _SchemaFile(path=path, file=file, content=schema)


def _line_in(message: str) -> int:
    digits = message.partition(" at line ")[2].partition(",")[0]
    return int(digits) if digits.isdigit() else 1


def _contract(
    name: str, schema: _SchemaFile, known: Mapping[str, _SchemaFile], beside: Path | None
) -> tuple[SourceContract | None, list[Finding]]:
    findings = list(_misfits(schema, known))
    rules, wrong = _rules(beside) if beside is not None else (RunRules(), [])
    findings += wrong
    if findings or rules is None:
        return None, findings
    others = {other: found.content for other, found in known.items() if other != name}
    try:
        return _compiled(name, schema.content, others, rules), []
    except ValueError as refused:
        # Its references were proven; what is left stands in another file of the folder, and is told of there.
        why = str(refused).splitlines()[0][:200]
        place: Place = tuple(refused.instance_path) if isinstance(refused, ValidationError) else ()
        remedy = _PATTERNS if place[-1:] == ("pattern",) else "mend it, or what it refers to"
        return None, [schema.finding(place, f"the schema cannot be used: {why}", remedy)]


def _misfits(schema: _SchemaFile, known: Mapping[str, _SchemaFile]) -> Iterator[Finding]:
    dialect = schema.content.get("$schema", DIALECT)
    if dialect != DIALECT:
        yield schema.finding(("$schema",), "only JSON Schema 2020-12 is read", f'write "$schema": "{DIALECT}"')
        return
    parts = list(parts_of(schema.content))
    if len(parts) > _MOST_PARTS:
        yield schema.finding((), f"the schema has more than {_MOST_PARTS} parts", "divide it")
        return
    try:
        meta.validate(cast("dict[str, Any]", schema.content))
    except ValidationError as wrong:
        place: Place = tuple(wrong.instance_path)
        yield schema.finding(place, f"no JSON Schema: `{_spelled(place)}` {_first_line(wrong)}", "mend it")
        return
    for place, part in parts:
        for word in _REFERENCES:
            target = part.get(word)
            if isinstance(target, str) and (wrong_target := _wrong_target(target, schema, known)) is not None:
                yield schema.finding((*place, word), *wrong_target)
        if "$id" in part and place:
            yield schema.finding((*place, "$id"), "`$id` inside a schema is not read", "use $defs and #/$defs/NAME")


def parts_of(content: Json) -> Iterator[tuple[Place, dict[str, Json]]]:
    """Yield every object of a schema with the way to it, one more than may be at most."""
    waiting: list[tuple[Place, Json]] = [((), content)]
    number = 0
    while waiting and number <= _MOST_PARTS:
        place, part = waiting.pop()
        if isinstance(part, dict):
            number += 1
            yield place, part
            waiting += [((*place, name), inner) for name, inner in part.items()]
        elif isinstance(part, list):
            waiting += [((*place, index), inner) for index, inner in enumerate(part)]


def _wrong_target(target: str, schema: _SchemaFile, known: Mapping[str, _SchemaFile]) -> tuple[str, str] | None:
    """Return what is wrong with a reference and its remedy; None where it leads to a file of the folder."""
    file, _, inside = target.partition("#")
    content: Json = schema.content
    if file:
        other = known.get(file.removesuffix(SCHEMA)) if file.endswith(SCHEMA) else None
        if other is None:
            remedy = f"keep what it leads to in {CONTRACTS}/ and write NAME{SCHEMA}#/$defs/…: nothing is ever fetched"
            return f"`{target[:100]}` is no schema of this folder", remedy
        content = other.content
    if inside and not inside.startswith("/"):
        return None
    for step in inside.split("/")[1:]:
        name = step.replace("~1", "/").replace("~0", "~")
        if isinstance(content, dict) and name in content:
            content = content[name]
        elif isinstance(content, list) and name.isdigit() and int(name) < len(content):
            content = content[int(name)]
        else:
            return f"`{target[:100]}` leads nowhere", "write the way to a schema, such as #/$defs/address"
    return None


def _compiled(
    name: str, schema: Mapping[str, Any], others: Mapping[str, Mapping[str, Any]], rules: RunRules
) -> SourceContract:
    # An $id would move what references start from away from the folder.
    files = {
        one: {key: value for key, value in content.items() if key != "$id"}
        for one, content in {**others, name: schema}.items()
    }
    registry = Registry(
        [(f"{_AT}{one}{SCHEMA}", content) for one, content in files.items()],
        draft=Draft202012,
        retriever=_fetch_nothing,
    )
    validator = Draft202012Validator(
        files[name],
        registry=registry,
        retriever=_fetch_nothing,
        base_uri=f"{_AT}{name}{SCHEMA}",
        validate_formats=True,
        pattern_options=RegexOptions(size_limit=_LARGEST_PATTERN),
    )
    names = frozenset(word for one in (schema, *others.values()) for word in _names(one))
    beside = {f"{other}{SCHEMA}": content for other, content in others.items()}
    return SourceContract(name=name, schema=schema, rules=rules, validator=validator, beside=beside, names=names)


def _fetch_nothing(uri: str) -> Any:  # noqa: ANN401 - the library's own signature
    raise ValueError(f"{uri} is no file of {CONTRACTS}/")


def _names(schema: Mapping[str, Any]) -> Iterator[str]:
    """Yield every name of a property that a schema speaks of."""
    for _, part in parts_of(cast("Json", schema)):
        properties, required = part.get("properties"), part.get("required")
        yield from properties if isinstance(properties, dict) else ()
        yield from [one for one in required if isinstance(one, str)] if isinstance(required, list) else ()


def _spelled(place: Place) -> str:
    return "/".join(str(part) for part in place) or "schema"


def _first_line(wrong: ValidationError) -> str:
    return wrong.message.splitlines()[0][:200]


# ---------------------------------------------------------------------------- what is promised of runs


def _rules(path: Path) -> tuple[RunRules | None, list[Finding]]:
    content, findings = read_yaml(path, f"{CONTRACTS}/{path.name}")
    if content is None:
        return None, findings
    shaped, wrong = shape(ContractShape, content.content, Shaped(file=content))
    if shaped is None:
        return None, [*findings, *wrong]
    unique = [_path(spelled, content, at, findings) for at, spelled in enumerate(shaped.unique)]
    promised = shaped.volume
    return (
        RunRules(
            owner=shaped.owner,
            bad_share=shaped.bad_at_most,
            volume=None
            if promised is None
            else Volume(least=promised.least, most=promised.most, within=promised.within),
            unique=[one for one in unique if one is not None],
        ),
        findings,
    )


def _path(spelled: str, file: YamlFile, at: int, findings: list[Finding]) -> RecordPath | None:
    try:
        return parse_path(spelled)
    except PathError as wrong:
        findings.append(file.finding(("unique", at), str(wrong), "write a path such as policy.number"))
        return None
