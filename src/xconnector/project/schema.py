"""JSON Schemas of the project's files, with which editors complete and check them while they are written.

They come from the models that read the files, and know every installed connector.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeAlias, cast

from pydantic import BaseModel, TypeAdapter

from xconnector.contract.registry import connector_names, manifest
from xconnector.project.contract_shape import ContractShape
from xconnector.project.expectation_file import TestShape
from xconnector.project.files import CommunicationShape, LimitsShape, MappingShape, ProjectShape
from xconnector.project.matching_file import MatchingShape
from xconnector.project.tables.json_form import TableShape
from xconnector.project.templates import TEMPLATES

Schema: TypeAlias = dict[str, Any]

_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_FROM_ENVIRONMENT: Schema = {"type": "string", "pattern": r"\$\{"}


def project_schemas() -> Mapping[str, Schema]:
    """Return the schemas by file name; each says in `title` which files it is for."""
    return {
        "project.schema.json": _titled("xconnector.yaml", _project()),
        "communication.schema.json": _titled("communications/*.yaml", CommunicationShape.model_json_schema()),
        "mapping.schema.json": _titled("mappings/*.yaml", MappingShape.model_json_schema()),
        "matching.schema.json": _titled("customers/matching.yaml", MatchingShape.model_json_schema()),
        "contract.schema.json": _titled("contracts/*.yaml", ContractShape.model_json_schema()),
        "tests.schema.json": _titled("tests/*.yaml", TypeAdapter(list[TestShape]).json_schema()),
        "table.schema.json": _titled("tables/*.json", TableShape.model_json_schema()),
        **_design_files(),
    }


def write_schemas(folder: Path) -> None:
    """Write the schemas into a folder, making it where it is not there."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, schema in project_schemas().items():
        (folder / name).write_text(f"{json.dumps(schema, indent=2, ensure_ascii=False)}\n", encoding="utf-8")


def _titled(files: str, schema: Schema) -> Schema:
    return {"$schema": _DIALECT, **schema, "title": files}


def _project() -> Schema:
    schema = ProjectShape.model_json_schema()
    definitions = cast("Schema", schema["$defs"])
    limits = LimitsShape.model_json_schema()
    definitions.update(cast("Schema", limits.pop("$defs", {})))
    definitions["LimitsShape"] = limits
    variants = {name: _connection(name) for name in connector_names()}
    for name, variant in variants.items():
        definitions.update(cast("Schema", variant.pop("$defs")))
        definitions[f"connection.{name}"] = variant
    definitions["ConnectionShape"] = {
        "type": "object",
        "properties": {"connector": {"enum": sorted(variants)}},
        "required": ["connector"],
        "allOf": [
            {
                "if": {"properties": {"connector": {"const": name}}},
                "then": {"$ref": f"#/$defs/connection.{name}"},
            }
            for name in variants
        ],
    }
    return schema


def _design_files() -> Mapping[str, Schema]:
    """Return the schemas of what templates say to composers with designs of their own, such as `exstream.yaml`."""
    known = {file.name: file.shape for name in connector_names() if (file := manifest(name).design_file) is not None}
    return {
        f"{Path(name).stem}.design.schema.json": _titled(f"{TEMPLATES}/*/{name}", _whole_from_environment(shape))
        for name, shape in known.items()
    }


def _whole_from_environment(model: type[BaseModel]) -> Schema:
    schema = model.model_json_schema()
    definitions = cast("Schema", schema.get("$defs", {}))
    return {
        **_with_environment(schema),
        "$defs": {name: _with_environment(inner) for name, inner in definitions.items()},
    }


def _connection(name: str) -> Schema:
    """Return the schema of a connection that uses this connector, with definitions of its own."""
    model: type[BaseModel] = manifest(name).settings
    schema = model.model_json_schema(ref_template=f"#/$defs/{name}.{{model}}")
    definitions = cast("Schema", schema.pop("$defs", {}))
    properties = {key: _or_from_environment(value) for key, value in cast("Schema", schema["properties"]).items()}
    return {
        **schema,
        "properties": {
            "connector": {"const": name},
            "limits": {"$ref": "#/$defs/LimitsShape"},
            "further_providers": {"type": "array", "items": {"type": "string"}},
            **properties,
        },
        "$defs": {f"{name}.{key}": _with_environment(value) for key, value in definitions.items()},
    }


def _with_environment(schema: Schema) -> Schema:
    if "properties" not in schema:
        return schema
    properties = cast("Schema", schema["properties"])
    return {**schema, "properties": {key: _or_from_environment(value) for key, value in properties.items()}}


def _or_from_environment(schema: Schema) -> Schema:
    """A value may be left to the environment, whatever its type."""
    if schema.get("type") == "string" and not {"pattern", "format", "enum", "const"} & {*schema}:
        return schema
    described = {key: schema[key] for key in ("description", "title") if key in schema}
    return {**described, "anyOf": [schema, _FROM_ENVIRONMENT]}
