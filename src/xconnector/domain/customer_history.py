"""What the news of one source comes to, against what the source said of the customer before."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from xconnector.domain.customer import POSTAL_FIELDS, CustomerRecord
from xconnector.domain.customer_statements import heard_of, latest_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """News that has to be kept."""

    latest: Sequence[CustomerRecord] = field(repr=False)
    """What the source says by now, oldest first."""
    said: Sequence[CustomerRecord] = field(repr=False)
    """The news itself, in the order in which it came; empty where `latest` is just that."""
    heard_again: datetime | None = None
    """When the source said all that it had said by then once more; None where it never did."""
    is_news: bool = True
    """Whether anything is new beside that it was heard again."""


def hear(
    known: Sequence[CustomerRecord], news: Sequence[CustomerRecord], heard_again: datetime | None = None
) -> Heard | None:
    """Return what news comes to, or None where it says nothing that is not known.

    Who names no time and says again all that is known of a customer says only that which differs; the rest holds since
    it was said first, and was heard again.

    Args:
        known: what the source says by now, as `latest_of` returns it.
        news: of the same source and customer, in the order in which it came.
        heard_again: when it said all of it once more.
    """
    again = heard_again
    if again is not None or any(record.is_undated for record in news):
        news, again = _differing(known, news, again)
    said = [heard for record in news for heard in latest_of([record])]
    if said:
        latest = said if not known and len(said) == 1 else latest_of([*known, *said])
        if latest != known or not all(_is_repeated(record, known) for record in said):
            return Heard(latest=latest, said=() if latest == said else said, heard_again=again)
    return None if again == heard_again else Heard(latest=known, said=(), heard_again=again, is_news=False)


def _differing(
    known: Sequence[CustomerRecord], news: Iterable[CustomerRecord], heard_again: datetime | None
) -> tuple[list[CustomerRecord], datetime | None]:
    """Return what of the news differs from what is known by then, and when all of that was heard last."""
    differing: list[CustomerRecord] = []
    for record in news:
        said = latest_of([*known, *differing])
        # A row is no word of the whole.
        current = [one for one in said if one.source_row == record.source_row]
        if _says_all_again(record, current, heard_again):
            heard_again = record.as_of
            changes = _changes(record, current)
            differing += [changes] if changes.fields else []
            continue
        if heard_again is not None and record.as_of < heard_again:
            # It comes late: what was heard again after it goes before it.
            differing += [replace(one, as_of=heard_again) for one in current if one.as_of <= heard_again]
            heard_again = None
        differing.append(replace(record, is_undated=False))
    return differing, heard_again


def _says_all_again(record: CustomerRecord, current: Sequence[CustomerRecord], heard_again: datetime | None) -> bool:
    """Say whether a record without a time of its own speaks of all that is known of the source."""
    return (
        record.is_undated
        and not record.replaces_all
        and any(one.fields for one in current)
        and all(one.as_of < record.as_of and one.fields.keys() <= heard_of(record).keys() for one in current)
        and (heard_again is None or heard_again <= record.as_of)
    )


def _changes(record: CustomerRecord, current: Sequence[CustomerRecord]) -> CustomerRecord:
    """Return what a record says otherwise than is known; the parts of an address together."""
    known = {name: (value, name in one.verified) for one in current for name, value in one.fields.items()}
    heard = heard_of(record)
    changed = {name for name, value in heard.items() if known.get(name) != (value, name in record.verified)}
    if not changed.isdisjoint(POSTAL_FIELDS):
        changed |= heard.keys() & {*POSTAL_FIELDS}
    return replace(
        record,
        fields={name: value for name, value in heard.items() if name in changed},
        verified=record.verified & changed,
        is_undated=False,
    )


def latest_at(history: Iterable[CustomerRecord], valid_at: datetime | None) -> list[CustomerRecord]:
    """Return what held at a moment of all that one source ever said of a customer, in the order in which it came.

    Without a moment it is what the source said last.
    """
    return latest_of([record for record in history if valid_at is None or record.as_of <= valid_at])


def _is_repeated(record: CustomerRecord, known: Sequence[CustomerRecord]) -> bool:
    """Say whether the very words were heard before, and still hold."""
    return any(
        one.as_of == record.as_of
        and one.source_row == record.source_row
        and one.replaces_all >= record.replaces_all
        and record.fields.items() <= one.fields.items()
        and record.verified == one.verified & record.fields.keys()
        for one in known
    )
