"""What the news of one source comes to, against what the source said of the customer before."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from xconnector.domain.customer import CustomerRecord
from xconnector.domain.customer_statements import latest_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """News that has to be kept."""

    latest: Sequence[CustomerRecord] = field(repr=False)
    """What the source says by now, oldest first."""
    said: Sequence[CustomerRecord] = field(repr=False)
    """The news itself, in the order in which it came; empty where `latest` is just that."""


def hear(known: Sequence[CustomerRecord], news: Sequence[CustomerRecord]) -> Heard | None:
    """Return what news comes to, or None where it says nothing that is not known.

    Args:
        known: what the source says by now, as `latest_of` returns it.
        news: of the same source and customer, in the order in which it came.
    """
    said = [heard for record in news for heard in latest_of([record])]
    if not said:
        return None
    latest = said if not known and len(said) == 1 else latest_of([*known, *said])
    if latest == known and all(_is_repeated(record, known) for record in said):
        return None
    return Heard(latest=latest, said=() if latest == said else said)


def latest_at(history: Iterable[CustomerRecord], valid_at: datetime | None) -> list[CustomerRecord]:
    """Return what held at a moment of all that one source ever said of a customer, in the order in which it came.

    Without a moment it is what the source said last.
    """
    return latest_of([record for record in history if valid_at is None or record.as_of <= valid_at])


def _is_repeated(record: CustomerRecord, known: Sequence[CustomerRecord]) -> bool:
    """Say whether the very words were heard before, and still hold."""
    return any(
        one.as_of == record.as_of
        and one.replaces_all >= record.replaces_all
        and record.fields.items() <= one.fields.items()
        and record.verified == one.verified & record.fields.keys()
        for one in known
    )
