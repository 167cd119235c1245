"""Keys: by what asks and events are known to belong together. Where a field is missing there is no key at all."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from uuid import UUID

from xconnector.domain.record_path import text_of
from xconnector.domain.trigger.rules import CUSTOMER, Listening, TriggerRules


class Purpose(StrEnum):
    """What a key is for: the same fields mean something else for each."""

    ONCE = "once"
    ORDER = "order"
    COLLAPSE = "collapse"
    HEARD = "heard"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fields:
    """What a record says, and of whom."""

    data: Mapping[str, Any]
    """Mapped."""
    customer_key: str

    def texts(self, names: Sequence[str]) -> list[str] | None:
        """Return the values of fields as text; None where one is missing, empty or no single value."""
        found = [self.customer_key if name == CUSTOMER else text_of(self.data.get(name)) for name in names]
        texts = [text for text in found if text]
        return texts if len(texts) == len(names) else None


@dataclass(frozen=True, slots=True, kw_only=True)
class AskKeys:
    """The keys of one ask; None where its kind has no such rule, or a field is missing."""

    once: UUID | None = None
    order: UUID | None = None
    collapse: UUID | None = None
    parent: UUID | None = None
    counters: tuple[UUID, ...] = ()

    @property
    def all(self) -> set[UUID]:
        single = (self.once, self.order, self.collapse, self.parent)
        return {key for key in (*single, *self.counters) if key is not None}


def keys_of(kind: str, rules: TriggerRules, fields: Fields) -> AskKeys:
    """Return the keys of an ask of a kind."""
    once, order, collapse, parent = rules.once, rules.order, rules.collapse, rules.parent
    counters = (_ours(counter.listening, fields) for counter in rules.counters)
    return AskKeys(
        once=None if once is None else _key(Purpose.ONCE, [kind, *once.fields], fields.texts(once.fields)),
        # Of all kinds: what is ordered by the same fields stands in one line.
        order=None if order is None else _key(Purpose.ORDER, order.fields, fields.texts(order.fields)),
        collapse=None
        if collapse is None
        else _key(Purpose.COLLAPSE, [kind, *collapse.fields], fields.texts(collapse.fields)),
        parent=None if parent is None else _ours(parent.listening, fields),
        counters=tuple(key for key in counters if key is not None),
    )


def key_heard(listening: Listening, fields: Fields) -> UUID | None:
    """Return the key under which an event is heard; None where it is not one of those that are listened for."""
    if any(text_of(fields.data.get(name)) not in wanted for name, wanted in listening.where.items()):
        return None
    return _key(Purpose.HEARD, _named(listening), fields.texts([theirs for _, theirs in listening.fields]))


def _ours(listening: Listening, fields: Fields) -> UUID | None:
    return _key(Purpose.HEARD, _named(listening), fields.texts([ours for ours, _ in listening.fields]))


def _named(listening: Listening) -> list[str]:
    where = {name: sorted(wanted) for name, wanted in listening.where.items()}
    return [listening.event, json.dumps(where, sort_keys=True), *(theirs for _, theirs in listening.fields)]


def _key(purpose: Purpose, names: Sequence[str], values: Sequence[str] | None) -> UUID | None:
    """Return half a SHA-256 over everything that makes the key."""
    if values is None:
        return None
    told = json.dumps([purpose, names, values], ensure_ascii=False)
    return UUID(bytes=hashlib.sha256(told.encode("utf-8", "surrogatepass")).digest()[:16])
