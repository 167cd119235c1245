"""following customers: what waits, or was heard, under a customer's key goes along when members are merged or parted.

Keys are made of the customer to whom a member belongs when its record comes. Who joins another customer brings all that
was asked for and heard of it into the lines of that one; who is parted takes it along again. Nothing is written when
links change: whoever judges sees to it before.
"""

from collections.abc import Iterable, Mapping, Sequence
from uuid import UUID

from xconnector.domain.trigger.keys import AskKeys, Fields, key_heard, keys_of
from xconnector.pipeline.workplace import Workplace
from xconnector.postgres.connect import Connection
from xconnector.project.judging_records import map_record
from xconnector.project.mapping import MappingError
from xconnector.project.promises import BreachError
from xconnector.project.trigger import listened_for
from xconnector.store import asks, customer_asks, inbox
from xconnector.store.customer_asks import AstrayAsk, AstrayEvent

_Said = Mapping[int, Mapping[str, object]]
"""The mapped data of records, by their ids."""


async def follow_customers(place: Workplace, connection: Connection, member_keys: Iterable[str]) -> list[UUID]:
    """Let asks and events stand under the keys of the customers to whom their members belong now.

    Looks at the customers of these members, and at what was theirs before. Holds the keys that it moves between, and
    returns the communications among them that wait: they are to be judged again.
    """
    members = sorted(set(member_keys))
    if not members or not place.project.has_keys_of_customers:
        return []
    astray = await customer_asks.astray_asks(connection, members)
    events = await customer_asks.astray_events(connection, members)
    if not astray and not events:
        return []
    said = await _said(place, connection, {one.record_id for one in (*astray, *events)})
    instead = {one.communication_id: _keys_instead(place, one, said) for one in astray}
    moves = [(one, _key_instead(place, one, said)) for one in events]
    between = [pair for of_one in instead.values() for pair in of_one.items()] + [(one.key, key) for one, key in moves]
    await asks.hold(connection, (key for pair in between for key in pair))
    await customer_asks.move_asks(connection, astray, instead)
    await customer_asks.move_events(connection, moves)
    waiting = [one.communication_id for one in astray if one.is_waiting]
    return [*waiting, *(await customer_asks.waiting_for(connection, (key for _, key in moves)))]


async def _said(place: Workplace, connection: Connection, record_ids: Iterable[int]) -> _Said:
    """Return what records say; of one that fits its mapping no more, nothing: its keys stay what they are."""
    said: dict[int, Mapping[str, object]] = {}
    for number, record in (await inbox.records(connection, sorted(record_ids))).items():
        try:
            said[number] = map_record(place.project, record).mapped.data
        except (BreachError, MappingError):
            continue
    return said


def _keys_instead(place: Workplace, one: AstrayAsk, said: _Said) -> Mapping[UUID, UUID]:
    """Return by each key that an ask has for its customer before the one that it has for its customer now."""
    kind, data = place.project.communications.get(one.name), said.get(one.record_id)
    if kind is None or data is None:
        return {}
    before, after = (
        _in_order(keys_of(kind.name, kind.rules, Fields(data=data, customer_key=customer)))
        for customer in (one.keyed_for, one.customer_key)
    )
    return {old: new for old, new in zip(before, after, strict=True) if old is not None and new is not None}


def _in_order(keys: AskKeys) -> Sequence[UUID | None]:
    return (keys.once, keys.order, keys.collapse, keys.parent, *keys.counters)


def _key_instead(place: Workplace, one: AstrayEvent, said: _Said) -> UUID:
    data = said.get(one.record_id)
    if data is None:
        return one.key
    for listening in listened_for(place.project).get(one.event_type, ()):
        before, after = (
            key_heard(listening, Fields(data=data, customer_key=customer))
            for customer in (one.keyed_for, one.customer_key)
        )
        if before == one.key and after is not None:
            return after
    return one.key
