"""Pydantic's complaints as findings: with the file's line, the nearest known key, and what the field means."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import UnionType
from typing import Annotated, Any, TypeVar, Union, cast, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from xconnector.domain.strict_json import Json
from xconnector.project.findings import Finding, named_like
from xconnector.project.yaml_file import Place, YamlFile

M = TypeVar("M", bound=BaseModel)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shaped:
    """Where in a file a model is read from."""

    file: YamlFile
    place: Place = ()


def shape(model: type[M], content: Json, where: Shaped) -> tuple[M | None, list[Finding]]:
    """Return the content as a model, or None with everything that is wrong with it. Values appear in no finding."""
    try:
        return model.model_validate(content), []
    except ValidationError as wrong:
        details = wrong.errors(include_url=False, include_input=False)
        return None, [_finding(model, detail, where) for detail in details]


def _finding(model: type[BaseModel], detail: ErrorDetails, where: Shaped) -> Finding:
    way = detail["loc"]
    place = (*where.place, *way)
    name = _dotted(way)
    field = str(way[-1]) if way else ""
    match detail["type"]:
        case "extra_forbidden":
            siblings = _keys_at(model, way[:-1])
            return where.file.finding(place, f"unknown key {field!r}", named_like(field, siblings))
        case "missing":
            about = _description(model, way)
            return where.file.finding(place, f"`{name}` is missing", f"add it: {about}" if about else "add it")
        case _:
            said = detail["msg"].removeprefix("Value error, ")
            about = _description(model, way)
            message = f"`{name}`: {said[:1].lower()}{said[1:]}" if name else said
            return where.file.finding(place, message, f"it is: {about}" if about else "change it")


def _dotted(way: Sequence[str | int]) -> str:
    return ".".join(str(part) for part in way)


def _keys_at(model: type[BaseModel], way: Sequence[str | int]) -> Iterator[str]:
    for found in _models_at(model, way):
        for name, field in found.model_fields.items():
            yield field.alias or name


def _description(model: type[BaseModel], way: Sequence[str | int]) -> str:
    """Return the first line of a field's documentation."""
    for found in _models_at(model, way[:-1]) if way else ():
        for name, field in found.model_fields.items():
            if way[-1] in {name, field.alias} and field.description:
                return " ".join(field.description.split())
    return ""


def _models_at(model: type[BaseModel], way: Sequence[str | int]) -> list[type[BaseModel]]:
    """Follow a way through nested models; a variant of a union opens all its models."""
    types: list[Any] = [model]
    for part in way:
        stepped = [after for one in types for after in _step(one, part)]
        # The name of a union's variant is no step.
        types = stepped or types
    return [one for found in types for one in _unfolded(found) if isinstance(one, type) and issubclass(one, BaseModel)]


def _step(annotation: object, part: str | int) -> Iterator[object]:
    for one in _unfolded(annotation):
        if isinstance(one, type) and issubclass(one, BaseModel):
            for name, field in one.model_fields.items():
                if part in {name, field.alias}:
                    yield field.annotation
        elif isinstance(get_origin(one), type) and issubclass(cast("type", get_origin(one)), (Mapping, Sequence)):
            yield get_args(one)[-1] if get_args(one)[-1] is not Ellipsis else get_args(one)[0]


def _unfolded(annotation: object) -> Iterator[object]:
    """Yield the members of unions, without annotations."""
    origin = get_origin(annotation)
    if origin is Annotated:
        yield from _unfolded(get_args(annotation)[0])
    elif origin in {Union, UnionType}:
        for one in get_args(annotation):
            yield from _unfolded(one)
    else:
        yield annotation
