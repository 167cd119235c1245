"""What sources say of one customer by now, of all that they ever said.

A later statement of a field replaces an earlier one of the same source, or takes it back; where a source tells changes
of rows, one of the same row. The parts of a postal address are said together: who gives one of them gives a whole new
address, and who takes some back leaves the others.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from decimal import Decimal
from operator import attrgetter
from typing import Any, NamedTuple, cast

from xconnector.domain.customer import POSTAL_FIELDS, CustomerRecord

_TEXT_FIELDS = frozenset(
    {
        *("title", "first_name", "last_name", "company", "postcode", "city", "region", "country", "language"),
        *("email", "mobile", "preference", "quiet_hours", "alternate_format", "birth_date", "tax_id", "deceased_on"),
    }
)
_WHOLE = ""
"""The row of who speaks of the customer as a whole."""
_NEVER = datetime.min.replace(tzinfo=UTC)


class Statement(NamedTuple):
    """Values of which a source says by now that they are so, all of one moment."""

    as_of: datetime
    source: str
    member: str
    """Of whom it says so: a customer can have several keys."""
    values: Mapping[str, Any]
    verified: frozenset[str]
    heard_again: datetime | None = None
    """When it said the same once more."""
    source_row: str = ""
    """The row of its table that says so; empty where it speaks without rows."""

    def __repr__(self) -> str:
        """Tell no content."""
        return f"Statement({self.source}, {self.as_of})"


def statements_of(records: Iterable[CustomerRecord]) -> list[Statement]:
    """Return what each source says by now of each member of one customer, by the names of sources, members and rows.

    Records of one source and member are in the order in which they came: of two of one moment the later one counts.
    What a source says of one member takes back nothing that it said of another.
    """
    by_source: dict[tuple[str, str], list[CustomerRecord]] = {}
    for record in records:
        by_source.setdefault((record.source, record.customer_key), []).append(record)
    if len(by_source) > 1:
        by_source = {place: by_source[place] for place in sorted(by_source)}
    return [
        Statement(record.as_of, source, member, values, record.verified, record.heard_again, record.source_row)
        for (source, member), said in by_source.items()
        for record in (said if len(said) == 1 else _heard_when(latest_of(said), said))
        if (values := _values_of(record))
    ]


def latest_of(records: Sequence[CustomerRecord]) -> list[CustomerRecord]:
    """Return what one source says of one customer by now, oldest first: each field of a row once, as of its last word.

    `records` are in the order in which they came: of two of one moment the later one counts. A field that was taken
    back is None, and a record that replaced all before it stays, so that older news that comes later changes nothing.
    The golden record of what is returned is that of all of them.
    """
    # By far the most frequent: one record, or none that tells a row.
    if len(records) == 1 or len({record.source_row for record in records}) <= 1:
        return _latest_of_row(records)
    by_row: dict[str, list[CustomerRecord]] = {}
    for record in records:
        by_row.setdefault(record.source_row, []).append(record)
    latest = [one for said in _without_what_others_took_back(by_row).values() for one in _latest_of_row(said)]
    return sorted(latest, key=attrgetter("as_of", "source_row"))


def _without_what_others_took_back(by_row: Mapping[str, list[CustomerRecord]]) -> dict[str, list[CustomerRecord]]:
    """Return what each row says, and who speaks without one, less what was taken back by another of them.

    Of one moment none takes back what another says: of two rows that change together none came first.
    """
    whole = by_row.get(_WHOLE, [])
    whole_at = max((one.as_of for one in whole if one.replaces_all), default=_NEVER)
    rows = {row: said for row, said in by_row.items() if row != _WHOLE}
    rows_at = max((one.as_of for said in rows.values() for one in said if one.replaces_all), default=_NEVER)
    # That all was taken back stays: it counts for rows that are heard of later.
    left = [
        replace(one, fields={}, verified=frozenset()) if one.as_of < rows_at else one
        for one in whole
        if one.as_of >= rows_at or one.replaces_all
    ]
    return {_WHOLE: left} | {row: [one for one in said if one.as_of >= whole_at] for row, said in rows.items()}


def _latest_of_row(records: Sequence[CustomerRecord]) -> list[CustomerRecord]:
    if not records:
        return []
    *earlier, last = records
    heard = heard_of(last)
    # By far the most frequent: what came last names everything anew.
    if (
        heard
        and all(_is_outdone(record, last, heard) for record in earlier)
        and not (earlier and _only_ends_address(heard))
    ):
        return [
            CustomerRecord(
                customer_key=last.customer_key,
                source=last.source,
                as_of=last.as_of,
                fields=heard,
                verified=last.verified & heard.keys() if last.verified else last.verified,
                replaces_all=last.replaces_all,
                source_row=last.source_row,
            )
        ]
    latest = _Latest()
    for record in sorted(records, key=attrgetter("as_of")):
        latest.hear(record)
    return latest.records(last)


def _heard_when(latest: Iterable[CustomerRecord], said: Sequence[CustomerRecord]) -> list[CustomerRecord]:
    """Return the latest of a source row by row; what it says without rows with the moment when it said so once more."""
    again = said[-1].heard_again
    by_row = sorted(latest, key=attrgetter("source_row"))
    return [replace(one, heard_again=again if one.source_row == _WHOLE else None) for one in by_row]


def heard_of(record: CustomerRecord) -> dict[str, Any]:
    """Return what a record says, as golden values; None where it takes something back.

    A number that a source gives where text belongs, such as a postcode, is its digits; what is no single value
    there says nothing.
    """
    heard: dict[str, Any] = {}
    for name, given in record.fields.items():
        # By far the most frequent.
        if type(given) is str and name != "address_lines":
            heard[name] = given if given and not given.isspace() else None
        elif (value := _golden_value(name, given)) is not None or _is_blank(given):
            heard[name] = value
    return heard


def _values_of(record: CustomerRecord) -> dict[str, Any]:
    """Return the golden values that a record gives."""
    values: dict[str, Any] = {}
    for name, given in record.fields.items():
        # By far the most frequent.
        if type(given) is str and name != "address_lines":
            if given and not given.isspace():
                values[name] = given
        elif (value := _golden_value(name, given)) is not None:
            values[name] = value
    return values


def _is_outdone(record: CustomerRecord, last: CustomerRecord, heard: dict[str, Any]) -> bool:
    return record.as_of <= last.as_of and not record.replaces_all and record.fields.keys() <= heard.keys()


def _only_ends_address(heard: Mapping[str, Any]) -> bool:
    """Say whether what is heard of an address is only that parts of it are so no more."""
    parts = [heard[name] for name in POSTAL_FIELDS if name in heard]
    return bool(parts) and not any(part is not None for part in parts)


@dataclass(slots=True)
class _Latest:
    """What a source says after each of its records, heard oldest first."""

    fields: dict[str, Any] = field(default_factory=dict[str, Any])
    as_of: dict[str, datetime] = field(default_factory=dict[str, datetime])
    verified: set[str] = field(default_factory=set[str])
    replaced_at: datetime | None = None
    addressed_at: datetime | None = None
    """As of when it gave an address last."""

    def hear(self, record: CustomerRecord) -> None:
        if record.replaces_all:
            self._forget([*self.fields])
            self.replaced_at, self.addressed_at = record.as_of, None
        heard = heard_of(record)
        if any(heard.get(name) is not None for name in POSTAL_FIELDS):
            self._forget(POSTAL_FIELDS)
            self.addressed_at = record.as_of
        self.verified -= heard.keys()
        self.verified |= record.verified & heard.keys()
        self.fields |= heard
        self.as_of |= dict.fromkeys(heard, record.as_of)

    def _forget(self, names: Sequence[str]) -> None:
        for name in names:
            self.fields.pop(name, None)
            self.as_of.pop(name, None)
            self.verified.discard(name)

    def _remember_address(self) -> None:
        """Keep that there was an address, where all of it was taken back: older parts of another never come back."""
        if self.addressed_at is None or any(self.as_of.get(name) == self.addressed_at for name in POSTAL_FIELDS):
            return
        gone = [name for name in POSTAL_FIELDS if name not in self.fields]
        self.fields |= dict.fromkeys(gone)
        self.as_of |= dict.fromkeys(gone, self.addressed_at)

    def records(self, like: CustomerRecord) -> list[CustomerRecord]:
        self._remember_address()
        by_time: dict[datetime, dict[str, Any]] = {} if self.replaced_at is None else {self.replaced_at: {}}
        for name, value in self.fields.items():
            by_time.setdefault(self.as_of[name], {})[name] = value
        return [
            replace(
                like,
                as_of=as_of,
                fields=by_time[as_of],
                verified=frozenset(self.verified & by_time[as_of].keys()),
                replaces_all=as_of == self.replaced_at,
            )
            for as_of in sorted(by_time)
        ]


def _golden_value(name: str, given: object) -> object:
    # By far the most frequent of what is no text.
    if _is_list_of_text(given) and name not in _TEXT_FIELDS:
        return given
    if _is_blank(given):
        return None
    if name == "address_lines":
        lines = cast("list[object]", given) if isinstance(given, list) else [given]
        return [line for each in lines if (line := _text(each)) is not None] or None
    return _text(given) if name in _TEXT_FIELDS else given


def _is_list_of_text(given: object) -> bool:
    """Say whether it is a list of text, and each says something."""
    if not isinstance(given, list):
        return False
    parts = cast("list[object]", given)
    for one in parts:
        if type(one) is not str or not one or one.isspace():
            return False
    return bool(parts)


def _is_blank(given: object) -> bool:
    parts = cast("list[object]", given) if isinstance(given, list) else [given]
    return all(one is None or (isinstance(one, str) and not one.strip()) for one in parts)


def _text(given: object) -> str | None:
    if isinstance(given, str):
        return given
    is_number = isinstance(given, int | float | Decimal) and not isinstance(given, bool)
    return str(given) if is_number else None
