"""Reads a mapping file into a compiled mapping, collecting every mistake."""

from collections.abc import Mapping, Sequence

from xconnector.domain.record_path import PathError, RecordPath, items_of, parse_path, text_of
from xconnector.domain.strict_json import Json
from xconnector.project.customer_fields import GOLDEN_FIELDS, is_golden_field
from xconnector.project.findings import Finding, named_like
from xconnector.project.jsonata import JsonataError, from_jsonata
from xconnector.project.mapping import MappingUse, RecordMapping
from xconnector.project.mapping_customer_text import CUSTOMER_WORDS, CustomerWordReading
from xconnector.project.mapping_source import (
    Source,
    Take,
    Transform,
    constant,
    counted,
    first_of,
    for_each,
    from_path,
    group_at,
    joined,
    listed,
    summed,
)
from xconnector.project.transforms import TransformSpellingError, parse_transform
from xconnector.project.yaml_file import Place, YamlFile

SOURCE_WORDS = ("path", "const", "first", "join", "list", "sum", "count", "each", "group", "jsonata")
_BESIDE = ("then", "currency", "default", "required", "on_error", "on_missing")
_MISSING, _REJECT = "missing", "reject"
_ONLY_WITH = {"with": "join", "fields": "each"}
_TOP_KEYS = ("for", "key", "customer", "fields", "customer_fields", *CUSTOMER_WORDS)
_USE_KEYS = ("format", "where", "about")
_ANYTHING = "*"


def parse_mapping(name: str, file: YamlFile) -> tuple[RecordMapping | None, list[Finding]]:
    """Return the mapping, or None with everything that is wrong with it."""
    parsing = _Parsing(file)
    mapping = parsing.mapping(name)
    return (None if parsing.findings else mapping), parsing.findings


class _Parsing:
    def __init__(self, file: YamlFile) -> None:
        self._file = file
        self.findings: list[Finding] = []

    def mapping(self, name: str) -> RecordMapping | None:
        content = self._file.content
        if not isinstance(content, dict):
            self._find((), "a mapping has the keys customer and fields", "write `customer: <path>` and `fields:`")
            return None
        for key in content:
            if key not in _TOP_KEYS:
                self._find((key,), f"unknown key {key!r}", named_like(key, _TOP_KEYS))
        key = content.get("key")
        keys = key if isinstance(key, list) else [] if key is None else [key]
        mapping = RecordMapping(
            name=name,
            key=[self._source(part, ("key", at)) for at, part in enumerate(keys)],
            customer=self._source(content.get("customer"), ("customer",)),
            fields=self._fields(content.get("fields"), ("fields",)),
            customer_fields=self._fields(content.get("customer_fields") or {}, ("customer_fields",)),
            content=content,
            use=self._use(content["for"]) if "for" in content else None,
            word=CustomerWordReading(file=self._file, findings=self.findings, source=self._source).read(content),
        )
        for field in mapping.customer_fields:
            if not is_golden_field(field):
                remedy = named_like(field, GOLDEN_FIELDS)
                self._find(("customer_fields", field), f"the golden record has no field {field!r}", remedy)
        return mapping

    def _find(self, place: Place, message: str, remedy: str) -> None:
        self.findings.append(self._file.finding(place, message, remedy))

    def _use(self, content: Json) -> MappingUse | None:
        spelled = content if isinstance(content, dict) else {}
        for key in spelled:
            if key not in _USE_KEYS:
                self._find(("for", key), f"unknown key {key!r}", named_like(key, _USE_KEYS))
        form, about, where = spelled.get("format"), spelled.get("about", ""), spelled.get("where", {})
        if not isinstance(form, str) or not isinstance(about, str) or not isinstance(where, dict):
            self._find(("for",), "`for` must say which records the mapping takes", "write `for: {format: ubl}`")
            return None
        return MappingUse(
            format=form,
            about=about,
            where=[(self._path(path, ("for", "where", path)), self._wanted(path, one)) for path, one in where.items()],
        )

    def _wanted(self, path: str, spelled: Json) -> frozenset[str]:
        wanted = frozenset(text for one in items_of(spelled) if (text := text_of(one)))
        if not wanted:
            remedy = f'write one text or a list of them, or "{_ANYTHING}" for anything'
            self._find(("for", "where", path), f"`{path}` does not say what must stand there", remedy)
        return frozenset() if _ANYTHING in wanted else wanted

    def _fields(self, content: Json, place: Place) -> Mapping[str, Source]:
        if not isinstance(content, dict):
            self._find(place, f"`{place[-1]}` must name fields and where they come from", "write `our_field: <path>`")
            return {}
        return {name: self._source(spelled, (*place, name)) for name, spelled in content.items()}

    def _source(self, spelled: Json, place: Place) -> Source:
        if isinstance(spelled, str):
            return Source(told=spelled, take=from_path(self._path(spelled, place)))
        if not isinstance(spelled, dict):
            remedy = f"write a path, or one of {', '.join(SOURCE_WORDS)}"
            self._find(place, f"`{place[-1]}` does not say where it comes from", remedy)
            return _NOTHING
        words = [word for word in SOURCE_WORDS if word in spelled]
        self._refuse_unknown(spelled, words, place)
        if len(words) != 1:
            self._find(place, f"`{place[-1]}` needs exactly one of {', '.join(SOURCE_WORDS)}", "leave the others out")
            return _NOTHING
        [word] = words
        return Source(
            told=_told(spelled[word], word),
            take=self._take(word, spelled, place),
            then=self._transforms(spelled.get("then"), (*place, "then")),
            currency=self._source(spelled["currency"], (*place, "currency")) if "currency" in spelled else None,
            default=spelled.get("default"),
            is_required=self._flag(spelled.get("required", False), (*place, "required")),
            is_lenient=self._is_lenient(spelled.get("on_error", _REJECT), (*place, "on_error")),
        )

    def _refuse_unknown(self, spelled: Mapping[str, Json], words: Sequence[str], place: Place) -> None:
        known = (*SOURCE_WORDS, *_BESIDE, *_ONLY_WITH)
        for key in spelled:
            if key not in known:
                self._find((*place, key), f"unknown key {key!r}", named_like(key, known))
            elif key == "on_missing" and place[:-1] != ("customer_fields",):
                self._find((*place, key), "`on_missing` belongs to a field of customer_fields", "leave it out")
            elif key in _ONLY_WITH and _ONLY_WITH[key] not in words:
                self._find((*place, key), f"`{key}` belongs to `{_ONLY_WITH[key]}`", "leave it out")

    def _path(self, spelled: Json, place: Place) -> RecordPath:
        try:
            return parse_path(spelled if isinstance(spelled, str) else "")
        except PathError as wrong:
            self._find(place, f"`{place[-1]}`: {wrong}", "write names separated by dots, [0], [*] or [name=value]")
            return parse_path(".")

    def _sources(self, spelled: Json, place: Place) -> Sequence[Source]:
        if not isinstance(spelled, list) or not spelled:
            self._find(place, f"`{place[-1]}` needs a list", "write the sources as [first, second]")
            return ()
        return [self._source(one, (*place, at)) for at, one in enumerate(spelled)]

    def _transforms(self, spelled: Json, place: Place) -> Sequence[Transform]:
        if spelled is None:
            return ()
        listed_ones = spelled if isinstance(spelled, list) else [spelled]
        found: list[Transform] = []
        for at, one in enumerate(listed_ones):
            try:
                found.append(parse_transform(one))
            except TransformSpellingError as wrong:
                self._find((*place, at), "a transform is not understood", str(wrong))
        return found

    def _flag(self, spelled: Json, place: Place) -> bool:
        if not isinstance(spelled, bool):
            self._find(place, "`required` is true or false", "write `required: true`")
        return spelled is True

    def _is_lenient(self, spelled: Json, place: Place) -> bool:
        if spelled not in (_MISSING, _REJECT):
            message = f"`on_error` is {_MISSING} or {_REJECT}"
            self._find(place, message, f"write `on_error: {_MISSING}` where the value may be left out")
        return spelled == _MISSING

    def _take(self, word: str, spelled: Mapping[str, Json], place: Place) -> Take:
        content, here = spelled[word], (*place, word)
        match word:
            case "path":
                taken = from_path(self._path(content, here))
            case "const":
                taken = constant(content)
            case "first":
                taken = first_of(self._sources(content, here))
            case "join":
                taken = joined(self._sources(content, here), self._separator(spelled.get("with", " "), place))
            case "list":
                taken = listed(self._sources(content, here))
            case "sum":
                taken = summed(self._path(content, here))
            case "count":
                taken = counted(self._path(content, here))
            case "group":
                taken = group_at(self._path(content, here))
            case "jsonata":
                taken = self._jsonata(content, here)
            case _:
                fields = self._fields(spelled.get("fields"), (*place, "fields"))
                taken = for_each(self._path(content, here), fields)
        return taken

    def _jsonata(self, spelled: Json, place: Place) -> Take:
        try:
            return from_jsonata(spelled if isinstance(spelled, str) else "")
        except JsonataError as wrong:
            self._find(
                place, f"no expression of JSONata: {wrong}", "write one such as `$sum(lines.amount)` in 'quotes'"
            )
            return _NOTHING.take

    def _separator(self, spelled: Json, place: Place) -> str:
        if not isinstance(spelled, str):
            self._find((*place, "with"), "`with` must be text", 'write it in "quotes"')
            return " "
        return spelled


_NOTHING = Source(told="nothing", take=constant(None))


def _told(spelled: Json, word: str) -> str:
    """Return what errors call a source: its path, or its word with the paths it names."""
    if isinstance(spelled, str):
        return (
            spelled if word in {"path", "each"} else "the expression" if word == "jsonata" else f"{word} of {spelled}"
        )
    if isinstance(spelled, list):
        return f"{word} of {', '.join(part for part in spelled if isinstance(part, str)) or 'several sources'}"
    return word
