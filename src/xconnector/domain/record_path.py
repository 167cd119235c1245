"""Paths into a source record: how mappings, keys and control totals name what stands in it.

A record is made of JSON types, whatever it arrived as. XML elements are mappings of their children,
with `@name` for an attribute and `#text` for the text beside attributes.

    policy.number          a value
    lines[0].amount        one item; [-1] is the last
    lines[*].amount        every item, as one flat list
    total[type=net].amount the first item that fits; also [type!=net], and [type] where it has one
    party[id=/owner.ref]   the first item that fits what stands elsewhere in the record
    lines[*][type=fee]     every item that fits
    /currency              from the record's root, wherever the path is used
    .                      the thing itself

One thing counts as a list of one, because XML does not tell a single element from a list.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias, cast

from xconnector.domain.strict_json import Json


class PathError(ValueError):
    """The path is not well formed, or leads through a list without saying which item. Names no value."""


@dataclass(frozen=True, slots=True)
class NameStep:
    """What is called so."""

    name: str


@dataclass(frozen=True, slots=True)
class ItemStep:
    """One item of a list."""

    index: int


@dataclass(frozen=True, slots=True)
class EveryStep:
    """Every item."""


@dataclass(frozen=True, slots=True)
class FittingStep:
    """The first item that fits a condition."""

    path: "RecordPath"
    wanted: "str | RecordPath | None"
    """A path from the root asks for what stands there; None asks only whether there is such a thing."""
    fits_if_equal: bool = True


Step: TypeAlias = NameStep | ItemStep | EveryStep | FittingStep
_Walk: TypeAlias = Callable[[Json, Json], Json]

_NAME = re.compile(r'"(?P<quoted>[^"]+)"|(?P<bare>[^.\[\]/"=!\s][^.\[\]"=!]*)')
_NUMBER = re.compile(r"-?\d{1,6}")
_LONGEST = 500


@dataclass(frozen=True, slots=True)
class RecordPath:
    """A path, ready to be walked."""

    text: str
    walk: _Walk
    """Called with the thing it starts from and the record's root; gives None where there is nothing, and
    always a list where the path asks for every item.

    Raises PathError when a name is looked for in a list.
    """
    names: tuple[str, ...] = ()
    """Its names, where it is nothing but names from the thing it starts from."""

    def of(self, record: Mapping[str, Any]) -> Json:
        """Return what stands there in a record, or None."""
        root = cast("Json", record)
        return self.walk(root, root)


def parse_path(text: str) -> RecordPath:
    """Return the path that the text means.

    Raises PathError saying what is wrong with it.
    """
    if not text or len(text) > _LONGEST:
        raise PathError(f"a path has 1 to {_LONGEST} characters")
    if text == ".":
        return RecordPath(text, walk=_itself)
    from_root = text.startswith("/")
    steps = PathSteps(text[1:] if from_root else text).parse()
    walk = _walk_of(steps, text)
    if EveryStep() in steps:
        walk = _always_a_list(walk)
    if from_root:
        return RecordPath(text, walk=_from_root(walk))
    names = tuple(step.name for step in steps if isinstance(step, NameStep))
    return RecordPath(text, walk=walk, names=names if len(names) == len(steps) else ())


def items_of(value: Json) -> Sequence[Json]:
    """Return a list as it is, nothing as no item, and one thing as a list of one."""
    if value is None:
        return ()
    if isinstance(value, list):
        return value
    return (value,)


def scalar_of(value: Json) -> Json:
    """Return the text of an XML element that also has attributes; any other value as it is."""
    return value.get("#text", value) if isinstance(value, dict) else value


def key_of(paths: Sequence[RecordPath], record: Mapping[str, Any]) -> str:
    """Return the record's key: the text at each path, joined by `/`.

    Raises PathError naming the path where there is nothing.
    """
    return "/".join([_key_part(path, record) for path in paths])


def _key_part(path: RecordPath, record: Mapping[str, Any]) -> str:
    part = (text_of(path.of(record)) or "").strip()
    if not part:
        raise PathError(f"the record has no key: {path.text} is missing")
    if len(part) > _LONGEST:
        raise PathError(f"the record's key is too long: {path.text} has more than {_LONGEST} characters")
    return part


def text_of(value: Json) -> str | None:
    """Return a single value as text (`true` and `false` for truth values), or None where it is none."""
    value = scalar_of(value)
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return str(value)
    return None


class NoSuchNameError(PathError):
    """A path names something that what it is for does not have."""

    def __init__(self, name: str, known: Sequence[str]) -> None:
        super().__init__(f"there is no {name!r}")
        self.name = name
        self.known = known
        """The names that there are in its place."""


def prove_path(text: str, sample: Mapping[str, Any]) -> None:
    """Prove that a path from the top leads somewhere in things like a sample, in which each list has one item.

    Raises NoSuchNameError, or another PathError.
    """
    found = cast("Json", sample)
    if text == ".":
        return
    for step in PathSteps(text.removeprefix("/")).parse():
        if not isinstance(step, NameStep):
            found = next(iter(items_of(found)), None)
        elif isinstance(found, list):
            raise PathError(f"it leads through a list before {step.name!r}: write [0] or [*] there")
        elif isinstance(found, dict) and step.name in found:
            found = found[step.name]
        else:
            raise NoSuchNameError(step.name, sorted(found) if isinstance(found, dict) else ())


class PathSteps:
    """Reads the steps of one path from left to right."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0

    def parse(self) -> tuple[Step, ...]:
        steps: list[Step] = []
        # A path may start with brackets: the item itself is then the list.
        if not self._text.startswith("["):
            steps.append(self._name())
        while self._at < len(self._text):
            match self._text[self._at]:
                case ".":
                    self._at += 1
                    steps.append(self._name())
                case "[":
                    steps.append(self._bracket())
                case _:
                    raise self._wrong("expected . or [")
        return tuple(steps)

    def _name(self) -> NameStep:
        found = _NAME.match(self._text, self._at)
        if found is None:
            raise self._wrong("expected a name")
        self._at = found.end()
        return NameStep((found["quoted"] or found["bare"]).strip())

    def _bracket(self) -> Step:
        inside = self._inside()
        if inside == "*":
            return EveryStep()
        if _NUMBER.fullmatch(inside):
            return ItemStep(int(inside))
        return _condition(inside)

    def _inside(self) -> str:
        """Return what stands between this bracket and its partner, and go on behind it."""
        start, depth, quoted = self._at + 1, 0, False
        for at in range(self._at, len(self._text)):
            sign = self._text[at]
            if sign == '"':
                quoted = not quoted
            elif not quoted:
                depth += {"[": 1, "]": -1}.get(sign, 0)
                if depth == 0:
                    self._at = at + 1
                    return self._text[start:at].strip()
        raise self._wrong("this [ has no ]")

    def _wrong(self, complaint: str) -> PathError:
        return PathError(f"path {self._text!r}, character {self._at + 1}: {complaint}")


def _condition(text: str) -> FittingStep:
    at = _outside_brackets(text, "=")
    if at is None:
        return FittingStep(parse_path(text), None)
    differs = text[:at].endswith("!")
    left = text[: at - 1] if differs else text[:at]
    right = text[at + 1 :].strip()
    if right.startswith("/"):
        return FittingStep(parse_path(left.strip()), parse_path(right), fits_if_equal=not differs)
    if right[:1] == '"' and right[-1:] == '"' and len(right) > 1:
        right = right[1:-1]
    if not right:
        raise PathError(f"condition {text!r}: write a value behind =")
    return FittingStep(parse_path(left.strip()), right, fits_if_equal=not differs)


def _outside_brackets(text: str, wanted: str) -> int | None:
    depth, quoted = 0, False
    for at, sign in enumerate(text):
        if sign == '"':
            quoted = not quoted
        elif not quoted:
            if sign == wanted and depth == 0:
                return at
            depth += {"[": 1, "]": -1}.get(sign, 0)
    return None


def _itself(item: Json, _root: Json) -> Json:
    return item


def _from_root(walk: _Walk) -> _Walk:
    return lambda _item, root: walk(root, root)


def _always_a_list(walk: _Walk) -> _Walk:
    """Every item of something that is not there is no item, rather than nothing."""

    def walk_to_list(item: Json, root: Json) -> Json:
        found = walk(item, root)
        return [] if found is None else found

    return walk_to_list


def _walk_of(steps: tuple[Step, ...], text: str) -> _Walk:
    """Chain the steps into one function; what follows `[*]` is walked for every item."""
    walk: _Walk = _itself
    for step in reversed(steps):
        walk = _before(step, walk, text)
    return walk


def _before(step: Step, rest: _Walk, text: str) -> _Walk:
    match step:
        case NameStep(name):
            return _walk_name(name, rest, text)
        case ItemStep(index):
            return _walk_item(index, rest)
        case EveryStep():
            return _walk_every(rest)
        case FittingStep():
            return walk_fitting(step, rest)


def _walk_name(name: str, rest: _Walk, text: str) -> _Walk:
    def walk(item: Json, root: Json) -> Json:
        if isinstance(item, dict):
            found = item.get(name)
            return None if found is None else rest(found, root)
        if isinstance(item, list):
            raise PathError(f"path {text!r} leads through a list before {name!r}: write [0] or [*] there")
        return None

    return walk


def _walk_item(index: int, rest: _Walk) -> _Walk:
    def walk(item: Json, root: Json) -> Json:
        items = items_of(item)
        if -len(items) <= index < len(items):
            return rest(items[index], root)
        return None

    return walk


def _walk_every(rest: _Walk) -> _Walk:
    def walk(item: Json, root: Json) -> Json:
        return [found for one in items_of(item) for found in items_of(rest(one, root))]

    return walk


def walk_fitting(condition: FittingStep, rest: _Walk) -> _Walk:
    """Return what walks on from the first item that fits."""
    look, wanted, fits_if_equal = condition.path.walk, condition.wanted, condition.fits_if_equal

    def walk(item: Json, root: Json) -> Json:
        texts = _texts_wanted(wanted, root)
        for one in items_of(item):
            found = look(one, root)
            if texts is None:
                fits = bool(items_of(found))
            else:
                fits = any(text_of(each) in texts for each in items_of(found)) is fits_if_equal
            if fits:
                return rest(one, root)
        return None

    return walk


def _texts_wanted(wanted: "str | RecordPath | None", root: Json) -> frozenset[str] | None:
    if wanted is None:
        return None
    if isinstance(wanted, str):
        return frozenset((wanted,))
    return frozenset(text for one in items_of(wanted.walk(root, root)) if (text := text_of(one)))
