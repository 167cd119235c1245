"""Which paths of a record a mapping reads, and where its file says so."""

from collections.abc import Iterator, Mapping

from xconnector.domain.strict_json import Json
from xconnector.project.lineage import each_item, from_top
from xconnector.project.yaml_file import Place, YamlFile

_PATHS = ("path", "sum", "count", "group")
_SEVERAL = ("first", "join", "list")


def paths_read(file: YamlFile) -> Iterator[tuple[Place, str]]:
    """Yield every path from the record's top with its place in a mapping file that is well formed."""
    content = file.content
    if not isinstance(content, dict):
        return
    key = content.get("key")
    for at, part in enumerate(key if isinstance(key, list) else [key]):
        yield from _source(part, ("key", at), "")
    for part in ("customer", "deleted"):
        yield from _source(content.get(part), (part,), "")
    for section in ("fields", "customer_fields", "verified"):
        yield from _fields(content.get(section), (section,), "")


def paths_of(spelled: Json) -> Iterator[str]:
    """Yield every path from the record's top of one source that is well formed; of JSONata none."""
    for _, path in _source(spelled, (), ""):
        yield path


def _fields(spelled: Json, place: Place, base: str) -> Iterator[tuple[Place, str]]:
    for name, source in spelled.items() if isinstance(spelled, dict) else ():
        yield from _source(source, (*place, name), base)


def _source(spelled: Json, place: Place, base: str) -> Iterator[tuple[Place, str]]:
    if isinstance(spelled, str):
        yield place, from_top(base, spelled)
    elif isinstance(spelled, dict):
        yield from _spelled_out(spelled, place, base)


def _spelled_out(spelled: Mapping[str, Json], place: Place, base: str) -> Iterator[tuple[Place, str]]:
    for word in _PATHS:
        if isinstance(path := spelled.get(word), str):
            yield (*place, word), from_top(base, path)
    for word in _SEVERAL:
        several = spelled.get(word)
        for at, one in enumerate(several if isinstance(several, list) else ()):
            yield from _source(one, (*place, word, at), base)
    yield from _source(spelled.get("currency"), (*place, "currency"), base)
    if isinstance(path := spelled.get("each"), str):
        here = from_top(base, path)
        yield (*place, "each"), here
        yield from _fields(spelled.get("fields"), (*place, "fields"), each_item(here))
