"""Where a field of a mapping gets its value from: paths, constants, joins, sums, lists of records."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TypeAlias

from xconnector.domain.record_path import RecordPath, items_of, scalar_of, text_of
from xconnector.domain.strict_json import Json
from xconnector.project.data_contract import read_number

Take: TypeAlias = Callable[[Json, Json], Json]
"""Called with the thing in hand and the record's root; gives None where there is nothing."""
Transform: TypeAlias = Callable[[Json], Json]


class ValueProblemError(ValueError):
    """A value cannot be had or changed; the text names path and expectation, never the value."""


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

    def value(self, item: Json, root: Json) -> Json:
        """Return the value, the default, or None.

        Raises ValueProblemError or PathError.
        """
        value = present(self.take(item, root))
        if value is not None and self.then:
            value = present(self._changed(value))
        if value is None or value == []:
            value = self._default(value)
        elif self.currency is not None:
            return self._money(value, item, root)
        return value

    def _changed(self, value: Json) -> Json:
        try:
            for transform in self.then:
                value = transform(value)
                if value is None:
                    return None
        except ValueProblemError as wrong:
            raise ValueProblemError(f"{self.told} {wrong}") from None
        return value

    def _default(self, value: Json) -> Json:
        if self.default is not None:
            return self.default
        if self.is_required:
            raise ValueProblemError(f"{self.told} is missing")
        return value

    def _money(self, value: Json, item: Json, root: Json) -> Json:
        currency = self.currency.value(item, root) if self.currency else None
        if isinstance(value, list):
            return [{"amount": one, "currency": currency} for one in value]
        return {"amount": value, "currency": currency}


def present(value: Json) -> Json:
    """Return a value, or None where there is nothing: empty text is nothing."""
    value = scalar_of(value)
    if isinstance(value, str):
        return value if value and not value.isspace() else None
    if isinstance(value, list):
        return [found for one in value if (found := present(one)) is not None]
    return value


def from_path(path: RecordPath) -> Take:
    """A value at a path; what is neither a single value nor a list of them is refused."""
    walk, told = path.walk, path.text

    def take(item: Json, root: Json) -> Json:
        value = scalar_of(walk(item, root))
        if isinstance(value, dict) or (
            isinstance(value, list) and any(isinstance(scalar_of(one), (dict, list)) for one in value)
        ):
            raise ValueProblemError(f"{told} is a group of fields: name one of them")
        return value

    return take


def constant(value: Json) -> Take:
    return lambda _item, _root: value


def first_of(sources: Sequence[Source]) -> Take:
    """The first source that has something."""

    def take(item: Json, root: Json) -> Json:
        for source in sources:
            value = source.value(item, root)
            if value is not None and value != []:
                return value
        return None

    return take


def joined(sources: Sequence[Source], separator: str) -> Take:
    """One text of what there is."""

    def take(item: Json, root: Json) -> Json:
        parts = [text_of(part) for source in sources for part in items_of(source.value(item, root))]
        return separator.join(part.strip() for part in parts if part) or None

    return take


def listed(sources: Sequence[Source]) -> Take:
    """One flat list of what there is."""

    def take(item: Json, root: Json) -> Json:
        return [value for source in sources for value in items_of(source.value(item, root))]

    return take


def summed(path: RecordPath) -> Take:
    """The exact sum of the numbers at a path, as decimal text; nothing where there is none."""

    def take(item: Json, root: Json) -> Json:
        found = [present(value) for value in items_of(path.walk(item, root))]
        numbers = [_number(value, path.text) for value in found if value is not None]
        return f"{sum(numbers, Decimal(0)):f}" if numbers else None

    return take


def _number(value: Json, told: str) -> Decimal:
    number = read_number(value)
    if number is None:
        raise ValueProblemError(f"{told} holds something that is no number such as 1234.50")
    return number


def counted(path: RecordPath) -> Take:
    return lambda item, root: len(items_of(path.walk(item, root)))


def for_each(path: RecordPath, fields: Mapping[str, Source]) -> Take:
    """A list of records: the fields of every item at a path."""

    def take(item: Json, root: Json) -> Json:
        return [
            {name: source.value(one, root) for name, source in fields.items()}
            for one in items_of(path.walk(item, root))
        ]

    return take
