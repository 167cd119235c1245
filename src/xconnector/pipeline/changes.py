"""changes: what a source tells of its rows is heard in the order of its log, not in that of arrival or of its clock."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from xconnector.domain.change_event import place_in_order
from xconnector.domain.change_record import row_key_of
from xconnector.domain.customer import CustomerRecord
from xconnector.postgres.connect import Connection
from xconnector.project.contact_forms import written_alike
from xconnector.project.judging_records import MappedRecord
from xconnector.store import change_positions
from xconnector.store.change_positions import Advanced, ChangePosition

_Row = tuple[str, str]
"""Source and key of the row."""


async def news_of_changes(
    connection: Connection, sources: Sequence[MappedRecord], *, home_country: str
) -> list[CustomerRecord]:
    """Return what the latest changes of rows say of customers, as far as no later ones of those rows were heard before.

    A change gives the whole row: it replaces all that this row said of its customer, and a delete leaves nothing. A row
    that speaks of another customer than before takes back what it said of that one.
    """
    latest: dict[_Row, tuple[ChangePosition, MappedRecord]] = {}
    for source in sources:
        position = _position(source)
        row = (position.source, position.row_key)
        if row not in latest or _is_later(position, latest[row][0]):
            latest[row] = (position, source)
    heard = await change_positions.advance(connection, [position for position, _ in latest.values()])
    return [
        record
        for row, (_, source) in latest.items()
        if row in heard
        for record in _news(source, row, heard[row], home_country)
    ]


def _position(source: MappedRecord) -> ChangePosition:
    return ChangePosition(
        source=source.record.source,
        row_key=row_key_of(source.record.source_key),
        place=place_in_order(source.change or {}),
        as_of=source.as_of,
        customer_key=source.mapped.customer_key,
    )


def _is_later(one: ChangePosition, other: ChangePosition) -> bool:
    if one.place is None or other.place is None:
        return one.as_of > other.as_of
    return one.place > other.place


def _news(source: MappedRecord, row: _Row, heard: Advanced, home_country: str) -> Iterator[CustomerRecord]:
    mapped = source.mapped
    if heard.left is not None:
        yield _whole_row(row, heard, heard.left, {}, frozenset())
    said: Mapping[str, Any] = {} if source.is_deleted else mapped.customer_fields
    yield _whole_row(row, heard, mapped.customer_key, written_alike(said, home_country), mapped.verified)


def _whole_row(
    row: _Row, heard: Advanced, customer_key: str, fields: Mapping[str, Any], verified: frozenset[str]
) -> CustomerRecord:
    source, row_key = row
    return CustomerRecord(
        customer_key=customer_key,
        source=source,
        source_row=row_key,
        as_of=heard.as_of,
        fields=fields,
        verified=verified,
        replaces_all=True,
    )
