"""Pydantic's complaints as findings: with the file's line, the nearest known key, and what the field means."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import UnionType
from typing import Annotated, TypeVar, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from xconnector.domain.strict_json import Json
from xconnector.project.findings import Finding, named_like
from xconnector.project.shape_words import told
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
        return None, [_finding(model, detail, where) for detail in details if not _only_follows(detail, details)]


def _only_follows(detail: ErrorDetails, details: Sequence[ErrorDetails]) -> bool:
    """Say whether a list is called too short only because what is in it is wrong."""
    way = detail["loc"]
    return detail["type"] == "too_short" and any(
        len(other["loc"]) > len(way) and other["loc"][: len(way)] == way for other in details
    )


def _finding(model: type[BaseModel], detail: ErrorDetails, where: Shaped) -> Finding:
    followed = _follow(model, detail["loc"])
    place = (*where.place, *followed.way)
    name = ".".join(str(part) for part in followed.way)
    field = str(followed.way[-1]) if followed.way else ""
    about = followed.description
    match detail["type"]:
        case "extra_forbidden":
            return where.file.finding(place, f"unknown key {field!r}", named_like(field, followed.siblings))
        case "missing":
            return where.file.finding(place, f"`{name}` is missing", f"add it: {about}" if about else "add it")
        case _:
            said = told(detail)
            message = f"`{name}`: {said}" if name else said
            return where.file.finding(place, message, f"it is: {about}" if about else "change it")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Followed:
    """Where a complaint leads: the way through the file, without the names that pydantic gives to variants."""

    way: tuple[str | int, ...]
    siblings: tuple[str, ...]
    """Keys that are known there."""
    description: str
    """What the field is, if it is one."""


@dataclass(frozen=True, slots=True)
class _Variants:
    """A union whose variants are told apart by a field."""

    annotation: object
    discriminator: str


def _follow(model: type[BaseModel], way: Sequence[str | int]) -> _Followed:
    types: list[object] = [model]
    kept: list[str | int] = []
    for part in way[:-1]:
        chosen = [variant for one in types for variant in _chosen(one, part)]
        stepped = [after for one in types for after in _step(one, part)]
        if not chosen and stepped:
            kept.append(part)
        types = chosen or stepped or types
    models = [one for found in types for one in _models_in(found)]
    fields = [(field.alias or name, field) for one in models for name, field in one.model_fields.items()]
    described = [field.description for name, field in fields if way and name == way[-1] and field.description]
    return _Followed(
        way=(*kept, *way[-1:]),
        siblings=tuple(name for name, _ in fields),
        description=" ".join(described[0].split()) if described else "",
    )


def _chosen(annotation: object, part: str | int) -> Iterator[object]:
    """Yield the variant that a part of the way names."""
    if isinstance(annotation, _Variants):
        for one in _models_in(annotation.annotation):
            if part in get_args(one.model_fields[annotation.discriminator].annotation):
                yield one


def _step(annotation: object, part: str | int) -> Iterator[object]:
    if isinstance(annotation, _Variants):
        return
    for one in _unfolded(annotation):
        if isinstance(one, type) and issubclass(one, BaseModel):
            for name, field in one.model_fields.items():
                if part in {name, field.alias}:
                    tag = field.discriminator
                    yield _Variants(field.annotation, tag) if isinstance(tag, str) else field.annotation
        elif isinstance(origin := get_origin(one), type) and issubclass(origin, (Mapping, Sequence)):
            yield next(inner for inner in reversed(get_args(one)) if inner is not Ellipsis)


def _models_in(annotation: object) -> Iterator[type[BaseModel]]:
    inner = annotation.annotation if isinstance(annotation, _Variants) else annotation
    for one in _unfolded(inner):
        if isinstance(one, type) and issubclass(one, BaseModel):
            yield one


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
