"""Where a field of a mapping gets its value from: paths, constants, joins, sums, lists of records."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TypeAlias

from xconnector.domain.record_path import RecordPath, items_of, scalar_of, text_of
from xconnector.domain.strict_json import Json
from xconnector.project.data_contract import read_number
from xconnector.project.lineage import CONSTANT, DEFAULT, Origins, below, came_from, each_item, from_top, united

_Value: TypeAlias = Callable[[Json, Json], Json]
"""Called with the thing in hand and the record's root; gives None where there is nothing."""
Transform: TypeAlias = Callable[[Json], Json]
_NUMBERS = frozenset({int, float, bool})


class ValueProblemError(ValueError):
    """A value cannot be had or changed; the text names path and expectation, never the value."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Take:
    """How a value is taken from a record, and where it then came from."""

    value: _Value
    origins: Callable[[Json, Json, str], Origins]
    """Called as `value` is, and with the path of the thing in hand from the record's top. Where there is nothing it
    gives every path that was asked."""
    is_present: bool = False
    """Whether `value` already gives None in place of empty text, and no text of an XML element as a group."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """One field's way from a record to its value."""

    told: str
    """What an error calls it, such as a path."""
    take: Take
    then: Sequence[Transform] = ()
    currency: "Source | None" = None
    default: Json = None
    is_required: bool = False
    is_lenient: bool = False
    """Whether a value that a transform cannot read counts as missing."""
    value: _Value = field(init=False, repr=False, compare=False)
    """Gives the value, the default, or None.

    Raises ValueProblemError or PathError.
    """

    def __post_init__(self) -> None:
        # Chosen once: a mapping is applied millions of times.
        object.__setattr__(self, "value", self._way())

    def _way(self) -> _Value:
        is_settled = not self.take.is_present or self.default is not None or self.is_required or self.is_lenient
        if is_settled or len(self.then) > 1 or (self.then and self.currency):
            return self._settled
        if self.currency is not None:
            return self._way_to_money(self.take.value, self.currency.value)
        return self._way_through(self.take.value, self.then[0]) if self.then else self.take.value

    def _way_to_money(self, take: _Value, currency: _Value) -> _Value:
        def value(item: Json, root: Json) -> Json:
            amount = take(item, root)
            if amount is None or isinstance(amount, list):
                return self._settled(item, root)
            return {"amount": amount, "currency": currency(item, root)}

        return value

    def _way_through(self, take: _Value, transform: Transform) -> _Value:
        def value(item: Json, root: Json) -> Json:
            found = take(item, root)
            if found is None:
                return None
            try:
                changed = transform(found)
            except ValueProblemError as wrong:
                raise ValueProblemError(f"{self.told} {wrong}") from None
            return changed if type(changed) is str and changed and not changed.isspace() else present(changed)

        return value

    def origins(self, item: Json, root: Json, base: str) -> Origins:
        """Return the paths from which the value came; all that were asked where there is none.

        Raises as `value` does.
        """
        if self.default is not None and self._found(item, root) in (None, []):
            return came_from(DEFAULT)
        taken = self.take.origins(item, root, base)
        if self.currency is None:
            return taken
        return united([taken, self.currency.origins(item, root, base)])

    def _settled(self, item: Json, root: Json) -> Json:
        value = self._found(item, root)
        if value is None or value == []:
            return self._default(value)
        if self.currency is not None:
            return self._money(value, self.currency.value(item, root))
        return value

    def _found(self, item: Json, root: Json) -> Json:
        value = self.take.value(item, root)
        if not self.take.is_present:
            value = present(value)
        if value is not None and self.then:
            value = present(self._changed(value))
        return value

    def _changed(self, value: Json) -> Json:
        try:
            for transform in self.then:
                value = transform(value)
                if value is None:
                    return None
        except ValueProblemError as wrong:
            if self.is_lenient:
                return None
            raise ValueProblemError(f"{self.told} {wrong}") from None
        return value

    def _default(self, value: Json) -> Json:
        if self.default is not None:
            return self.default
        if self.is_required:
            raise ValueProblemError(f"{self.told} is missing")
        return value

    def _money(self, value: Json, currency: Json) -> Json:
        if isinstance(value, list):
            return [{"amount": one, "currency": currency} for one in value]
        return {"amount": value, "currency": currency}


def present(value: Json) -> Json:
    """Return a value, or None where there is nothing: empty text is nothing."""
    if type(value) is str:
        return value if value and not value.isspace() else None
    value = scalar_of(value)
    if isinstance(value, str):
        return value if value and not value.isspace() else None
    if isinstance(value, list):
        return [found for one in value if (found := present(one)) is not None]
    return value


def from_path(path: RecordPath) -> Take:
    """A value at a path; what is neither a single value nor a list of them is refused."""

    def origins(_item: Json, _root: Json, base: str) -> Origins:
        return came_from(from_top(base, path.text))

    return Take(value=_straight(path) or _walked(path), origins=origins, is_present=True)


def _walked(path: RecordPath) -> _Value:
    walk, told = path.walk, path.text

    def value(item: Json, root: Json) -> Json:
        found = walk(item, root)
        # Most values are text, and are let pass with as few questions as can be.
        if type(found) is str:
            return found if found and not found.isspace() else None
        if found is None or type(found) in _NUMBERS:
            return found
        return present(_single(found, told))

    return value


def _straight(path: RecordPath) -> _Value | None:
    """Take a value at one name, or one below another, as most paths are; None for any other path."""
    match path.names:
        case [name]:
            return _at_name(name, _walked(path))
        case [group, name]:
            return _in_group(group, name, _walked(path))
        case _:
            return None


def _at_name(name: str, carefully: _Value) -> _Value:
    def value(item: Json, root: Json) -> Json:
        if type(item) is dict:
            found = item.get(name)
            if type(found) is str and found and not found.isspace():
                return found
            if found is None or type(found) in _NUMBERS:
                return found
        return carefully(item, root)

    return value


def _in_group(group: str, name: str, carefully: _Value) -> _Value:
    def value(item: Json, root: Json) -> Json:
        if type(item) is dict and type(inner := item.get(group)) is dict:
            found = inner.get(name)
            if type(found) is str and found and not found.isspace():
                return found
            if found is None or type(found) in _NUMBERS:
                return found
        return carefully(item, root)

    return value


def _single(value: Json, told: str) -> Json:
    value = scalar_of(value)
    if isinstance(value, dict) or (
        isinstance(value, list) and any(isinstance(scalar_of(one), (dict, list)) for one in value)
    ):
        raise ValueProblemError(f"{told} is a group of fields: name one of them")
    return value


def group_at(path: RecordPath) -> Take:
    """Whatever stands at a path, groups of fields included, as it stands."""

    def origins(_item: Json, _root: Json, base: str) -> Origins:
        return came_from(from_top(base, path.text))

    return Take(value=path.walk, origins=origins, is_present=True)


def constant(value: Json) -> Take:
    return Take(value=lambda _item, _root: value, origins=lambda _item, _root, _base: came_from(CONSTANT))


def first_of(sources: Sequence[Source]) -> Take:
    """The first source that has something."""

    def value(item: Json, root: Json) -> Json:
        for source in sources:
            found = source.value(item, root)
            if found is not None and found != []:
                return found
        return None

    def origins(item: Json, root: Json, base: str) -> Origins:
        for source in sources:
            if source.value(item, root) not in (None, []):
                return source.origins(item, root, base)
        return united(source.origins(item, root, base) for source in sources)

    return Take(value=value, origins=origins)


def joined(sources: Sequence[Source], separator: str) -> Take:
    """One text of what there is."""

    def value(item: Json, root: Json) -> Json:
        parts = [text_of(part) for source in sources for part in items_of(source.value(item, root))]
        return separator.join(part.strip() for part in parts if part) or None

    return Take(value=value, origins=_of_those_there(sources))


def listed(sources: Sequence[Source]) -> Take:
    """One flat list of what there is."""

    def value(item: Json, root: Json) -> Json:
        return [found for source in sources for found in items_of(source.value(item, root))]

    return Take(value=value, origins=_of_those_there(sources))


def _of_those_there(sources: Sequence[Source]) -> Callable[[Json, Json, str], Origins]:
    def origins(item: Json, root: Json, base: str) -> Origins:
        there = [source for source in sources if source.value(item, root) not in (None, [])]
        return united(source.origins(item, root, base) for source in there or sources)

    return origins


def summed(path: RecordPath) -> Take:
    """The exact sum of the numbers at a path, as decimal text; nothing where there is none."""

    def value(item: Json, root: Json) -> Json:
        found = [present(one) for one in items_of(path.walk(item, root))]
        numbers = [_number(one, path.text) for one in found if one is not None]
        return f"{sum(numbers, Decimal(0)):f}" if numbers else None

    return Take(value=value, origins=lambda _item, _root, base: came_from(from_top(base, path.text)))


def _number(value: Json, told: str) -> Decimal:
    number = read_number(value)
    if number is None:
        raise ValueProblemError(f"{told} holds something that is no number such as 1234.50")
    return number


def counted(path: RecordPath) -> Take:
    return Take(
        value=lambda item, root: len(items_of(path.walk(item, root))),
        origins=lambda _item, _root, base: came_from(from_top(base, path.text)),
    )


def for_each(path: RecordPath, fields: Mapping[str, Source]) -> Take:
    """A list of records: the fields of every item at a path."""
    ways = [(name, source.value) for name, source in fields.items()]

    def value(item: Json, root: Json) -> Json:
        return [{name: way(one, root) for name, way in ways} for one in items_of(path.walk(item, root))]

    def origins(item: Json, root: Json, base: str) -> Origins:
        here = from_top(base, path.text)
        inside = [
            below(f"[*].{name}", source.origins(one, root, each_item(here)))
            for one in items_of(path.walk(item, root)) or [None]
            for name, source in fields.items()
        ]
        return united([came_from(here), *inside])

    return Take(value=value, origins=origins, is_present=True)
