"""changes: what a source tells of its rows is heard in the order of its log, not in that of arrival or of its clock."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from xconnector.domain.change_event import place_in_order
from xconnector.domain.change_record import row_key_of
from xconnector.domain.customer import CustomerRecord
from xconnector.postgres.connect import Connection
from xconnector.project.contact_forms import written_alike
from xconnector.project.judging_records import MappedRecord
from xconnector.store import change_positions
from xconnector.store.change_positions import ChangePosition

_Row = tuple[str, str]
"""Source and key of the row."""


async def news_of_changes(
    connection: Connection, sources: Sequence[MappedRecord], *, home_country: str
) -> list[CustomerRecord]:
    """Return what the latest changes of rows say of customers, as far as no later ones of those rows were heard before.

    A change gives the whole row: it replaces all that its source said of that customer, and a delete leaves nothing.
    """
    latest: dict[_Row, tuple[ChangePosition, MappedRecord]] = {}
    for source in sources:
        position = _position(source)
        row = (position.source, position.row_key)
        if row not in latest or _is_later(position, latest[row][0]):
            latest[row] = (position, source)
    heard = await change_positions.advance(connection, [position for position, _ in latest.values()])
    return [_said(source, heard[row], home_country) for row, (_, source) in latest.items() if row in heard]


def _position(source: MappedRecord) -> ChangePosition:
    return ChangePosition(
        source=source.record.source,
        row_key=row_key_of(source.record.source_key),
        place=place_in_order(source.change or {}),
        as_of=source.as_of,
    )


def _is_later(one: ChangePosition, other: ChangePosition) -> bool:
    if one.place is None or other.place is None:
        return one.as_of > other.as_of
    return one.place > other.place


def _said(source: MappedRecord, as_of: datetime, home_country: str) -> CustomerRecord:
    said: Mapping[str, Any] = {} if source.is_deleted else source.mapped.customer_fields
    return CustomerRecord(
        customer_key=source.mapped.customer_key,
        source=source.record.source,
        as_of=as_of,
        fields=written_alike(said, home_country),
        verified=source.mapped.verified,
        replaces_all=True,
    )
