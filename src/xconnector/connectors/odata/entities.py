"""What stands on a page of OData, version 2 or 4: entities, removed ones, and where to go on."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import unquote

from xconnector.contract.errors import MisconfiguredError
from xconnector.domain.event import REMOVED
from xconnector.domain.strict_json import Json

_DATE = re.compile(r"/Date\((-?\d{1,15})(?:[+-]\d{1,4})?\)/")
_LONGEST_DATE = 40
_KEY = re.compile(r".*\((?P<key>[^()]*)\)/?")
_DELETED = "$deletedEntity"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

Entity = dict[str, Json]


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One page."""

    entities: list[Entity]
    """A removed one holds `@removed`, and its key where the page says no more."""
    next_link: str | None
    delta_link: str | None


def read_page(content: Mapping[str, Json], *, is_of_version_2: bool, key: tuple[str, ...]) -> Page:
    """Return what stands on a page. Raises MisconfiguredError where it is no page of that version."""
    body = content.get("d") if is_of_version_2 else content
    if isinstance(body, list):
        # Services of the first days of version 2 give no more than the list.
        body = {"results": body}
    listed = body.get("results" if is_of_version_2 else "value") if isinstance(body, dict) else None
    if not isinstance(body, dict) or not isinstance(listed, list):
        raise MisconfiguredError("the answer is no list of that version; correct `version` or `entity_set`")
    there = [one for one in listed if isinstance(one, dict)]
    entities = [_entity_of_version_2(one) if is_of_version_2 else _entity(one, key) for one in there]
    if is_of_version_2:
        return Page(entities=entities, next_link=_text(body.get("__next")), delta_link=None)
    return Page(
        entities=entities,
        next_link=_text(body.get("@odata.nextLink") or body.get("@nextLink")),
        delta_link=_text(body.get("@odata.deltaLink") or body.get("@deltaLink")),
    )


def version_of(entity: Entity, changed: str) -> str | None:
    """Return what tells one state of an entity from another: when it changed, or its tag."""
    metadata = entity.get("__metadata")
    told = [
        entity.get(changed) if changed else None,
        entity.get("@odata.etag") or entity.get("@etag"),
        metadata.get("etag") if isinstance(metadata, dict) else None,
    ]
    return "~".join(str(one) for one in told if isinstance(one, (str, int)) and one != "") or None


def _entity_of_version_2(one: Entity) -> Entity:
    return {name: _dated(value) for name, value in one.items()}


def _entity(one: Entity, key: tuple[str, ...]) -> Entity:
    if REMOVED not in one and not str(one.get("@odata.context") or one.get("@context") or "").endswith(_DELETED):
        return one
    named = str(one.get("id") or one.get("@id") or one.get("@odata.id") or "")
    found = _KEY.fullmatch(named)
    plain = unquote(found["key"] if found else named).strip("'").replace("''", "'")
    reason = one.get(REMOVED) or {"reason": one.get("reason") or "deleted"}
    # `id` is the whole name of a removed entity, be it the name of a property too.
    is_unnamed = key[0] not in one or (key[0] == "id" and found is not None)
    missing = {key[0]: plain} if len(key) == 1 and is_unnamed and plain else dict(_parts(plain, key, one))
    return {**one, **missing, REMOVED: reason}


def _parts(named: str, key: tuple[str, ...], entity: Entity) -> Iterator[tuple[str, Json]]:
    """Yield the parts of a key of several, such as `no='7',year=2026`."""
    for part in named.split(","):
        name, equals, value = part.partition("=")
        if equals and name.strip() in key and name.strip() not in entity:
            yield name.strip(), value.strip().strip("'")


def _dated(value: Json) -> Json:
    """Return the times of version 2 as everybody else writes them."""
    if isinstance(value, str) and len(value) <= _LONGEST_DATE and (found := _DATE.fullmatch(value)):
        try:
            return (_EPOCH + timedelta(milliseconds=int(found[1]))).isoformat()
        except OverflowError:
            return value
    return value


def _text(value: Json) -> str | None:
    return value if isinstance(value, str) and value else None
